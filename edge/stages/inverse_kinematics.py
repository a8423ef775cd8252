"""Inverse kinematics: rotations and shape of a rig that reproduce the vertices of bodies, stable over time."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from edge.stages.config import InverseKinematicsConfig
from edge.types import F32, I32, U8, Bodies, BodyModel, RigPose
from edge_kernels import fit_rotations, shape_evidence
from engines.body.rig_points import Chain
from engines.errors import ModelError
from meshcast.protocol.body import Rig

MAX_JOINTS = 64  # of the fit_rotations operator
MIN_BONE_M = 1e-4  # length, m, below which two joints of a head give no direction
MIN_COSINE = -0.99  # of the angle between two vectors above which the least turn is defined well
PINNED_M2 = 1e6  # stiffness, m^2 / rad^2, with which a fit keeps the rotations that it starts from

FitRotations = Callable[..., None]
"""edge_kernels.fit_rotations of one rig: rest, rest_joints, vertices, prior, stiffness, rotations and error."""


def fit_on_host(joints: U8, weights: F32, parents: I32) -> FitRotations:
    """The operator for a rig: joints (V, 4), weights (V, 4) and parents (P,)."""
    return partial(fit_rotations, joints, weights, parents)


class RigFitter:
    """(t_s, Bodies) -> RigPose. Keeps each id's rotations and the normal equations of its shape.

    The root joint is at the bodies' translation. The shape is the head's where it has as many entries as the
    rig; otherwise it is fitted to all of a person's first frames together, and constant afterwards. Vertices that are
    not finite give the rotations of the previous frame and NaN as error. Raises ModelError for a body without a
    rig or with more than 64 joints.
    """

    def __init__(
        self,
        model: BodyModel,
        config: InverseKinematicsConfig | None = None,
        fit_of: Callable[[U8, F32, I32], FitRotations] = fit_on_host,
    ) -> None:
        """fit_of: makes the operator for joints, weights and parents of the rig."""
        self._config = config or InverseKinematicsConfig()
        if model.rig is None:
            raise ModelError(f"the body {model.name} has no rig: choose one with skinning weights to fit rotations")
        if len(model.parents) > MAX_JOINTS:
            raise ModelError(f"the body {model.name} has {len(model.parents)} joints; rotations of {MAX_JOINTS} fit")
        self._chosen = (
            model.lod.vertices
            if model.lod is not None
            else _evenly(len(model.rest_vertices), self._config.max_vertices)
        )
        self._skeleton = _Skeleton(model.rig, model.parents, model.rest_vertices, self._chosen, self._config, fit_of)
        self._people: dict[int, _Person] = {}

    def __call__(self, t_s: float, bodies: Bodies) -> RigPose:
        """Rotations (N, P, 3, 3), shape (N, B) and the fit's error (N,) in mm. t_s: the stream's time in seconds."""
        rotations, shape = self.fit(t_s, bodies)
        return self.measure(bodies, rotations, shape)

    def measure(self, bodies: Bodies, rotations: F32, shape: F32) -> RigPose:
        """The rig pose of known rotations (N, P, 3, 3) and shapes (N, B), with its error."""
        pinned = np.full(len(rotations), PINNED_M2, np.float32)
        proper = np.ascontiguousarray(rotations, np.float32)
        _, error = self._skeleton.fit(shape, self._surface(bodies), proper, pinned)
        return RigPose(rotations, shape, error * 1e3)

    def fit(self, t_s: float, bodies: Bodies) -> tuple[F32, F32]:
        """Rotations (N, P, 3, 3) and the shapes (N, B) with which they reproduce the bodies' surface and joints."""
        skeleton, config = self._skeleton, self._config
        self._people = {i: p for i, p in self._people.items() if t_s - p.t_s <= config.forget_s}
        known = [identity in self._people for identity in bodies.ids.tolist()]
        people = [self._people.setdefault(identity, _Person(skeleton)) for identity in bodies.ids.tolist()]
        vertices = self._surface(bodies)
        prior, stiffness = self._expected(t_s, bodies, people, known)

        given = bodies.shape is not None and bodies.shape.shape[1] == skeleton.shapes
        if bodies.shape is not None and given:
            shape = bodies.shape
        else:
            shape = np.array([p.shape for p in people], np.float32).reshape(-1, skeleton.shapes)
            new = np.flatnonzero(~np.array(known, bool))
            for _ in range(config.first_rounds if len(new) else 0):
                rotations, _ = skeleton.fit(shape[new], vertices[new], prior[new], stiffness[new])
                equations = skeleton.equations(shape[new], vertices[new], rotations)
                for row, one in zip(new.tolist(), equations, strict=True):
                    shape[row] = people[row].shape_after(one)
        bones, target = None, vertices
        if config.bone_directions and bodies.joints.shape[1] >= skeleton.joints:
            joints = bodies.joints[:, : skeleton.joints] - bodies.translation[:, None]
            bones = skeleton.bone_directions(joints, shape)
            target = skeleton.with_rest_lengths(vertices, joints, bones, shape)
        rotations, _ = skeleton.fit(shape, target, prior, stiffness)
        if not given:
            self._learn(people, shape, vertices, rotations)
        for row, person in enumerate(people):
            person.t_s = t_s
            person.rotations = rotations[row]
        return (rotations if bones is None else skeleton.along(bones, rotations, shape)), shape

    def reset(self) -> None:
        """Forget all people."""
        self._people.clear()

    def _surface(self, bodies: Bodies) -> F32:
        """The vertices (N, C, 3) that are fitted, relative to the root joint."""
        relative: F32 = bodies.surface_at(self._chosen) - bodies.translation[:, None]
        return relative

    def _expected(self, t_s: float, bodies: Bodies, people: list[_Person], known: list[bool]) -> tuple[F32, F32]:
        """Prior rotations (N, P, 3, 3), of the previous frame, the head or the rest pose, and their stiffness (N,)."""
        prior = np.array([p.rotations for p in people], np.float32).reshape(-1, self._skeleton.joints, 3, 3)
        stiffness = np.full(len(people), self._config.start_stiffness_m2, np.float32)
        from_head = bodies.rotations if bodies.rotations is not None else prior
        for row, person in enumerate(people):
            if known[row]:
                elapsed_s = max(t_s - person.t_s, self._config.min_interval_s)
                stiffness[row] = self._config.stiffness_m2_s / elapsed_s
            elif from_head.shape == prior.shape:
                prior[row] = from_head[row]
        return prior, stiffness

    def _learn(self, people: list[_Person], shape: F32, vertices: F32, rotations: F32) -> None:
        """Add this frame to the normal equations of shapes that are still fitted."""
        rows = [row for row, person in enumerate(people) if person.frames < self._config.learn_frames]
        if not rows:
            return
        equations = self._skeleton.equations(shape[rows], vertices[rows], rotations[rows])
        for row, one in zip(rows, equations, strict=True):
            people[row].learn(one)


