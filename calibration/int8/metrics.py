"""Accuracy metrics of INT8 networks on held-out people, compared with limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from engines.cards.accuracy_gate import Metric

F32: TypeAlias = NDArray[np.float32]

MIN_KEYPOINT_SCORE = 0.3  # score of float32 above which a keypoint is compared
AREA = 0.53  # of a person, as a share of the box (COCO's mean)
SAME_IOU = 0.5
MAX_SHIFT = 0.1  # of the person's size, in the degradation
MM_PER_M = 1000.0


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of the accuracy gate.

    Attributes:
        shift_percent: largest median shift of keypoints (or of a box's sides), percent of the longer side of the box.
        oks: least mean object keypoint similarity to float32, 0..1.
        mesh_mm: largest median over people of the mean shift of the vertices, mm.
        lost_percent: largest share of people that float32 finds and INT8 misses (of a detector also the reverse).
    """

    shift_percent: float
    oks: float
    mesh_mm: float
    lost_percent: float


@dataclass(frozen=True, slots=True)
class Poses:
    """M people by one network: keypoints (M, K, 2) px, scores (M, K), and root-relative vertices (M, V, 3) m,
    or None when the mesh does not depend on keypoints. People that are not finite count as lost."""

    keypoints: F32
    scores: F32
    vertices: F32 | None


@dataclass(frozen=True, slots=True)
class Boxes:
    """The people of one image: boxes (N, 4) xyxy px and scores (N,), everything above a low score."""

    boxes: F32
    scores: F32


def real_people(poses: Poses, real: float) -> NDArray[np.bool_]:
    """Which (M,) are people: finite, with a mean score of at least `real`, the tracker's threshold."""
    finite = np.asarray(np.isfinite(poses.keypoints).all(axis=(1, 2)) & np.isfinite(poses.scores).all(axis=1))
    means = np.where(finite[:, None], poses.scores, 0).mean(axis=1)
    return np.asarray(finite & (means >= real))


def shifts(exact: Poses, other: Poses, sizes: F32) -> F32:
    """Shift of each keypoint (M, K), as a share of the longer side of its person's box, sizes (M, 2) px; NaN where its
    score in `exact` is low."""
    far: F32 = np.linalg.norm(other.keypoints - exact.keypoints, axis=-1) / sizes.max(axis=1)[:, None]
    return np.where(exact.scores > MIN_KEYPOINT_SCORE, far, np.nan).astype(np.float32)


def pose_metrics(exact: Poses, other: Poses, sizes: F32, sigmas: F32, real: float, limits: Limits) -> list[Metric]:
    """The gate of a pose model: `other` against `exact`, on the same crops of people with boxes of sizes (M, 2) px.

    sigmas (K,) are COCO's standard deviations; real is the least mean keypoint score of
    a person. People below it in float32 are left out, lost people from all metrics but the last.
    """
    people = real_people(exact, real)
    kept = people & real_people(other, real)
    moved = shifts(exact, other, sizes)[kept]
    sure = np.isfinite(moved)
    pixels = moved * sizes[kept].max(axis=1)[:, None]
    squared = np.square(other.keypoints[kept] - exact.keypoints[kept]).sum(axis=-1)
    near = np.exp(-squared / (2 * AREA * sizes[kept].prod(axis=1)[:, None] * np.square(2 * sigmas)))
    oks = (near * sure).sum(axis=1)[sure.any(axis=1)] / sure.sum(axis=1)[sure.any(axis=1)]
    p50, p95 = _percentiles(100 * moved[sure])
    metrics = [
        Metric("keypoint shift, median", "% of the person", p50, limits.shift_percent),
        Metric("keypoint shift, 95th percentile", "% of the person", p95),
        Metric("keypoint shift, median", "px", _percentiles(pixels[sure])[0]),
        Metric("object keypoint similarity, mean", "", float(oks.mean()) if oks.size else 0.0, limits.oks, True),
    ]
    if exact.vertices is not None and other.vertices is not None:
        far = MM_PER_M * np.linalg.norm(other.vertices[kept] - exact.vertices[kept], axis=-1).mean(axis=1)
        p50, p95 = _percentiles(far[np.isfinite(far)])
        metrics += [
            Metric("mesh shift, median person", "mm", p50, limits.mesh_mm),
            Metric("mesh shift, 95th percentile", "mm", p95),
        ]
    lost = 100 * float((people & ~kept).sum()) / max(int(people.sum()), 1)
    return [*metrics, Metric("people lost", "%", lost, limits.lost_percent)]


