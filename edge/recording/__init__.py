"""Recorded streams: writing, replaying and exporting MCAP files."""