def can_fit(model: BodyModel) -> bool:
    """Whether the body has a rig whose rotations can be fitted."""
    return model.rig is not None and len(model.parents) <= MAX_JOINTS


class _Person:
    """Rotations (P, 3, 3) and shape (B,) of one person, and the sum of the normal equations of the shape."""

    def __init__(self, skeleton: _Skeleton) -> None:
        self.t_s = 0.0
        self.rotations: F32 = np.tile(np.eye(3, dtype=np.float32), (skeleton.joints, 1, 1))
        self.shape: F32 = np.zeros(skeleton.shapes, np.float32)
        self.frames = 0
        self._config = skeleton.config
        self._equations: NDArray[np.float64] = np.zeros((skeleton.fitted, skeleton.fitted + 1))

    def shape_after(self, equations: NDArray[np.float64]) -> F32:
        """The shape with the equations of one more frame; equations that are not finite are ignored."""
        if not np.isfinite(equations).all():
            return self.shape
        fitted = len(equations)
        mean = (self._equations + equations) / (self.frames + 1)
        shape = np.zeros_like(self.shape)
        solved = np.linalg.solve(mean[:, :fitted] + self._config.ridge_m2 * np.eye(fitted), mean[:, fitted])
        shape[:fitted] = solved.clip(-self._config.max_shape, self._config.max_shape)
        return shape

    def learn(self, equations: NDArray[np.float64]) -> None:
        if np.isfinite(equations).all():
            self.shape = self.shape_after(equations)
            self._equations += equations
            self.frames += 1


