"""Feet that stand still: a planted foot keeps its place until it is lifted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from calibration.world import Floor
from edge.stages.config import FootLockConfig
from edge.stages.two_bone import Legs, reach
from edge.types import F32, BodyModel, PosedRigs
from engines.body.rig_points import Chain

SEEN = 0.5  # visibility of an ankle
RELEASED = 1e-6  # share of an offset that counts as none

F64 = NDArray[np.float64]

SIDES = ("left", "right")
LEG = ("hip", "knee", "ankle", "foot")


class _Foot:
    """What is known of one foot.

    ankle and speed: its position in the frame before, m, and its filtered velocity, m/s, without the lock; offset: what
    the lock adds to the position, m; unreleased: share of a released offset that is left.
    """

    def __init__(self, ankle: F64) -> None:
        self.ankle = ankle
        self.speed = np.zeros(3)
        self.offset = np.zeros(3)
        self.planted = False
        self.still_s = 0.0
        self.unreleased = 0.0

    def observe(self, ankle: F64, contact: float | None, raised: bool, dt_s: float, config: FootLockConfig) -> None:
        """One frame: the foot's position without the lock, and the probability that it stands, None if unknown."""
        moved = ankle - self.ankle
        self.speed += (1 - np.exp(-dt_s / config.speed_s)) * (moved / dt_s - self.speed)
        self.ankle = ankle
        if self.planted:
            # The foot stays where it is in the camera's frame, and slowly follows what is observed.
            self.offset = (self.offset - moved) * np.exp(-dt_s / config.follow_s)
            self.planted = self._holds(contact, raised, config)
            self.unreleased, self.still_s = 1.0, 0.0
            return
        if self.unreleased:
            left = max(0.0, self.unreleased - max(dt_s / config.release_s, 1 / config.release_frames))
            self.offset *= left / self.unreleased
            self.unreleased = left if left > RELEASED else 0.0
        self.still_s = self.still_s + dt_s if self._starts(contact, raised, config) else 0.0
        self.planted = self.still_s >= config.confirm_s

    def _starts(self, contact: float | None, raised: bool, config: FootLockConfig) -> bool:
        slow = self._across(self.speed, config) < config.start_m_s
        return slow and not raised if contact is None else contact > config.start_contact

    def _holds(self, contact: float | None, raised: bool, config: FootLockConfig) -> bool:
        if self._across(self.offset, config) > config.max_offset_m:
            return False
        slow = self._across(self.speed, config) < config.stop_m_s
        return slow and not raised if contact is None else contact > config.stop_contact

    def _across(self, vector: F64, config: FootLockConfig) -> float:
        """Length of a vector at the foot, whose part along the viewing ray is the least certain and counts less."""
        ray = self.ankle / max(float(np.linalg.norm(self.ankle)), 1e-9)
        return float(np.linalg.norm(vector - (1 - config.depth_weight) * (vector @ ray) * ray))


class _Person:
    """The feet of one person and the time of the last frame."""

    def __init__(self, t_s: float, ankles: F64) -> None:
        self.t_s = t_s
        self.feet = tuple(_Foot(ankle) for ankle in ankles)


