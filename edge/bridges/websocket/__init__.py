"""The WebSocket bridge and its bundled page."""
