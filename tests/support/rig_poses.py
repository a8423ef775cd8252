"""Rig poses for publishers in tests."""

from __future__ import annotations

from edge.stages.inverse_kinematics import RigFitter
from edge.types import Bodies, BodyModel, Frame, RigPose


class RigPoses:
    """Fits a model's rig to the bodies of each stream; None for a model without a rig."""

    def __init__(self, model: BodyModel) -> None:
        self._model = model
        self._fitters: dict[str, RigFitter] = {}

    def __call__(self, frame: Frame, bodies: Bodies) -> RigPose | None:
        if self._model.rig is None:
            return None
        if frame.stream not in self._fitters:
            self._fitters[frame.stream] = RigFitter(self._model)
        return self._fitters[frame.stream](frame.t_s, bodies)
