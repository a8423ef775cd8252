"""What INT8 changes, in the terms of whoever uses the result: figures of held-out people against limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from engines.cards.accuracy_gate import Metric

F32: TypeAlias = NDArray[np.float32]

SEEN = 0.3  # keypoint score from which float32 is sure of a place
AREA = 0.53  # of a person, as a share of the box (COCO's mean)
SAME_IOU = 0.5
JUMP = 0.1  # of the person's size
MM_PER_M = 1000.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What the gate lets through.

    shift_percent: median shift of keypoints (or of a box's sides) in percent of the longer side of the person's box;
    oks: mean object keypoint similarity to float32, at least; mesh_mm: median over people of the mean shift of the
    vertices; lost_percent: people that float32 sees and INT8 loses (of a detector also the reverse), percent.
    """

    shift_percent: float
    oks: float
    mesh_mm: float
    lost_percent: float


@dataclass(frozen=True, slots=True)
class Poses:
    """M people as one network sees them: keypoints (M, K, 2) px, scores (M, K), and root-relative vertices (M, V, 3) m,
    or None where the mesh does not come from keypoints. What is not finite counts as lost."""

    keypoints: F32
    scores: F32
    vertices: F32 | None


@dataclass(frozen=True, slots=True)
class Boxes:
    """The people of one picture: boxes (N, 4) xyxy px and scores (N,), everything above a low score."""

    boxes: F32
    scores: F32


def real_people(poses: Poses, real: float) -> NDArray[np.bool_]:
    """Which (M,) are people: finite, with a mean score of at least `real`, the tracker's bar."""
    finite = np.asarray(np.isfinite(poses.keypoints).all(axis=(1, 2)) & np.isfinite(poses.scores).all(axis=1))
    means = np.where(finite[:, None], poses.scores, 0).mean(axis=1)
    return np.asarray(finite & (means >= real))


def shifts(exact: Poses, other: Poses, sizes: F32) -> F32:
    """How far each keypoint (M, K) moved, as a share of the longer side of its person's box, sizes (M, 2) px; NaN where
    `exact` is not sure of it."""
    far: F32 = np.linalg.norm(other.keypoints - exact.keypoints, axis=-1) / sizes.max(axis=1)[:, None]
    return np.where(exact.scores > SEEN, far, np.nan).astype(np.float32)


def pose_metrics(exact: Poses, other: Poses, sizes: F32, sigmas: F32, real: float, limits: Limits) -> list[Metric]:
    """The gate of a pose model: `other` against `exact`, on the same crops of people with boxes of sizes (M, 2) px.

    sigmas (K,) are COCO's standard deviations; real is the mean keypoint score from which the tracker takes a track for
    a person. People whom float32 does not take for one are left out, those lost from all but the last figure.
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
    """The gate of a detector: the boxes of `other` against those of `exact`, picture by picture.

    start and keep are the scores from which the tracker begins with a person and with which it goes on. A person is
    lost whom one network would begin with and the other does not see above `keep`.
    """
    moved: list[float] = []
    scores: list[float] = []
    lost = invented = sure = sure_other = 0
    for one, two in zip(exact, other, strict=True):
        partner = _partners(one, two, start, keep)
        sure += len(partner)
        lost += int((partner < 0).sum())
        back = _partners(two, one, start, keep)
        sure_other += len(back)
        invented += int((back < 0).sum())
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
        Metric("people invented", "%", 100 * invented / max(sure_other, 1), limits.lost_percent),
    ]


def pose_degradation(exact: Poses, other: Poses, sizes: F32, real: float) -> float:
    """One number for what a network does to poses: the mean shift of sure keypoints of people, as a share of their
    size. A shift beyond JUMP counts as that: one keypoint that jumps says little of the others."""
    people = real_people(exact, real)
    moved = shifts(exact, other, sizes)[people]
    moved = np.minimum(moved, JUMP)
    return float(np.nanmean(moved)) if np.isfinite(moved).any() else float("inf")


def box_degradation(exact: list[Boxes], other: list[Boxes], keep: float) -> float:
    """One number for what a network does to boxes: the mean of their shift, as a share of the person, and of their
    score; a person who is lost counts as 1."""
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
    """Median and 95th percentile; infinite where nobody is left to measure."""
    if not values.size:
        return float("inf"), float("inf")
    p50, p95 = np.percentile(values, [50, 95])
    return float(p50), float(p95)
