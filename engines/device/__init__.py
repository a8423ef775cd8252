"""Devices with streams and events: one interface, CUDA through cuda-core, and an emulation in the tests."""
