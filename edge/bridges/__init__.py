"""Bridges: what a publisher sends, said in the protocols of other programs, over UDP (docs/bridges.md)."""
