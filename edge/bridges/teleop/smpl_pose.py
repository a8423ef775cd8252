"""A person as SMPL's 24 joints in a level world with z up, as controllers of humanoid robots take them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from edge.bridges.udp.skeleton_pose import Person
from engines.joint_sets import SMPL24
from meshcast.errors import WireError
from meshcast.protocol.body import F32, BodyModel

F64 = NDArray[np.float64]

JOINTS = 24
BODY_JOINTS = 21  # with a rotation of their own, without the root and the hands
Z_UP_OF_Y_UP = Rotation.from_rotvec([np.pi / 2, 0, 0])
# SMPL's rest pose has x to its left, y up and faces z; a robot at rest has x forward, y left and z up.
REST = Rotation.from_quat([0.5, 0.5, 0.5, 0.5])


@dataclass(frozen=True, slots=True)
class SmplPose:
    """One person at one time.

    Attributes:
        t_s: stream time, s.
        rotations: of the 24 joints, local to the parent; the first turns the resting body (y up) into the world.
        joints: (24, 3) float64 m, in axes of the world, relative to the pelvis.
        root: (3,) float64 m, the pelvis in the world.
    """

    t_s: float
    rotations: Rotation
    joints: F64
    root: F64

    @property
    def body_quat(self) -> F64:
        """(4,) w x y z: the pelvis in the world, the identity for a person at rest who faces x."""
        found: F64 = self._heading.as_quat(canonical=True)[[3, 0, 1, 2]]
        return found

    @property
    def local_joints(self) -> F64:
        """(24, 3) float64 m in the axes of the pelvis (x forward, y left, z up at rest), relative to it."""
        found: F64 = self._heading.inv().apply(self.joints)
        return found

    @property
    def rotvecs(self) -> F64:
        """(24, 3) float64 rad, rotation vectors of `rotations`."""
        found: F64 = self.rotations.as_rotvec()
        return found

    @property
    def _heading(self) -> Rotation:
        return self.rotations[0] * REST.inv()


def check_body(body: BodyModel) -> None:
    """Raise WireError for a body whose joints are not SMPL's."""
    if tuple(body.joint_names[:JOINTS]) != tuple(SMPL24.joint_names) or len(body.parents) != JOINTS:
        raise WireError(f"body model {body.name}: its skeleton is not SMPL's 24 joints; use a mesh model with them")


def pose_of(person: Person, body: BodyModel, t_s: float) -> SmplPose | None:
    """The pose of a person in a world with y up, in meters; None if a number is not finite.

    Args:
        person: rotations relative to the body at rest and positions, in the axes gltf.
        body: with SMPL's 24 joints, see check_body.
        t_s: stream time.
    """
    if not (np.isfinite(person.rotations).all() and np.isfinite(person.positions).all()):
        return None
    local: F32 = person.rotations.copy()
    for joint, parent in enumerate(body.parents.tolist()):
        if parent >= 0:
            local[joint] = person.rotations[parent].T @ person.rotations[joint]
    rotations = Rotation.from_matrix(local.astype(np.float64))
    root = Z_UP_OF_Y_UP * rotations[0]
    rotations = Rotation.concatenate([root, rotations[1:]])
    positions = Z_UP_OF_Y_UP.apply(person.positions.astype(np.float64))
    return SmplPose(t_s, rotations, positions - positions[0], positions[0])


def between(a: SmplPose, b: SmplPose, t_s: float) -> SmplPose:
    """The pose at a time from that of `a` to that of `b`, later ones being those of `b`: rotations and joints on the
    shortest way."""
    if b.t_s <= a.t_s or t_s >= b.t_s:
        return b
    share = max(0.0, (t_s - a.t_s) / (b.t_s - a.t_s))
    rotations = a.rotations * Rotation.from_rotvec(share * (a.rotations.inv() * b.rotations).as_rotvec())
    joints = a.joints + share * (b.joints - a.joints)
    return SmplPose(t_s, rotations, joints, a.root + share * (b.root - a.root))
