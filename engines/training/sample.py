"""One training sample of an image network: a crop, its camera and annotations, each of which may be missing."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.joint_sets import COCO17, HUMAN36, SMPL24

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]
Bool = NDArray[np.bool_]

# The points of every sample: the joints of SMPL's skeleton, COCO's keypoints, and those of Human3.6M.
POINTS = (
    *(f"smpl_{name}" for name in SMPL24.joint_names),
    *(f"coco_{name}" for name in COCO17.joint_names),
    *(f"h36m_{name}" for name in HUMAN36.joint_names),
)
SMPL, COCO, H36M = slice(0, 24), slice(24, 41), slice(41, 58)
PELVIS = 0  # the root: positions in 3D are relative to it
UNKNOWN, HIDDEN, SEEN = 0, 1, 2  # COCO's flags of a keypoint
MOST_DENSE = 400  # dense keypoints of an image, as in DCT's published training
PARTS = 24  # of a part map: 1 + the joint that a part of the surface moves with


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Sample:
    """One person in one crop. Camera axes are x right, y down, z forward; None is an annotation that does not exist.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        name: where it is from, for messages.
        K: (3, 3) float32, the intrinsic matrix of the crop in px.
        points_2d: (58, 3) float32: x px, y px in the crop and the flag UNKNOWN, HIDDEN or SEEN of each of POINTS.
        points_3d: (58, 4) float32: x, y, z in m relative to the pelvis, and 1 where known, else 0.
        rotations: (24, 3, 3) float32, local; the root's is in camera axes.
        shape: (10,) float32, coefficients of the shape directions.
        vertices: (V, 3) float32, m relative to the pelvis.
        parts: (H, W) uint8: 0 for the background, else 1 + the joint that moves the surface, occluders ignored.
        uv: (H, W, 2) float32, texture coordinates of the surface, 0 outside of it. With `parts` the IUV map.
        silhouette: (H, W) bool, the pixels that the body covers, occluders ignored.
        occluded: (H, W) bool, the pixels that something in front covers.
        root: (3,) float32, the pelvis in m before the camera of K.
        dense: (D, 8) float32, D <= MOST_DENSE: x px, y px of a point on the surface, its three vertices and their
            weights, which sum to 1.
    """

    image: U8
    name: str = ""
    K: F32 | None = None
    points_2d: F32 | None = None
    points_3d: F32 | None = None
    rotations: F32 | None = None
    shape: F32 | None = None
    vertices: F32 | None = None
    parts: U8 | None = None
    uv: F32 | None = None
    silhouette: Bool | None = None
    occluded: Bool | None = None
    root: F32 | None = None
    dense: F32 | None = None


ANNOTATIONS = tuple(field.name for field in fields(Sample) if field.name not in ("image", "name"))


def annotations_of(sample: Sample) -> dict[str, NDArray[Any]]:
    """The annotations that a sample has, by name."""
    found = {name: getattr(sample, name) for name in ANNOTATIONS}
    return {name: value for name, value in found.items() if value is not None}


def finite(sample: Sample) -> Sample:
    """The sample without annotations that are not finite numbers: single points, else the whole annotation."""
    changed: dict[str, NDArray[Any] | None] = {}
    for name, value in annotations_of(sample).items():
        if value.dtype.kind != "f" or np.isfinite(value).all():
            continue
        changed[name] = None
        if name == "dense":
            changed[name] = value[np.isfinite(value).all(1)]
        if name.startswith("points"):
            points = value.copy()
            points[~np.isfinite(points).all(1)] = UNKNOWN
            changed[name] = points
    return replace(sample, **changed) if changed else sample  # type: ignore[arg-type]
