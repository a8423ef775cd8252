"""Export, conversion and quantization of ONNX models."""
