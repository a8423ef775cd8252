"""A rendered walking person as a source."""
