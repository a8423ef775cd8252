"""The CUDA driver: devices, streams and memory."""