class FootLock:
    """PosedRigs -> PosedRigs whose planted feet do not move, by bending the legs.

    Contacts are the mesh head's where it has them, otherwise a foot that moves slowly is planted. Both have a
    hysteresis. A released foot moves to its observed place within a few frames. Legs are not stretched: a foot out of
    reach stays behind its place. Bodies without two legs pass.
    """

    def __init__(self, model: BodyModel, config: FootLockConfig | None = None) -> None:
        self._config = config or FootLockConfig()
        self._rig, self._chain = model.rig, Chain(model.parents)
        names = {name: joint for joint, name in enumerate(model.joint_names[: len(model.parents)])}
        wanted = [[f"{side}_{part}" for part in LEG] for side in SIDES]
        self.usable = model.rig is not None and all(name in names for leg in wanted for name in leg)
        if not self.usable or model.rig is None:
            return
        self._legs = np.array([[names[name] for name in leg] for leg in wanted])  # (2, 4)
        # The rest pose stands, y up: heights of the joints of the feet above the sole.
        self._sole_m = model.rig.rest_joints[self._legs[:, 2:], 1] - float(model.rest_vertices[:, 1].min())
        self._people: dict[int, _Person] = {}

    def __call__(
        self,
        t_s: float,
        posed: PosedRigs,
        contacts: F32 | None = None,
        floor: Floor | None = None,
        visibility: F32 | None = None,
    ) -> PosedRigs:
        """The rigs of one frame with their planted feet in place.

        Args:
            t_s: the stream's time, s.
            posed: N people.
            contacts: (N, 2), the probability that the left and right foot stand, NaN or None where not known.
            floor: feet stay above it.
            visibility: (N, J) in 0..1, of the model's joints: legs whose ankle is not seen stay as they are.
        """
        if not self.usable or self._rig is None or not len(posed.ids):
            return posed
        people = self._present(t_s)
        rest = self._rig.rest_joints + np.tensordot(posed.shape, self._rig.joint_shape_dirs, (1, 2))
        orientations = self._chain.orientations(posed.rotations)
        joints = self._chain.positions(orientations, self._chain.bones(rest)) + posed.translation[:, None]
        legs = joints[:, self._legs].astype(np.float64)  # (N, 2, 4, 3)
        up = np.array([0.0, -1.0, 0.0]) if floor is None else floor.up
        offsets = np.zeros((len(legs), 2, 3))
        seen = np.ones((len(legs), 2), bool)
        if visibility is not None:
            seen = visibility[:, self._legs[:, 2]] > SEEN
            known_contacts = np.full(seen.shape, np.nan, np.float32) if contacts is None else contacts
            contacts = np.where(seen, known_contacts, np.float32(0))
        for row, identity in enumerate(posed.ids.tolist()):
            known = None if contacts is None else contacts[row]
            offsets[row] = self._offsets(people, identity, t_s, legs[row], known, up)
        targets = legs[:, :, 2] + offsets
        if floor is not None:
            targets += self._above(floor, legs, targets)[..., None] * up
        moved = np.linalg.norm(targets - legs[:, :, 2], axis=-1) > self._config.least_m
        moved &= seen
        return self._bent(posed, orientations, legs, targets, moved) if moved.any() else posed

    def reset(self) -> None:
        """Forget all people."""
        if self.usable:
            self._people.clear()

    def _present(self, t_s: float) -> dict[int, _Person]:
        self._people = {i: p for i, p in self._people.items() if t_s - p.t_s <= self._config.forget_s}
        return self._people

    def _offsets(
        self, people: dict[int, _Person], identity: int, t_s: float, legs: F64, contacts: F32 | None, up: F64
    ) -> F64:
        """What the locks of a person add to the ankles (2, 3)."""
        person = people.get(identity)
        if person is None:
            people[identity] = _Person(t_s, legs[:, 2])
            return np.zeros((2, 3))
        dt_s, person.t_s = max(t_s - person.t_s, self._config.min_interval_s), t_s
        heights = legs[:, 2] @ up
        for side, foot in enumerate(person.feet):
            contact = None if contacts is None or not np.isfinite(contacts[side]) else float(contacts[side])
            raised = bool(heights[side] > heights.min() + self._config.raised_m)
            foot.observe(legs[side, 2], contact, raised, dt_s, self._config)
        return np.stack([foot.offset for foot in person.feet])

    def _above(self, floor: Floor, legs: F64, targets: F64) -> F64:
        """Heights (N, 2) in meters by which the ankles' targets rise so that ankles and toes stay above the floor."""
        feet = legs[:, :, 2:] + (targets - legs[:, :, 2])[:, :, None]
        below = (self._sole_m - floor.heights(feet)).max(-1)
        lift: F64 = np.clip(below, 0, self._config.max_lift_m)
        return lift

    def _bent(
        self, posed: PosedRigs, orientations: F32, legs: F64, targets: F64, moved: NDArray[np.bool_]
    ) -> PosedRigs:
        """The rigs with the ankles of the moved legs (N, 2) at their targets; the feet keep their orientation."""
        rows, sides = np.nonzero(moved)
        hip, knee, ankle, _ = self._legs[sides].T
        turned = orientations.astype(np.float64)
        # A knee bends about the body's own lateral axis; backwards is the way of a resting body that faces +z.
        points = legs[rows, sides]
        chosen = Legs(points[:, 0], points[:, 1], points[:, 2], turned[rows, knee, :, 0])
        thigh, shank, _ = reach(chosen, targets[rows, sides])
        foot = turned[rows, ankle]
        turned[rows, hip] = thigh @ turned[rows, hip]
        turned[rows, knee] = shank @ turned[rows, knee]
        rotations = posed.rotations.copy()
        pelvis = self._chain.parents[hip]
        for parent, joint, orientation in (
            (pelvis, hip, turned[rows, hip]),
            (hip, knee, turned[rows, knee]),
            (knee, ankle, foot),
        ):
            rotations[rows, joint] = turned[rows, parent].swapaxes(-1, -2) @ orientation
        return replace(posed, rotations=rotations)
