"""The publisher: bodies over ZeroMQ, one ZeroMQ frame per message, in a fixed little-endian layout (docs/wire.md)."""
