"""Augmentation of samples: flip, rotation, scale, crops, colors and occluders, with every annotation moved exactly.

An image transform A (3, 3) in px and the turn R of the person in camera axes that belongs to it keep the projection:
K' = A K R^T, so that K' R X = A K X for every point X. A flip is A = R = a mirror, with left and right exchanged.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.body.body import Body
from engines.body.mirror import mirror_of, mirrored_joints, mirrored_names
from engines.training.rendered.scenery import add_occluders
from engines.training.sample import HIDDEN, POINTS, SEEN, UNKNOWN, Sample

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
Rng = np.random.Generator

MIRROR = np.diag([-1.0, 1.0, 1.0]).astype(np.float32)
SPREAD = 2.0  # standard deviations that rotation and scale are cut at
MAPS = ("parts", "uv", "silhouette", "occluded")


@dataclass(frozen=True, slots=True)
class AugmentConfig:
    """What is varied; the defaults of rotation, scale and color are SPIN's (Kolotouros et al., ICCV 2019).

    Attributes:
        flip: Share of the samples that are mirrored. Default: 0.5.
        rotated: Share that is rotated in the image. Default: 0.6.
        rotation_deg: Standard deviation of the rotation, degrees, cut at twice that. Default: 30.
        scale: Standard deviation of the scale, cut at twice that. Default: 0.25.
        color: Largest relative change of each color channel. Default: 0.4.
        cropped: Share that is cut to a part of the person, as in PARE. Default: 0.1.
        occluded: Share that gets synthetic occluders, as in PARE. Default: 0.3.
    """

    flip: float = 0.5
    rotated: float = 0.6
    rotation_deg: float = 30.0
    scale: float = 0.25
    color: float = 0.4
    cropped: float = 0.1
    occluded: float = 0.3


class Augmenter:
    """Varies samples of a body.

    A flip of a body that is not symmetric drops `vertices`, `parts` and `uv`, which have no counterparts then.
    """

    def __init__(self, body: Body, config: AugmentConfig) -> None:
        self.config = config
        self._mirror = mirror_of(body)
        self._joints, self._points = mirrored_joints(), mirrored_names(POINTS)

    def __call__(self, sample: Sample, rng: Rng) -> Sample:
        """The varied sample; the same random numbers give the same one."""
        config = self.config
        if rng.random() < config.flip:
            sample = self.flipped(sample)
        angle, scale, center = _drawn(rng, sample, config)
        if angle or scale != 1 or center is not None:
            sample = transformed(sample, angle, scale, center)
        if config.color > 0:
            factors = rng.uniform(1 - config.color, 1 + config.color, 3)
            sample = replace(sample, image=(sample.image * factors).clip(0, 255).astype(np.uint8))
        return occluded(sample, rng, config.occluded)

    def flipped(self, sample: Sample) -> Sample:
        """The sample in a mirror: left and right are exchanged in every annotation."""
        width = sample.image.shape[1]
        changed: dict[str, NDArray[np.generic] | None] = {"image": np.ascontiguousarray(sample.image[:, ::-1])}
        if sample.K is not None:
            K = sample.K.copy()
            K[0] = (width - 1) * K[2] - K[0]
            changed["K"] = (K @ MIRROR).astype(np.float32)
        if sample.points_2d is not None:
            points = sample.points_2d[self._points].copy()
            points[:, 0] = np.where(points[:, 2] == UNKNOWN, points[:, 0], width - 1 - points[:, 0])
            changed["points_2d"] = points
        if sample.points_3d is not None:
            changed["points_3d"] = (sample.points_3d[self._points] * np.array([-1, 1, 1, 1])).astype(np.float32)
        if sample.rotations is not None:
            changed["rotations"] = (MIRROR @ sample.rotations[self._joints] @ MIRROR).astype(np.float32)
        if sample.root is not None:
            changed["root"] = (MIRROR @ sample.root).astype(np.float32)
        if sample.vertices is not None:
            mirror = self._mirror
            changed["vertices"] = None if mirror is None else sample.vertices[mirror.vertices] @ MIRROR
        if sample.dense is not None:
            changed["dense"] = self._flipped_dense(sample.dense, width)
        for name in ("silhouette", "occluded"):
            if getattr(sample, name) is not None:
                changed[name] = np.ascontiguousarray(getattr(sample, name)[:, ::-1])
        return replace(sample, **changed, **self._flipped_surface(sample))  # type: ignore[arg-type]

    def _flipped_dense(self, dense: F32, width: int) -> F32 | None:
        if self._mirror is None:
            return None
        dense = dense.copy()
        dense[:, 0] = width - 1 - dense[:, 0]
        dense[:, 2:5] = self._mirror.vertices[dense[:, 2:5].astype(np.int64)]
        return dense

    def _flipped_surface(self, sample: Sample) -> dict[str, NDArray[np.generic] | None]:
        """Part and IUV map in the mirror."""
        if sample.parts is None:
            return {} if sample.uv is None else {"uv": None}
        parts = np.ascontiguousarray(sample.parts[:, ::-1])
        swapped = np.concatenate([[0], self._joints + 1]).astype(np.uint8)
        if sample.uv is None:
            return {"parts": swapped[parts]}
        if self._mirror is None or self._mirror.surface is None:
            return {"parts": swapped[parts], "uv": None}
        inside = parts > 0
        uv = np.ascontiguousarray(sample.uv[:, ::-1])
        parts, uv = parts.copy(), uv.copy()
        parts[inside], uv[inside] = self._mirror.surface(parts[inside], uv[inside])
        return {"parts": parts, "uv": uv}


def transformed(sample: Sample, angle: float, scale: float, center: tuple[float, float] | None = None) -> Sample:
    """The sample turned clockwise by an angle in radians and scaled about `center` (x, y) px.

    The center moves to the middle of the crop; None is the middle itself. Outside of the old crop the new one is black,
    without annotations in its maps.
    """
    height, width = sample.image.shape[:2]
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    c, s = math.cos(angle), math.sin(angle)
    A = np.eye(3)
    A[:2, :2] = scale * np.array([[c, -s], [s, c]])
    A[:2, 2] = middle - A[:2, :2] @ (middle if center is None else np.array(center, np.float64))
    R = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    changed: dict[str, NDArray[np.generic]] = {"image": _warped(sample.image, A, cv2.INTER_LINEAR)}
    for name in MAPS:
        values = getattr(sample, name)
        if values is not None:
            changed[name] = _warped(values, A, cv2.INTER_NEAREST)
    if sample.points_2d is not None:
        points = sample.points_2d.copy()
        points[:, :2] = points[:, :2] @ A[:2, :2].T + A[:2, 2]
        changed["points_2d"] = _inside(points, width, height)
    if sample.dense is not None:
        dense = sample.dense.copy()
        dense[:, :2] = dense[:, :2] @ A[:2, :2].T + A[:2, 2]
        changed["dense"] = dense
    if sample.K is not None:
        changed["K"] = (A @ sample.K @ R.T).astype(np.float32)
    if sample.points_3d is not None:
        known = sample.points_3d.copy()
        known[:, :3] = known[:, :3] @ R.T
        changed["points_3d"] = known
    if sample.rotations is not None:
        rotations = sample.rotations.copy()
        rotations[0] = R @ rotations[0]
        changed["rotations"] = rotations
    for name in ("vertices", "root"):
        if getattr(sample, name) is not None:
            changed[name] = (getattr(sample, name) @ R.T).astype(np.float32)
    return replace(sample, **changed)  # type: ignore[arg-type]


def occluded(sample: Sample, rng: Rng, share: float) -> Sample:
    """The sample with synthetic occluders at a share of the draws; keypoints under them are hidden."""
    image = sample.image.astype(np.float32)
    covered = add_occluders(rng, image, share)
    if not covered.any():
        return sample
    points = sample.points_2d
    if points is not None:
        points = points.copy()
        column, row = (np.rint(points[:, k]).astype(np.int64) for k in (0, 1))
        inside = (column >= 0) & (column < covered.shape[1]) & (row >= 0) & (row < covered.shape[0])
        at = row.clip(0, covered.shape[0] - 1), column.clip(0, covered.shape[1] - 1)
        points[(points[:, 2] == SEEN) & inside & covered[at], 2] = HIDDEN
    before = sample.occluded
    return replace(
        sample,
        image=image.clip(0, 255).astype(np.uint8),
        points_2d=points,
        occluded=covered if before is None else covered | before,
    )


def _drawn(rng: Rng, sample: Sample, config: AugmentConfig) -> tuple[float, float, tuple[float, float] | None]:
    """An angle in radians, a scale, and the center of the crop."""
    angle = 0.0
    if rng.random() < config.rotated:
        angle = math.radians(config.rotation_deg * float(np.clip(rng.normal(), -SPREAD, SPREAD)))
    scale = 1 + config.scale * float(np.clip(rng.normal(), -SPREAD, SPREAD))
    if rng.random() >= config.cropped or sample.points_2d is None:
        return angle, scale, None
    known = sample.points_2d[sample.points_2d[:, 2] != UNKNOWN, :2]
    if not len(known):
        return angle, scale, None
    x, y = known[rng.integers(len(known))]
    return angle, scale / rng.uniform(0.4, 0.8), (float(x), float(y))


def _warped(values: NDArray[np.generic], A: F64, method: int) -> NDArray[np.generic]:
    numbers = values.astype(np.uint8) if values.dtype == bool else values
    height, width = values.shape[:2]
    made = cv2.warpAffine(np.ascontiguousarray(numbers), A[:2], (width, height), flags=method)
    return np.asarray(made, values.dtype)


def _inside(points: F32, width: int, height: int) -> F32:
    """Points whose flag is HIDDEN outside of the crop."""
    outside = (points[:, :2] < -0.5).any(1) | (points[:, 0] > width - 0.5) | (points[:, 1] > height - 0.5)
    points[outside & (points[:, 2] == SEEN), 2] = HIDDEN
    return points
