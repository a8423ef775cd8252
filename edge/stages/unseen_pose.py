"""Rotations of what was not seen: they leave the last seen pose for a resting one, instead of what a head invents."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edge.stages.config import UnseenPoseConfig
from edge.stages.small_rotations import small_rotmat, small_rotvec
from edge.types import F32, I32, PosedRigs
from engines.body.rig_points import Chain

F64 = NDArray[np.float64]

SEEN = 0.999  # visibility from which a rotation is taken over
_HANGING_RAD = np.deg2rad(75)  # from the T-pose of the resting body to hanging arms
_REST = {"left_shoulder": (0.0, 0.0, -_HANGING_RAD), "right_shoulder": (0.0, 0.0, _HANGING_RAD)}
_THIGHS = ("left_hip", "right_hip")
_HANDS = ("left_wrist", "right_wrist", "left_hand", "right_hand")
_FEET = (("left_ankle", "left_foot"), ("right_ankle", "right_foot"))
_Y = np.array([0.0, 1.0, 0.0])


class UnseenPose:
    """(t_s, PosedRigs, visibility) -> PosedRigs: rotations that move nothing seen are those of a person at rest.

    A rotation was seen as far as one of the joints that it moves was: the hip's by the knee. One that is no longer seen
    keeps its last value and approaches the resting pose: legs straight along gravity, or along the trunk where it is
    not known, arms hanging, the head in line with the trunk, hands in line with the forearms. The resting body is in a
    T-pose, y up, facing +z.
    """

    def __init__(
        self,
        joint_names: tuple[str, ...],
        parents: I32,
        config: UnseenPoseConfig | None = None,
        *,
        sees_hands: bool = False,
    ) -> None:
        """sees_hands: the mesh head sees the image, so that the hands' rotations are more than a guess."""
        self._config = config or UnseenPoseConfig()
        self._chain = Chain(parents)
        names = joint_names[: len(parents)]
        index = {name: joint for joint, name in enumerate(names)}
        self._rest = small_rotmat(np.array([_REST.get(name, (0.0, 0.0, 0.0)) for name in names]))
        self._thighs = [index[name] for name in _THIGHS if name in index]
        self._hands = [index[name] for name in _HANDS if name in index and not sees_hands]
        self._feet = [(index[ankle], index[foot]) for ankle, foot in _FEET if ankle in index and foot in index]
        moved = [children.tolist() or [joint] for joint, children in enumerate(self._chain.children)]
        most = max(map(len, moved))
        # The joints (P, most) that a rotation moves; the first one again where there are fewer.
        self._moved = np.array([each + each[:1] * (most - len(each)) for each in moved])
        self._people: dict[int, _Person] = {}

    def __call__(
        self, t_s: float, posed: PosedRigs, visibility: F32, *, up: F32 | None = None, contacts: F32 | None = None
    ) -> PosedRigs:
        """Frames come in order.

        Args:
            t_s: the stream's time, s.
            posed: N people as poses of a rig of P joints.
            visibility: (N, J) in 0..1; the first P joints are those of the rig.
            up: (3,) unit vector against gravity in the camera's frame, where it is known.
            contacts: (N, 2) in 0..1, whether the left and the right foot stand, where it is known.
        """
        config = self._config
        self._people = {i: p for i, p in self._people.items() if 0 <= t_s - p.t_s <= config.forget_s}
        rotations: F64 = posed.rotations.astype(np.float64)
        if config.straight_hands:
            rotations[:, self._hands] = np.eye(3)
        seen = visibility[:, self._moved].max(-1).astype(np.float64)
        if config.rest:
            for row, identity in enumerate(posed.ids.tolist()):
                rest = self._rest_of(rotations[row, 0], up)
                person = self._people.setdefault(identity, _Person(t_s, rest))
                rotations[row] = person.step(t_s, rotations[row], rest, seen[row], config)
        if config.flat_feet and up is not None and contacts is not None:
            self._flatten_feet(rotations, up, contacts)
        return replace(posed, rotations=rotations.astype(np.float32))

    def reset(self) -> None:
        """Forget all people."""
        self._people.clear()

    def _rest_of(self, root: F64, up: F32 | None) -> F64:
        """Resting rotations (P, 3, 3) of a person whose root is turned by `root` (3, 3)."""
        if up is None:
            return self._rest
        rest: F64 = self._rest.copy()
        # In the body's own frame the legs point away from `up` instead of along the trunk.
        rest[self._thighs] = _between(_Y, root.T @ up)
        return rest

    def _flatten_feet(self, rotations: F64, up: F32, contacts: F32) -> None:
        """Turn standing feet so that the soles of the resting body, which are level, are level again."""
        orientations = self._chain.orientations(rotations.astype(np.float32)).astype(np.float64)
        for side, (ankle, foot) in enumerate(self._feet):
            for row in np.flatnonzero(contacts[:, side] >= self._config.min_contact):
                leg, sole = orientations[row, self._chain.parents[ankle]], orientations[row, ankle]
                level = _between(sole @ _Y, up.astype(np.float64)) @ sole
                rotations[row, ankle], rotations[row, foot] = leg.T @ level, np.eye(3)


class _Person:
    """The rotations (P, 3, 3) that a person has where nothing is seen."""

    def __init__(self, t_s: float, rest: F64) -> None:
        self.t_s = t_s
        self.held: F64 = rest.copy()

    def step(self, t_s: float, measured: F64, rest: F64, seen: F64, config: UnseenPoseConfig) -> F64:
        """Rotations (P, 3, 3): measured where they are seen (P,), held elsewhere."""
        share = 1 - np.exp(-(t_s - self.t_s) / config.ease_s)
        self.t_s = t_s
        hidden = np.flatnonzero(seen < SEEN)
        mixed: F64 = measured.copy()
        if not hidden.size:
            self.held = measured.copy()
            return mixed
        held = _towards(self.held[hidden], rest[hidden], np.full(len(hidden), share))
        self.held = measured.copy()
        mixed[hidden], self.held[hidden] = _towards(held, measured[hidden], seen[hidden]), held
        return mixed


def _towards(start: F64, end: F64, share: F64) -> F64:
    """Rotations (P, 3, 3) on the shortest way from start to end."""
    turned: F64 = start @ small_rotmat(share[:, None] * small_rotvec(start.swapaxes(-1, -2) @ end))
    return turned


def _between(start: F64, end: F64) -> F64:
    """The smallest rotation (3, 3) that turns a unit vector into another; none where they are opposite."""
    axis = np.cross(start, end)
    sine, cosine = np.linalg.norm(axis), float(start @ end)
    if sine < 1e-9:
        return np.eye(3)
    turn: F64 = small_rotmat(axis / sine * np.arctan2(sine, cosine))
    return turn
