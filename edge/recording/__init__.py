"""Recorded streams: write, replay and export MCAP files."""
