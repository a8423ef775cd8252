"""The joint sets of Pose2Mesh: names, skeletons and symmetry, and how 2D keypoints become the network's input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from engines.errors import ModelError

F32: TypeAlias = NDArray[np.float32]
Links: TypeAlias = tuple[tuple[int, int], ...]

MIN_STD_PX = 1e-3  # keypoints on one line would be divided by zero


@dataclass(frozen=True, slots=True)
class JointSet:
    """J joints in the order that a network was trained with.

    edges: the skeleton. pairs: left and right counterparts; for the hand, neighboring fingers instead. Edges and
    pairs together make the joint graph. root: the joints whose mean is the origin of 3D poses.
    """

    name: str
    joint_names: tuple[str, ...]
    edges: Links
    pairs: Links
    root: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.joint_names)


def _tree(parents: tuple[int, ...]) -> Links:
    """Edges (parent, joint) of all joints but those whose parent is -1."""
    return tuple((parent, joint) for joint, parent in enumerate(parents) if parent >= 0)


def _mirrored(names: tuple[str, ...]) -> Links:
    """Pairs (left_x, right_x) by name."""
    left = (name for name in names if name.startswith("left_"))
    return tuple((names.index(name), names.index(name.replace("left_", "right_"))) for name in left)


# fmt: off
_COCO_NAMES = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder", "left_elbow",
    "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle",
    "right_ankle",
)
_COCO_EDGES = (
    (1, 2), (0, 1), (0, 2), (2, 4), (1, 3), (6, 8), (8, 10), (5, 7), (7, 9), (12, 14), (14, 16), (11, 13), (13, 15),
)
_HUMAN36_NAMES = (
    "pelvis", "right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle", "torso", "neck", "nose",
    "head", "left_shoulder", "left_elbow", "left_wrist", "right_shoulder", "right_elbow", "right_wrist",
)
_SMPL_NAMES = (
    "pelvis", "left_hip", "right_hip", "spine1", "left_knee", "right_knee", "spine2", "left_ankle", "right_ankle",
    "spine3", "left_foot", "right_foot", "neck", "left_collar", "right_collar", "head", "left_shoulder",
    "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hand", "right_hand",
)
_SMPL_PARENTS = (-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 20, 21)
# fmt: on
_FINGERS = ("thumb", "index", "middle", "ring", "pinky")

COCO17 = JointSet(
    name="coco17",
    joint_names=_COCO_NAMES,
    edges=(*_COCO_EDGES, (5, 6), (11, 12), (5, 11), (6, 12), (3, 5), (4, 6)),
    pairs=_mirrored(_COCO_NAMES),
    root=(11, 12),
)
COCO19 = JointSet(
    name="coco19",
    joint_names=(*_COCO_NAMES, "pelvis", "neck"),
    edges=(*_COCO_EDGES, (17, 11), (17, 12), (17, 18), (18, 5), (18, 6), (18, 0)),
    pairs=_mirrored(_COCO_NAMES),
    root=(17,),
)
HUMAN36 = JointSet(
    name="human36",
    joint_names=_HUMAN36_NAMES,
    edges=_tree((-1, 0, 1, 2, 0, 4, 5, 0, 7, 8, 9, 8, 11, 12, 8, 14, 15)),
    pairs=_mirrored(_HUMAN36_NAMES),
    root=(0,),
)
SMPL24 = JointSet(
    name="smpl24",
    joint_names=_SMPL_NAMES,
    edges=_tree(_SMPL_PARENTS),
    pairs=_mirrored(_SMPL_NAMES),
    root=(0,),
)
MANO21 = JointSet(
    name="mano21",
    joint_names=("wrist", *(f"{finger}_{ring}" for finger in _FINGERS for ring in (1, 2, 3, 4))),
    edges=_tree((-1, *(0 if ring == 1 else 4 * finger + ring - 1 for finger in range(5) for ring in (1, 2, 3, 4)))),
    pairs=tuple((4 * finger + ring, 4 * finger + ring + 4) for ring in (1, 2, 3, 4) for finger in range(4)),
    root=(0,),
)
JOINT_SETS = {joint_set.name: joint_set for joint_set in (COCO17, COCO19, HUMAN36, SMPL24, MANO21)}


_MIDDLES = {"pelvis": ("left_hip", "right_hip"), "neck": ("left_shoulder", "right_shoulder")}


def gather_points(have: tuple[str, ...], wanted: tuple[str, ...], model: str) -> F32:
    """Weights (J, K) that compute the requested points from those of a pose model, by name.

    A pelvis or neck that it lacks is the middle of the hips or shoulders. Raises ModelError, naming the model that
    wants them, when others are missing.
    """
    weights = np.zeros((len(wanted), len(have)), np.float32)
    missing = []
    for row, name in enumerate(wanted):
        parts = (name,) if name in have else _MIDDLES.get(name, (name,))
        if not set(parts) <= set(have):
            missing.append(name)
            continue
        weights[row, [have.index(part) for part in parts]] = 1 / len(parts)
    if missing:
        raise ModelError(
            f"{model}: needs the keypoints {', '.join(missing)}, which the pose model does not predict; "
            "choose another --pose"
        )
    return weights


def normalize_pose2d(keypoints: NDArray[np.floating]) -> F32:
    """Keypoints (N, J, 2) px with mean 0 and standard deviation 1 over the joints, per person and axis.

    The published code first crops to the box at 288 x 384 and scales; standardising cancels that exactly. The
    person's aspect in the image is lost, every joint must be present. An axis without extent becomes zeros.
    """
    points = np.asarray(keypoints, np.float64)
    centered = points - points.mean(axis=1, keepdims=True)
    return np.asarray(centered / np.maximum(points.std(axis=1, keepdims=True), MIN_STD_PX), np.float32)
