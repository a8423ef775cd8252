"""paint in NumPy: the reference of the native operator, and its replacement where that was not built."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edge_kernels import _check


def paint(
    fill: Sequence[float],
    mask: NDArray[np.uint8],
    rows: NDArray[np.int32],
    out: NDArray[np.float32],
    stream: int = 0,
) -> None:
    """Paints over the masked pixels of some images of a batch; see paint.hpp for the contract."""
    _check.array(mask, "mask", np.uint8, (None, None, None))
    _check.array(rows, "rows", np.int32, (len(mask),))
    _check.output(out, "out", np.float32, (None, 3, *mask.shape[1:]))
    color = np.asarray(fill, np.float32)[:, None, None]
    for row, painted in zip(rows.tolist(), mask, strict=True):
        if 0 <= row < len(out):
            np.copyto(out[row], color, where=painted != 0)
