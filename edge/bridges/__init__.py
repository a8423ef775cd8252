"""Bridges: what a publisher sends, said in the protocols of other programs, over UDP, or as it is, to
browsers (docs/how-to/bridges.md)."""
