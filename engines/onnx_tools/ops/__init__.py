"""ONNX operators in torch, one function each: see https://onnx.ai/onnx/operators.

A function gets the node's attributes and its inputs, None for omitted ones. Inputs whose values determine shapes
(`fixed` in the table: the shape of a Reshape, the scales of a Resize) are Python numbers or lists, so that only tensors
are computed and the call can be captured in a CUDA graph.
"""

from engines.onnx_tools.ops import (
    arithmetic,  # fills the table
    layers,  # fills the table
    resize,  # fills the table
    shapes,  # fills the table
)
from engines.onnx_tools.ops.table import DTYPES, OPS, Attributes, Op

__all__ = ["DTYPES", "OPS", "Attributes", "Op", "arithmetic", "layers", "resize", "shapes"]
