"""The last stage of a frame on the device: the surface as far as the outputs use it."""

from __future__ import annotations

import numpy as np

from edge.gpu.skin import GpuSkinner
from edge.stages.rig_pose import Pose, Skin
from edge.types import F32, PosedRigs, SurfaceLevels


class GpuSkin(Skin):
    """A Skin whose skinners are on the device: to the levels of messages where these are all that is used."""

    def _pose(self, skin: Pose, posed: PosedRigs, *, for_messages: bool) -> tuple[F32, SurfaceLevels | None, F32]:
        if not for_messages:
            return super()._pose(skin, posed, for_messages=False)
        assert isinstance(skin, GpuSkinner)
        levels, joints = skin.levels(posed.rotations, posed.shape, self.shift(posed))
        return np.empty((len(joints), 0, 3), np.float32), levels, joints
