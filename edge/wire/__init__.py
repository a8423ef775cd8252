"""Bodies over ZeroMQ: one frame a message, a fixed little-endian layout (docs/wire.md)."""
