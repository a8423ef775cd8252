"""Bridges: forward a published stream to other programs over UDP and to browsers over WebSocket (docs/how-to/bridges.md)."""
