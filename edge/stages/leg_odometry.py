"""Leg odometry: how the root moves while a foot stands, from the pose of the leg alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.stages.config import LegOdometryConfig
from edge.types import F32, BodyModel, PosedRigs
from engines.body.rig_points import Chain

F64 = NDArray[np.float64]
ANKLES = ("left_ankle", "right_ankle")


class LegOdometry:
    """(PosedRigs, contacts) -> velocities of the roots of people with a planted foot.

    A planted foot does not move, so that the root moves by the opposite of what the ankle moves relative to it. The
    lengths of the legs are known and their directions are seen, whereas the depth of the whole person is not.
    """

    def __init__(self, model: BodyModel, config: LegOdometryConfig | None = None) -> None:
        self._config = config or LegOdometryConfig()
        self._chain, self._rig = Chain(model.parents), model.rig
        names = {name: joint for joint, name in enumerate(model.joint_names[: len(model.parents)])}
        self.usable = self._config.enabled and model.rig is not None and all(name in names for name in ANKLES)
        self._ankles = [names[name] for name in ANKLES if name in names]
        self._people: dict[int, tuple[float, F64]] = {}  # time s, ankles (2, 3) relative to the root

    def __call__(self, t_s: float, posed: PosedRigs, contacts: F32 | None, visibility: F32 | None = None) -> F64:
        """Velocities (N, 3) m/s of the roots; NaN for people without a planted foot.

        Args:
            t_s: the stream's time, s.
            posed: N people. Others are forgotten.
            contacts: (N, 2), the probability that the left and right foot stand; NaN or None where not known.
            visibility: (N, J) in 0..1, of the model's joints: feet whose ankle is not seen do not count.
        """
        velocity = np.full((len(posed.ids), 3), np.nan)
        if not self.usable or self._rig is None or contacts is None:
            self._people.clear()
            return velocity
        rest = self._rig.rest_joints + np.tensordot(posed.shape, self._rig.joint_shape_dirs, (1, 2))
        orientations = self._chain.orientations(posed.rotations)
        ankles = self._chain.positions(orientations, self._chain.bones(rest))[:, self._ankles].astype(np.float64)
        low, high = self._config.contact_range
        planted = np.nan_to_num((contacts - low) / (high - low)).clip(0, 1)
        if visibility is not None:
            planted = planted * (visibility[:, self._ankles] > self._config.min_visibility)
        for row, identity in enumerate(posed.ids.tolist()):
            before = self._people.get(identity)
            total = planted[row].sum()
            if before is not None and total > 0 and t_s > before[0]:
                velocity[row] = planted[row] @ (before[1] - ankles[row]) / (total * (t_s - before[0]))
        self._people = {identity: (t_s, ankles[row]) for row, identity in enumerate(posed.ids.tolist())}
        return velocity

    def reset(self) -> None:
        """Forget all people."""
        self._people.clear()