def box_metrics(exact: list[Boxes], other: list[Boxes], start: float, keep: float, limits: Limits) -> list[Metric]:
    """The gate of a detector: the boxes of `other` against those of `exact`, image by image.

    start and keep are the scores that start and confirm a track. A person is lost if one network would start a track
    and the other has no box above `keep`.
    """
    moved: list[float] = []
    scores: list[float] = []
    lost = false_people = sure = sure_other = 0
    for one, two in zip(exact, other, strict=True):
        partner = _partners(one, two, start, keep)
        sure += len(partner)
        lost += int((partner < 0).sum())
        back = _partners(two, one, start, keep)
        sure_other += len(back)
        false_people += int((back < 0).sum())
        first = np.flatnonzero(one.scores >= start)[partner >= 0]
        second = partner[partner >= 0]
        sides = (one.boxes[first, 2:] - one.boxes[first, :2]).max(axis=1, initial=0)
        moved += (100 * np.abs(two.boxes[second] - one.boxes[first]).mean(axis=1) / sides).tolist()
        scores += np.abs(two.scores[second] - one.scores[first]).tolist()
    p50, p95 = _percentiles(np.array(moved))
    return [
        Metric("box shift, median", "% of the person", p50, limits.shift_percent),
        Metric("box shift, 95th percentile", "% of the person", p95),
        Metric("score shift, median", "", _percentiles(np.array(scores))[0]),
        Metric("people lost", "%", 100 * lost / max(sure, 1), limits.lost_percent),
        Metric("people invented", "%", 100 * false_people / max(sure_other, 1), limits.lost_percent),
    ]


def pose_degradation(exact: Poses, other: Poses, sizes: F32, real: float) -> float:
    """The degradation of poses: the mean shift of keypoints with a high score, as a share of the person's size. Shifts
    are limited to MAX_SHIFT: a single outlier says little about the other keypoints."""
    people = real_people(exact, real)
    moved = shifts(exact, other, sizes)[people]
    moved = np.minimum(moved, MAX_SHIFT)
    return float(np.nanmean(moved)) if np.isfinite(moved).any() else float("inf")


def box_degradation(exact: list[Boxes], other: list[Boxes], keep: float) -> float:
    """The degradation of boxes: the mean shift, as a share of the person's size, plus that of the score; a lost person
    counts as 1."""
    total, count = 0.0, 0
    for one, two in zip(exact, other, strict=True):
        partner = _partners(one, two, keep, 0.0)
        first, second = np.flatnonzero(one.scores >= keep)[partner >= 0], partner[partner >= 0]
        sides = (one.boxes[first, 2:] - one.boxes[first, :2]).max(axis=1, initial=0)
        total += float((np.abs(two.boxes[second] - one.boxes[first]).mean(axis=1) / sides).sum())
        total += float(np.abs(two.scores[second] - one.scores[first]).sum()) + float((partner < 0).sum())
        count += len(partner)
    return total / max(count, 1)


def _partners(one: Boxes, two: Boxes, start: float, keep: float) -> NDArray[np.intp]:
    """For each box of `one` from `start` up, the index of the best covering box of `two` from `keep` up, or -1."""
    mine = one.boxes[one.scores >= start]
    theirs = np.flatnonzero(two.scores >= keep)
    if not len(theirs):
        return np.full(len(mine), -1, np.intp)
    low = np.maximum(mine[:, None, :2], two.boxes[None, theirs, :2])
    high = np.minimum(mine[:, None, 2:], two.boxes[None, theirs, 2:])
    common = np.clip(high - low, 0, None).prod(axis=2)
    areas = [np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) for boxes in (mine, two.boxes[theirs])]
    iou = common / (areas[0][:, None] + areas[1][None] - common)
    best = iou.argmax(axis=1)
    return np.where(iou[np.arange(len(mine)), best] >= SAME_IOU, theirs[best], -1)


def _percentiles(values: NDArray[np.floating]) -> tuple[float, float]:
    """Median and 95th percentile; infinite without values."""
    if not values.size:
        return float("inf"), float("inf")
    p50, p95 = np.percentile(values, [50, 95])
    return float(p50), float(p95)
