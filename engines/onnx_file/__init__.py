"""Reading ONNX files without the package onnx: protocol buffers, signatures and external data."""
