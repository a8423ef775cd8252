"""Bridges: forward a published stream to other programs over UDP and to browsers (docs/how-to/bridges.md)."""
