"""A body posed often: `Body.skin` with the constants packed once, on the native operator where there is one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge_kernels import Skinning
from engines.body.body import Body

F32 = NDArray[np.float32]


class Skinner:
    """Poses `body` with its first `shapes` shape directions and some of its vertices, all of them unless given. To be
    made once and kept.

    Raises ValueError when the body has fewer.
    """

    __slots__ = ("_skin", "body")

    def __init__(self, body: Body, shapes: int | None = None, chosen: NDArray[np.int32] | None = None) -> None:
        has = body.shape_dirs.shape[2]
        if shapes is not None and shapes > has:
            raise ValueError(f"the body {body.name} has {has} shape directions, not {shapes}")
        self.body = body
        dirs = body.shape_dirs[:, :, :shapes]
        self._skin = Skinning(
            body.v_template, dirs, body.pose_dirs, body.weights, body.joint_regressor, body.parents, chosen=chosen
        )

    def __call__(self, rotations: F32, shape: F32, translation: F32 | None = None) -> tuple[F32, F32]:
        """Posed vertices (N, V, 3) and joints (N, J, 3) m; what `Body.skin` returns, plus the translation (N, 3) m.

        Local rotations (N, J, 3, 3) and shapes (N, shapes), float32. Raises TypeError for another dtype and ValueError
        for another shape. Calls may come from several threads.
        """
        return self._skin(rotations, shape, translation)
