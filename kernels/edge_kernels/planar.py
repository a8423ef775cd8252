"""Planar images (luma, U and V) as BGR, in the 16-bit arithmetic of FFmpeg's vector code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def planar_colors(
    luma: NDArray[Any], u: NDArray[Any], v: NDArray[Any], coefficients: Sequence[int]
) -> NDArray[np.uint8]:
    """The colors (..., 3) uint8 BGR of pixels whose luma and chroma (...) are given.

    coefficients: 8 times the luma of black, and in units of 2^-13 the factors of the luma, of U for blue and green, and
    of V for green and red.
    """
    black, gray, blue_u, green_u, green_v, red_v = coefficients
    du, dv = (8 * (plane.astype(np.int32) - 128) for plane in (u, v))
    base = ((8 * luma.astype(np.int32) - black) * gray) >> 16
    green = ((du * green_u) >> 16) + ((dv * green_v) >> 16)
    colors = np.stack([base + ((du * blue_u) >> 16), base + green, base + ((dv * red_v) >> 16)], axis=-1)
    clipped: NDArray[np.uint8] = np.clip(colors, 0, 255).astype(np.uint8)
    return clipped
