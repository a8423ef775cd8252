"""Fit: rotations and shape of a rig that reproduce the vertices of bodies, steady from frame to frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.types import F32, I32, U8, Bodies, BodyModel, RigPose
from edge_kernels import fit_rotations, shape_evidence
from engines.errors import ModelError
from meshcast.protocol.body import Rig

FORGET_S = 1.0  # a person not seen for this long starts afresh
VERTICES = 1700  # of a body without a coarser mesh: they say as much as all of them
MAX_JOINTS = 64

# What a rotation's deviation from the frame before costs, times the time between them, so that rotations lag behind by
# the same time at any frame rate: by up to 10 ms where vertices say much (an elbow), longer where they say little (the
# twist of a hand).
STIFFNESS_M2_S = 1.5e-6
SHORTEST_S = 1 / 120
START_M2 = 1e-6  # the same for a new person, from the head's rotations or the resting pose, m^2 / rad^2

SHAPES = 10  # the first directions, which hold nearly all; more of them would follow the noise
RIDGE_M2 = 1e-7  # what a unit of shape costs
LARGEST_SHAPE = 5.0  # standard deviations
LEARN_FRAMES = 60  # then a person's shape is known and stays
FIRST_ROUNDS = 2  # of pose and shape in turns, for a new person


class RigFitter:
    """(t_s, Bodies) -> Posed. Remembers each id's rotations and what its frames said about its shape.

    The root joint is where the bodies' translation says. The shape is the head's where it has as many entries as the
    rig; otherwise it is fitted to all of a person's first frames together, and constant afterwards. Vertices that are
    not finite give the rotations of the frame before and not-a-number as error. Raises ModelError for a body without a
    rig or with more than 64 joints.
    """

    def __init__(self, model: BodyModel, stiffness: float = STIFFNESS_M2_S) -> None:
        """stiffness: what a rotation's deviation from the frame before costs, m^2 s / rad^2."""
        if model.rig is None:
            raise ModelError(f"the body {model.name} has no rig: choose one with skinning weights to fit rotations")
        if len(model.parents) > MAX_JOINTS:
            raise ModelError(f"the body {model.name} has {len(model.parents)} joints; rotations of {MAX_JOINTS} fit")
        self._chosen = model.lod.vertices if model.lod is not None else _spread(len(model.rest_vertices))
        self._skeleton = _Skeleton(model.rig, model.parents, model.rest_vertices, self._chosen)
        self._stiffness = stiffness
        self._people: dict[int, _Person] = {}

    def __call__(self, t_s: float, bodies: Bodies) -> RigPose:
        """Rotations (N, P, 3, 3), shape (N, B) and the fit's error (N,) in mm. t_s: the stream's time in seconds."""
        skeleton = self._skeleton
        self._people = {i: p for i, p in self._people.items() if t_s - p.t_s <= FORGET_S}
        known = [identity in self._people for identity in bodies.ids.tolist()]
        people = [self._people.setdefault(identity, _Person(skeleton)) for identity in bodies.ids.tolist()]
        vertices = np.take(bodies.vertices, self._chosen, axis=1) - bodies.translation[:, None]
        prior, stiffness = self._expected(t_s, bodies, people, known)

        given = bodies.shape is not None and bodies.shape.shape[1] == skeleton.shapes
        if bodies.shape is not None and given:
            shape = bodies.shape
        else:
            shape = np.array([p.shape for p in people], np.float32).reshape(-1, skeleton.shapes)
            new = np.flatnonzero(~np.array(known, bool))
            for _ in range(FIRST_ROUNDS if len(new) else 0):
                rotations, _ = skeleton.fit(shape[new], vertices[new], prior[new], stiffness[new])
                evidence = skeleton.evidence(shape[new], vertices[new], rotations)
                for row, said in zip(new.tolist(), evidence, strict=True):
                    shape[row] = people[row].shape_after(said)
        rotations, error = skeleton.fit(shape, vertices, prior, stiffness)
        if not given:
            self._learn(people, shape, vertices, rotations)
        for row, person in enumerate(people):
            person.t_s = t_s
            person.rotations = rotations[row]
        return RigPose(rotations, shape, error * 1e3)

    def reset(self) -> None:
        """Forget everybody."""
        self._people.clear()

    def _expected(self, t_s: float, bodies: Bodies, people: list[_Person], known: list[bool]) -> tuple[F32, F32]:
        """Where rotations are expected, from memory, the head or the resting pose, and how strongly."""
        prior = np.array([p.rotations for p in people], np.float32).reshape(-1, self._skeleton.joints, 3, 3)
        stiffness = np.full(len(people), START_M2, np.float32)
        from_head = bodies.rotations if bodies.rotations is not None else prior
        for row, person in enumerate(people):
            if known[row]:
                stiffness[row] = self._stiffness / max(t_s - person.t_s, SHORTEST_S)
            elif from_head.shape == prior.shape:
                prior[row] = from_head[row]
        return prior, stiffness

    def _learn(self, people: list[_Person], shape: F32, vertices: F32, rotations: F32) -> None:
        """Remember what this frame says about the shapes that are not known yet."""
        rows = [row for row, person in enumerate(people) if person.frames < LEARN_FRAMES]
        if not rows:
            return
        evidence = self._skeleton.evidence(shape[rows], vertices[rows], rotations[rows])
        for row, said in zip(rows, evidence, strict=True):
            people[row].learn(said)


