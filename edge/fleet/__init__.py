"""Many cameras on the machines of a site."""
