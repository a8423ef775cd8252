"""ONNX operators in torch, one function each: see https://onnx.ai/onnx/operators.

A function gets the node's attributes and its inputs, None for those left out. Inputs whose values decide about shapes
(`fixed` in the table: the shape of a Reshape, the scales of a Resize) come as Python numbers or lists, so that what
runs is tensors only and can be captured as a CUDA graph.
"""

from engines.onnx_tools.ops import (
    arithmetic,  # these fill the table
    layers,  # these fill the table
    resize,  # these fill the table
    shapes,  # these fill the table
)
from engines.onnx_tools.ops.table import DTYPES, OPS, Attributes, Op

__all__ = ["DTYPES", "OPS", "Attributes", "Op", "arithmetic", "layers", "resize", "shapes"]