def can_fit(model: BodyModel) -> bool:
    """Whether the body has a rig whose rotations can be fitted."""
    return model.rig is not None and len(model.parents) <= MAX_JOINTS


class _Person:
    """Rotations (P, 3, 3) and shape (B,) of one person, and the sums of evidence about the shape."""

    def __init__(self, skeleton: _Skeleton) -> None:
        self.t_s = 0.0
        self.rotations: F32 = np.tile(np.eye(3, dtype=np.float32), (skeleton.joints, 1, 1))
        self.shape: F32 = np.zeros(skeleton.shapes, np.float32)
        self.frames = 0
        self._evidence: NDArray[np.float64] = np.zeros((skeleton.fitted, skeleton.fitted + 1))

    def shape_after(self, said: NDArray[np.float64]) -> F32:
        """The shape that one more frame's evidence would make; numbers that are not finite say nothing."""
        if not np.isfinite(said).all():
            return self.shape
        fitted = len(said)
        mean = (self._evidence + said) / (self.frames + 1)
        shape = np.zeros_like(self.shape)
        solved = np.linalg.solve(mean[:, :fitted] + RIDGE_M2 * np.eye(fitted), mean[:, fitted])
        shape[:fitted] = solved.clip(-LARGEST_SHAPE, LARGEST_SHAPE)
        return shape

    def learn(self, said: NDArray[np.float64]) -> None:
        if np.isfinite(said).all():
            self.shape = self.shape_after(said)
            self._evidence += said
            self.frames += 1


class _Skeleton:
    """The rig at the chosen vertices, as the operators want it."""

    def __init__(self, rig: Rig, parents: I32, rest_vertices: F32, chosen: I32) -> None:
        self.joints, _, self.shapes = rig.joint_shape_dirs.shape
        self.fitted = min(SHAPES, self.shapes)
        self._rig: tuple[U8, F32, I32] = (
            np.ascontiguousarray(rig.joints[chosen], np.uint8),
            np.ascontiguousarray(rig.weights[chosen], np.float32),
            np.ascontiguousarray(parents, np.int32),
        )
        dirs = rig.shape_dirs[chosen]
        self._fitted_dirs: tuple[F32, F32] = (
            np.ascontiguousarray(dirs[..., : self.fitted], np.float32),
            np.ascontiguousarray(rig.joint_shape_dirs[..., : self.fitted], np.float32),
        )
        self._rest = rest_vertices[chosen].reshape(1, -1), rig.rest_joints.reshape(1, -1)
        self._dirs = tuple(np.ascontiguousarray(d.reshape(-1, self.shapes).T) for d in (dirs, rig.joint_shape_dirs))

    def fit(self, shape: F32, vertices: F32, prior: F32, stiffness: F32) -> tuple[F32, F32]:
        """Rotations (N, P, 3, 3) and error (N,) in meters."""
        rotations, error = np.empty_like(prior), np.empty_like(stiffness)
        fit_rotations(*self._rig, *self._resting(shape), vertices, prior, stiffness, rotations, error)
        return rotations, error

    def evidence(self, shape: F32, vertices: F32, rotations: F32) -> NDArray[np.float64]:
        """What a pose's frame says about the fitted shapes: (N, F, F + 1), J^T J and J^T (r + J shape)."""
        evidence = np.empty((len(shape), self.fitted, self.fitted + 1))
        shape_evidence(*self._rig, *self._fitted_dirs, *self._resting(shape), vertices, rotations, evidence)
        evidence[..., -1] += np.einsum("nst,nt->ns", evidence[..., :-1], shape[:, : self.fitted])
        return evidence

    def _resting(self, shape: F32) -> tuple[F32, F32]:
        rest, joints = (base + shape @ d for base, d in zip(self._rest, self._dirs, strict=True))
        return rest.reshape(len(shape), len(self._rig[0]), 3), joints.reshape(len(shape), self.joints, 3)


def _spread(vertices: int) -> I32:
    """About VERTICES indices, evenly through a body's vertices."""
    step = max(1, vertices // VERTICES)
    return np.arange(0, vertices, step, dtype=np.int32)