class _Skeleton:
    """The rig at the chosen vertices, in the layout of the operators."""

    def __init__(
        self,
        rig: Rig,
        parents: I32,
        rest_vertices: F32,
        chosen: I32,
        config: InverseKinematicsConfig,
        fit_of: Callable[[U8, F32, I32], FitRotations],
    ) -> None:
        self.config = config
        self.joints, _, self.shapes = rig.joint_shape_dirs.shape
        self.fitted = min(config.shapes, self.shapes)
        self._rig: tuple[U8, F32, I32] = (
            np.ascontiguousarray(rig.joints[chosen], np.uint8),
            np.ascontiguousarray(rig.weights[chosen], np.float32),
            np.ascontiguousarray(parents, np.int32),
        )
        self._fit = fit_of(*self._rig)
        dirs = rig.shape_dirs[chosen]
        self._fitted_dirs: tuple[F32, F32] = (
            np.ascontiguousarray(dirs[..., : self.fitted], np.float32),
            np.ascontiguousarray(rig.joint_shape_dirs[..., : self.fitted], np.float32),
        )
        self.chain = Chain(parents)
        # Joints with one child, whose bone has a direction of its own; the root's children turn with it.
        self._single = np.array([k for k in range(1, self.joints) if len(self.chain.children[k]) == 1], int)
        self._child = np.array([self.chain.children[k][0] for k in self._single], int)
        self._shares = np.zeros((len(chosen), self.joints), np.float32)
        for influence in range(rig.joints.shape[1]):
            np.add.at(
                self._shares, (np.arange(len(chosen)), rig.joints[chosen, influence]), rig.weights[chosen, influence]
            )
        self._rest = rest_vertices[chosen].reshape(1, -1), rig.rest_joints.reshape(1, -1)
        self._dirs = tuple(np.ascontiguousarray(d.reshape(-1, self.shapes).T) for d in (dirs, rig.joint_shape_dirs))

    def fit(self, shape: F32, vertices: F32, prior: F32, stiffness: F32) -> tuple[F32, F32]:
        """Rotations (N, P, 3, 3) and error (N,) in meters."""
        rotations, error = np.empty_like(prior), np.empty_like(stiffness)
        self._fit(*self._resting(shape), vertices, prior, stiffness, rotations, error)
        return rotations, error

    def bone_directions(self, joints: F32, shape: F32) -> F32:
        """Vectors (N, P, 3) from each joint's parent along joints (N, P, 3), as long as the rig's bones; NaN where the
        joints coincide or are not known."""
        vectors, length = self.chain.bones(joints), np.linalg.norm(self.chain.bones(self.rest_joints(shape)), axis=-1)
        found = np.linalg.norm(vectors, axis=-1)
        with np.errstate(divide="ignore", invalid="ignore"):
            scale = np.where(found > MIN_BONE_M, length / found, np.nan)
            return (vectors * scale[..., None]).astype(np.float32)

    def with_rest_lengths(self, vertices: F32, joints: F32, bones: F32, shape: F32) -> F32:
        """The vertices (N, C, 3) with each part moved so that the joints (N, P, 3) are as far apart as the rig's.

        A network that is unsure of the depth of a limb makes it short; a rotation that reproduced its vertices would
        bend the limb instead.
        """
        longer = np.nan_to_num(bones - self.chain.bones(joints), nan=0.0, posinf=0.0, neginf=0.0)
        longer[:, 0] = 0
        moved: F32 = vertices + self._shares @ self.chain.sum_along(longer)
        return moved

    def along(self, bones: F32, rotations: F32, shape: F32) -> F32:
        """The rotations (N, P, 3, 3), with the least turn that brings each bone to its direction (N, P, 3)."""
        chain, single, child = self.chain, self._single, self._child
        orientations = chain.orientations(rotations)
        rest = chain.bones(self.rest_joints(shape))[:, child]
        now = (orientations[:, single] @ rest[..., None])[..., 0]
        turn = _least_turns(now, bones[:, child])
        orientations[:, single] = turn @ orientations[:, single]
        return chain.local(orientations)

    def rest_joints(self, shape: F32) -> F32:
        """Rest joints (N, P, 3) of shapes (N, B)."""
        joints: F32 = (self._rest[1] + shape @ self._dirs[1]).reshape(len(shape), self.joints, 3)
        return joints

    def equations(self, shape: F32, vertices: F32, rotations: F32) -> NDArray[np.float64]:
        """Normal equations of the fitted shapes at a pose: (N, F, F + 1), J^T J and J^T (r + J shape)."""
        equations = np.empty((len(shape), self.fitted, self.fitted + 1))
        shape_evidence(*self._rig, *self._fitted_dirs, *self._resting(shape), vertices, rotations, equations)
        equations[..., -1] += np.einsum("nst,nt->ns", equations[..., :-1], shape[:, : self.fitted])
        return equations

    def _resting(self, shape: F32) -> tuple[F32, F32]:
        rest, joints = (base + shape @ d for base, d in zip(self._rest, self._dirs, strict=True))
        return rest.reshape(len(shape), len(self._rig[0]), 3), joints.reshape(len(shape), self.joints, 3)


def _least_turns(origin: F32, target: F32) -> F32:
    """Rotations (..., 3, 3) with the least angle that turn one vector (..., 3) into the direction of another; the
    identity where that is not defined: a vector is 0 or not finite, or they are opposite."""
    a, b = origin.astype(np.float64), target.astype(np.float64)
    norm = np.sqrt((a * a).sum(-1) * (b * b).sum(-1))
    with np.errstate(divide="ignore", invalid="ignore"):
        cosine = (a * b).sum(-1) / norm
        x, y, z = np.moveaxis(np.cross(a, b) / norm[..., None], -1, 0)
        zero = np.zeros_like(x)
        cross = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).reshape(*a.shape, 3)
        turns = np.eye(3) + cross + cross @ cross / (1 + cosine)[..., None, None]
    defined = np.isfinite(turns).all((-1, -2)) & (cosine > MIN_COSINE)
    return np.where(defined[..., None, None], turns, np.eye(3)).astype(np.float32)


def _evenly(vertices: int, most: int) -> I32:
    """About `most` evenly spaced indices of vertices."""
    step = max(1, vertices // most)
    return np.arange(0, vertices, step, dtype=np.int32)
