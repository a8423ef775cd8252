"""The skeleton of a body with bones of variable length: points, stature and feet as linear functions of the shape."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.types import F32, BodyModel
from engines.heads.base import RootMesh

F64 = NDArray[np.float64]

# Keypoints that are not joints, and the joint that carries them.
CARRIERS = {
    **dict.fromkeys(("nose", "left_eye", "right_eye", "left_ear", "right_ear", "head", "head_top"), "head"),
    **{f"{side}_{part}": f"{side}_foot" for side in ("left", "right") for part in ("big_toe", "small_toe")},
    "left_heel": "left_ankle",
    "right_heel": "right_ankle",
}
ANKLES = ("left_ankle", "right_ankle")
# Standard deviation of the direction of a bone in the mesh head's bodies, rad, by the joint at its end. Measured for
# the bundled model on synthetic people: 0.15 to 0.26 along the ray for limbs, about 0.1 for the trunk.
DIRECTION_SIGMA = {"knee": 0.2, "ankle": 0.2, "elbow": 0.28, "wrist": 0.32, "hip": 0.1}
OTHER_DIRECTION_SIGMA = 0.15
MIN_KEYPOINTS = 6


class BodySkeleton:
    """Constants of a body with a rig.

    A bone keeps the direction that the mesh head gave it, and its length follows the shape; a keypoint keeps its
    displacement from the joint that carries it. Points are then linear in the shape, relative to the root.

    Attributes:
        joints: number P of joints.
        neutral: (B,) float64, the shape of a person of whom nothing is known.
        carriers: (K,) int, the joint that carries each keypoint, -1 for none.
        ankles: (2,) int, the left and the right ankle joint; empty for a body without ankles.
        ankle_keypoints: (2,) int, the keypoints of the same names, -1 for none.
        lengths: (P,) float64 m, lengths of the bones (to each joint from its parent) for the shape zero.
        length_dirs: (P, B) float64, their derivatives by the shape.
        chains: (P, P) bool, [joint, bone]: whether the bone lies between the root and the joint.
        direction_sigma: (P,) float64 rad, standard deviation of the directions of the bones.
        stature_m: stature for the shape zero, m.
        stature_dirs: (B,) float64, its derivative.
        sole_m, sole_dirs: (2,) and (2, B) float64, height of the ankle joints above the sole of a flat foot.
    """

    def __init__(self, model: BodyModel, neutral: F32, directions: int) -> None:
        """
        Args:
            model: a body with a rig.
            neutral: (B,), its neutral figure.
            directions: number of shape directions that bones follow, the first ones.
        """
        assert model.rig is not None
        rig, parents = model.rig, model.parents
        self.joints = len(parents)
        self.parents = np.maximum(parents, 0)
        self.neutral = neutral.astype(np.float64)
        names = model.joint_names[: self.joints]
        carriers = [CARRIERS.get(name, name) for name in model.keypoint_names]
        self.carriers = np.array([names.index(name) if name in names else -1 for name in carriers])
        self.ankles = np.array([names.index(name) for name in ANKLES if name in names], int)
        keypoints = model.keypoint_names
        self.ankle_keypoints = np.array([keypoints.index(n) if n in keypoints else -1 for n in ANKLES])

        rest, dirs = rig.rest_joints.astype(np.float64), _first(rig.joint_shape_dirs, directions)
        bones, bone_dirs = rest - rest[self.parents], dirs - dirs[self.parents]
        at_neutral = bones + bone_dirs @ self.neutral
        unit = at_neutral / np.maximum(np.linalg.norm(at_neutral, axis=1, keepdims=True), 1e-9)
        # Linear at the neutral figure: bones change their length, hardly their direction, with the shape.
        self.length_dirs = np.einsum("pc,pcb->pb", unit, bone_dirs)
        self.lengths = np.einsum("pc,pc->p", unit, at_neutral) - self.length_dirs @ self.neutral
        self.chains = np.zeros((self.joints, self.joints), bool)
        for joint in range(1, self.joints):
            self.chains[joint] = self.chains[self.parents[joint]]
            self.chains[joint, joint] = True
        self.direction_sigma = np.array([DIRECTION_SIGMA.get(_part(n), OTHER_DIRECTION_SIGMA) for n in names])

        shape_dirs = _first(rig.shape_dirs, directions)
        heights = model.rest_vertices[:, 1] + shape_dirs[:, 1] @ self.neutral
        top, bottom = heights.argmax(), heights.argmin()
        self.stature_m = float(model.rest_vertices[top, 1] - model.rest_vertices[bottom, 1])
        self.stature_dirs = shape_dirs[top, 1] - shape_dirs[bottom, 1]
        self.sole_m = rest[self.ankles, 1] - model.rest_vertices[bottom, 1]
        self.sole_dirs = dirs[self.ankles, 1] - shape_dirs[bottom, 1]

    def stature(self, shape: F64) -> F64:
        """Statures (...) in meters of people with shapes (..., B)."""
        stature: F64 = self.stature_m + shape @ self.stature_dirs
        return stature

    def bones(self, mesh: RootMesh) -> tuple[F64, F64]:
        """Directions (N, P, 3) of the bones of a mesh, unit vectors in the camera's axes, and their lengths (N, P)."""
        joints = mesh.joints[:, : self.joints].astype(np.float64)
        bones = joints - joints[:, self.parents]
        length: F64 = np.sqrt(np.einsum("npc,npc->np", bones, bones))
        return bones / np.maximum(length, 1e-9)[..., None], length

    def size_factors(self, mesh: RootMesh, shape: F64) -> F64:
        """Factors (N,) by which the meshes must grow so that their bones are as long as those of shapes (N, B).

        Long bones have more weight: the factor is the least-squares one.
        """
        _, length = self.bones(mesh)
        wanted = self.lengths + shape @ self.length_dirs.T
        factors: F64 = (wanted * length).sum(1) / np.maximum((length * length).sum(1), 1e-9)
        return factors


def can_size(model: BodyModel) -> bool:
    """Whether the shape of a body can be estimated: it has a rig with ankles, and keypoints that its joints carry."""
    if model.rig is None or not all(name in model.joint_names[: len(model.parents)] for name in ANKLES):
        return False
    carried = [CARRIERS.get(name, name) in model.joint_names[: len(model.parents)] for name in model.keypoint_names]
    return sum(carried) >= MIN_KEYPOINTS


def _first(dirs: F32, count: int) -> F64:
    """Shape directions (..., B) of which those after the first `count` are zero."""
    kept = dirs.astype(np.float64)
    kept[..., count:] = 0
    return kept


def _part(joint: str) -> str:
    return joint.removeprefix("left_").removeprefix("right_")
