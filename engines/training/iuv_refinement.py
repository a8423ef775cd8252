"""IUV maps refined by sparse keypoints (Rong et al., DCT, ICCV 2019, section 3.2, "Sampling Strategy")."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.joint_sets import COCO17
from engines.training.sample import COCO, SEEN

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]

# The parts (1 + a joint of SMPL) that may surround each of COCO's keypoints.
_HEAD = (13, 16)
_SIDES: dict[str, tuple[int, int]] = {  # joints of the left side; those of the right one are one higher
    "shoulder": (13, 16),
    "elbow": (16, 18),
    "wrist": (18, 20),
    "hip": (1, 1),
    "knee": (1, 4),
    "ankle": (4, 7),
}
_BESIDE = {"shoulder": (9, 12), "wrist": (), "hip": (0, 3)}


def _allowed() -> dict[int, frozenset[int]]:
    parts: dict[int, frozenset[int]] = {}
    for k, name in enumerate(COCO17.joint_names):
        side, _, joint = name.partition("_")
        if joint not in _SIDES:
            parts[k] = frozenset(_HEAD)
            continue
        right = int(side == "right")
        joints = {first + right for first in _SIDES[joint]} | set(_BESIDE.get(joint, ()))
        if joint == "wrist":
            joints.add(22 + right)
        if joint == "ankle":
            joints.add(10 + right)
        parts[k] = frozenset(joint + 1 for joint in joints)
    return parts


ALLOWED: Mapping[int, frozenset[int]] = _allowed()


def refine(
    parts: U8, points: F32, allowed: Mapping[int, frozenset[int]] = ALLOWED, keypoints: slice = COCO
) -> NDArray[np.bool_]:
    """Where an IUV map stays after refinement.

    For each visible keypoint, the part that appears most often in the 3 x 3 pixels around it is what the map says. If
    the keypoint cannot lie on that part, the region of that part around the keypoint becomes background: from the 3 x 3
    pixels on, every pixel of the part that touches one that was found, diagonally too.

    Args:
        parts: (H, W) uint8, I of the map, 0 for the background.
        points: (58, 3) float32, x px, y px and flag.
        allowed: the values of I that may surround each keypoint.
        keypoints: the keypoints that are used, whose numbers count from 0 in `allowed`.

    Returns:
        (H, W) bool, False where the map becomes background.
    """
    height, width = parts.shape
    kept = np.ones(parts.shape, np.bool_)
    current = parts.copy()
    for k, (x, y, flag) in enumerate(points[keypoints]):
        if flag != SEEN or not (np.isfinite(x) and np.isfinite(y)):
            continue
        column, row = round(float(x)), round(float(y))
        if not (0 <= column < width and 0 <= row < height):
            continue
        around = (slice(max(row - 1, 0), row + 2), slice(max(column - 1, 0), column + 2))
        part = int(np.bincount(current[around].ravel()).argmax())
        if part == 0 or part in allowed[k]:
            continue
        _, region = cv2.connectedComponents((current == part).astype(np.uint8), connectivity=8)
        labels = np.unique(region[around])
        wrong = np.isin(region, labels[labels > 0])
        kept[wrong] = False
        current[wrong] = 0
    return kept
