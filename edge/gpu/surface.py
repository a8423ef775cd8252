"""The last stage of a frame on the device: the surface as far as the outputs use it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from edge.gpu.skin import GpuSkinner
from edge.stages.rig_pose import Skin
from edge.types import F32, BodyModel, PosedRigs, SurfaceLevels, SurfaceUse
from engines.body.body import Body


class GpuSkin(Skin):
    """A Skin that skins on the device: to the levels of messages where these are all that is used."""

    def __init__(self, body: Body, model: BodyModel, skinner: GpuSkinner, use: Callable[[], SurfaceUse]) -> None:
        super().__init__(body, model, use, skinner)
        self._skinner = skinner

    def _for_messages(self, posed: PosedRigs) -> tuple[F32, SurfaceLevels | None, F32]:
        levels, joints = self._skinner.levels(posed.rotations, posed.shape, self.shift(posed))
        none = np.empty((len(joints), 0, 3), np.float32)
        return none, levels, self._with_points(joints, levels.at(self.used))
