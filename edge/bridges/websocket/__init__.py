"""The WebSocket bridge and the page that it serves."""
