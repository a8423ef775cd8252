"""Bodies as poses of their rig: rotations and position of one shape per person, and the surface that they give."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property, partial

import numpy as np

from edge.stages.config import InverseKinematicsConfig, LocalizationConfig
from edge.stages.inverse_kinematics import FitRotations, RigFitter, can_fit, fit_on_host
from edge.stages.localize import solve_translation
from edge.types import F32, I32, U8, Bodies, BodyModel, PosedRigs, SurfaceLevels, SurfaceUse, TrackedFrame
from engines.body.body import Body
from engines.body.rig_points import Chain, RigPoints
from engines.body.skinning import Skinner
from engines.heads.base import RootMesh
from engines.heads.landmarks import surface_points

Pose = Callable[[F32, F32, F32], tuple[F32, F32]]
"""Vertices and joints, m, of rotations, shapes and translations; see Skinner."""


class RigPoser:
    """(TrackedFrame, Bodies) -> PosedRigs: the rotations that reproduce the surface and joints of the mesh head.

    Rotations of a head that predicts them are used as they are, and so is the place of people whose size is known. The
    root of others is placed again, at the position at which the landmarks of the posed rig project to the keypoints,
    because the rig's limbs have other lengths than the surface's.
    """

    def __init__(
        self,
        body: Body,
        model: BodyModel,
        config: InverseKinematicsConfig | None = None,
        localization: LocalizationConfig | None = None,
        fit_of: Callable[[U8, F32, I32], FitRotations] = fit_on_host,
    ) -> None:
        """fit_of: see RigFitter."""
        self.fitter = RigFitter(model, config, fit_of)
        self._config = config or InverseKinematicsConfig()
        self._localization = localization or LocalizationConfig()
        rig = model.rig
        assert rig is not None  # RigFitter raises without one
        self._rest_joints, self._joint_dirs = rig.rest_joints, rig.joint_shape_dirs
        self._chain = Chain(model.parents)
        names = model.keypoint_names
        self._on_skin, regressor = surface_points(body, names)
        self._landmarks = RigPoints(body, regressor)
        joints = {name: joint for joint, name in enumerate(body.joint_names)}
        inside = [(k, joints[name]) for k, name in enumerate(names) if name in joints and not self._on_skin[k]]
        self._inside, self._joints_inside = np.array(inside, int).reshape(-1, 2).T
        self._keypoints_of = keypoint_shares(self._chain, body, names)

    def __call__(self, tracked: TrackedFrame, mesh: RootMesh, bodies: Bodies) -> PosedRigs:
        """Rigs of the bodies, row for row. mesh: what the bodies were made of."""
        rotations, shape = self._pose(tracked.frame.t_s, bodies)
        translation = bodies.translation
        sized = mesh.shape is None and bodies.shape is not None  # placed by size and floor already
        if mesh.cameras is None and self._config.localize_rig and not sized and len(bodies):
            translation = self._localize(tracked, bodies, rotations, shape)
        scores = bodies.keypoints[..., 2]
        confidence = (scores @ self._keypoints_of.T).clip(0, 1).astype(np.float32)
        return PosedRigs(bodies.ids, rotations, shape, translation, confidence)

    def reset(self) -> None:
        """Forget all people."""
        self.fitter.reset()

    def _pose(self, t_s: float, bodies: Bodies) -> tuple[F32, F32]:
        joints, _, shapes = self._joint_dirs.shape
        given, shape = bodies.rotations, bodies.shape
        if given is not None and shape is not None and given.shape[1] == joints and shape.shape[1] <= shapes:
            return given, np.pad(shape, ((0, 0), (0, shapes - shape.shape[1])))
        return self.fitter.fit(t_s, bodies)

    def _localize(self, tracked: TrackedFrame, bodies: Bodies, rotations: F32, shape: F32) -> F32:
        rest = self._rest_joints + np.tensordot(shape, self._joint_dirs, (1, 2))
        orientations = self._chain.orientations(rotations)
        positions = self._chain.positions(orientations, self._chain.bones(rest))
        landmarks = np.full((len(shape), len(self._on_skin), 3), np.nan, np.float32)
        landmarks[:, self._on_skin] = self._landmarks(orientations, positions, rest, shape)
        landmarks[:, self._inside] = positions[:, self._joints_inside]
        rays, scores = tracked.camera.rays(bodies.keypoints[..., :2]), bodies.keypoints[..., 2]
        return solve_translation(landmarks, rays, scores, self._localization)


class Skin:
    """(PosedRigs, Bodies) -> Bodies whose surface, joints, rotations and shape are those of the posed rigs.

    Bodies whose surface has no use (SurfaceUse.NONE) get rotations and shape alone: no vertices and no joints.

    Attributes:
        used: vertices from which joints are made that the rig does not have.
        regressor: (joints, used) of these joints.
    """

    def __init__(
        self,
        body: Body,
        model: BodyModel,
        use: Callable[[], SurfaceUse] = lambda: SurfaceUse.FLOATS,
        skinner_of: Callable[[I32 | None], Pose] | None = None,
    ) -> None:
        """use: what is done with the surface, asked for each frame. skinner_of: makes what poses some vertices of the
        body, or all, as a Skinner does; None: on the CPU."""
        rig = model.rig
        assert rig is not None
        self._joints = len(model.parents)
        self._root, self._root_dirs = rig.rest_joints[0], rig.joint_shape_dirs[0]
        self._use = use
        self._skinner_of = skinner_of or partial(_skinner_of, body)
        extra = model.joint_names[self._joints :]
        named, regressor = surface_points(body, extra)
        if not named.all():
            unknown = [name for name, known in zip(extra, named, strict=True) if not known]
            raise ValueError(f"the body {body.name} has no points {', '.join(unknown)}")
        self.used = np.flatnonzero(np.abs(regressor).sum(0)).astype(np.int32)
        self.regressor = np.ascontiguousarray(regressor[:, self.used], np.float32)
        self._held = None if model.lod is None else np.union1d(model.lod.vertices, self.used).astype(np.int32)
        self._whole = self._skinner_of(None)

    def shift(self, posed: PosedRigs) -> F32:
        """What is added (N, 3) m to bodies that are posed around their own origin."""
        shift: F32 = (posed.translation - self._root - posed.shape @ self._root_dirs.T).astype(np.float32)
        return shift

    def __call__(self, posed: PosedRigs, bodies: Bodies) -> Bodies:
        use = self._use()
        joints = vertices = np.empty((len(bodies), 0, 3), np.float32)
        made = replace(
            bodies,
            joints=joints,
            vertices=vertices,
            translation=posed.translation,
            rotations=posed.rotations,
            shape=posed.shape,
        )
        # Without people, all levels may be sent at any time: the arrays have the sizes of the model.
        if use is SurfaceUse.NONE and len(bodies):
            return made
        coarse = use is SurfaceUse.COARSE and self._held is not None
        skin = self._coarse if coarse else self._whole
        vertices, levels, joints = self._pose(skin, posed, for_messages=use not in (SurfaceUse.FLOATS, SurfaceUse.NONE))
        made = replace(made, vertices=vertices, levels=levels, held=self._held if coarse else None)
        if len(self.regressor):
            joints = np.concatenate([joints, self.regressor @ made.surface_at(self.used)], 1)
        return replace(made, joints=joints)

    def _pose(self, skin: Pose, posed: PosedRigs, *, for_messages: bool) -> tuple[F32, SurfaceLevels | None, F32]:
        """Vertices, or for messages the levels instead, and the rig's joints (N, P, 3)."""
        vertices, joints = skin(posed.rotations, posed.shape, self.shift(posed))
        return vertices, None, joints

    @cached_property
    def _coarse(self) -> Pose:
        return self._skinner_of(self._held)


def _skinner_of(body: Body, chosen: I32 | None) -> Pose:
    return Skinner(body, chosen=chosen)


def can_pose(body: Body, model: BodyModel) -> bool:
    """Whether bodies of the model can be posed by their rig: it can be fitted, and its surface has all the joints."""
    if not can_fit(model):
        return False
    named, _ = surface_points(body, model.joint_names[len(model.parents) :])
    return bool(named.all())


def keypoint_shares(chain: Chain, body: Body, names: tuple[str, ...]) -> F32:
    """Shares (P, K) of the keypoints in the confidence of each joint's rotation: of the nearest keypoints below it in
    the tree, of all where there are none."""
    index = {name: k for k, name in enumerate(names)}
    below: list[list[int]] = [[] for _ in body.joint_names]
    for joint in reversed(range(len(below))):
        for child in chain.children[joint]:
            own = index.get(body.joint_names[child])
            below[joint] += [own] if own is not None else below[child]
    shares = np.full((len(below), len(names)), 1 / max(1, len(names)), np.float32)
    for joint, keypoints in enumerate(below):
        if keypoints:
            shares[joint] = 0
            shares[joint, keypoints] = 1 / len(keypoints)
    return shares
