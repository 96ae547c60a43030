"""A finished model as a folder, and as ONNX."""
