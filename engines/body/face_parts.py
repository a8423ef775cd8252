"""The parts of a body's surface: the joint that each face moves with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engines.body.body import Body


def face_parts(body: Body) -> NDArray[np.uint8]:
    """The joint (F,) with the largest skinning weight at the corners of each face."""
    parts: NDArray[np.uint8] = body.weights[body.faces].sum(1).argmax(1).astype(np.uint8)
    return parts


def vertex_parts(body: Body) -> NDArray[np.uint8]:
    """The joint (V,) with the largest skinning weight of each vertex."""
    parts: NDArray[np.uint8] = body.weights.argmax(1).astype(np.uint8)
    return parts
