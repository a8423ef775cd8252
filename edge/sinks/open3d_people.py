"""What a window of Open3D shows of one frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.types import F32, I32, U8

F64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ScenePeople:
    """What a scene shows of one frame, in the camera's axes.

    Attributes:
        image: (H, W, 3) uint8 RGB, without distortion; None: the one before stays.
        K: (3, 3) intrinsic matrix of the image.
        size: width and height of the image, px.
        floor: rotation (3, 3) and translation (3,) from the world to the camera; None: no floor.
        ids: (N,) int32.
        vertices: (N, V, 3) float32, m.
        bones: (N, B, 2, 3) float32, m.
        caption: a line of text.
    """

    image: U8 | None
    K: F64
    size: tuple[int, int]
    floor: tuple[F64, F64] | None
    ids: I32
    vertices: F32
    bones: F32
    caption: str
