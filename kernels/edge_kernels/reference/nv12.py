"""nv12_to_bgr in NumPy: the reference of the native operator, and its replacement where that was not built."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge_kernels import _check
from edge_kernels.reference.crop import BT601, BT709, check_image, to_bgr

U8 = NDArray[np.uint8]


def nv12_to_bgr(bt709: bool, image: U8, chroma: U8, out: U8, stream: int = 0) -> None:
    """Convert an image in NV12 to BGR; see nv12.hpp for the contract."""
    check_image(image, chroma)
    _check.output(out, "out", np.uint8, (*image.shape, 3))
    out[:] = to_bgr(image, chroma, BT709 if bt709 else BT601)
