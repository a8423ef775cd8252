"""The last stage of a frame on the device: the surface as far as the outputs use it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from edge.gpu.skin import GpuSkinner
from edge.stages.rig_pose import Skin
from edge.types import F32, Bodies, BodyModel, PosedRigs, SurfaceUse
from engines.body.body import Body


class GpuSkin(Skin):
    """A Skin whose surface is what `use` says when it is called: vertices, levels of messages, or nothing."""

    def __init__(self, body: Body, model: BodyModel, skinner: GpuSkinner, use: Callable[[], SurfaceUse]) -> None:
        super().__init__(body, model, skinner)
        self._skinner, self._use = skinner, use

    def __call__(self, posed: PosedRigs, bodies: Bodies) -> Bodies:
        use = self._use()
        if use is SurfaceUse.FLOATS:
            return super().__call__(posed, bodies)
        none, levels = np.empty((len(bodies), 0, 3), np.float32), None
        joints: F32 = none
        if use is SurfaceUse.LEVELS:
            levels, joints = self._skinner.levels(posed.rotations, posed.shape, self.shift(posed))
            if len(self.regressor):
                joints = np.concatenate([joints, self.regressor @ levels.at(self.used)], 1)
        return replace(
            bodies,
            joints=joints,
            vertices=none,
            levels=levels,
            translation=posed.translation,
            rotations=posed.rotations,
            shape=posed.shape,
        )
