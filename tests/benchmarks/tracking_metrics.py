"""Metrics of multi-object tracking: HOTA (Luiten et al., 2021), IDF1 (Ristani et al., 2016) and id switches (CLEAR MOT,
Bernardin and Stiefelhagen, 2008), on boxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

Array = NDArray[np.generic]
ALPHAS = np.arange(0.05, 0.99, 0.05)  # thresholds of HOTA
MATCHED = 0.5  # intersection over union of a match for IDF1 and id switches


@dataclass(frozen=True, slots=True)
class Boxes:
    """The people of one frame: ids (N,) and boxes (N, 4) xyxy. ignored (N,): true people who are too hidden to count;
    a result on one of them is neither right nor wrong."""

    ids: Array
    boxes: Array
    ignored: Array | None = None


@dataclass(frozen=True, slots=True)
class TrackingScore:
    """Scores of one or more sequences: hota, det_a, ass_a and idf1 in 0..1; switches counts id switches, ids the ids
    that were given, people the true ones."""

    hota: float
    det_a: float
    ass_a: float
    idf1: float
    switches: int
    ids: int
    people: int


def score_tracking(truth: Sequence[Boxes], result: Sequence[Boxes]) -> TrackingScore:
    """Score a result against the truth, frame for frame. Several sequences: concatenated, with ids that differ."""
    frames = [_without_ignored(true, found) for true, found in zip(truth, result, strict=True)]
    true_index = {name: row for row, name in enumerate(sorted({i for true, _, _ in frames for i in true}))}
    found_index = {name: row for row, name in enumerate(sorted({i for _, found, _ in frames for i in found}))}
    rows = [np.array([true_index[i] for i in true], np.intp) for true, _, _ in frames]
    columns = [np.array([found_index[i] for i in found], np.intp) for _, found, _ in frames]
    ious = [iou for _, _, iou in frames]
    shape = (len(true_index), len(found_index))
    counts = np.zeros(shape[0]), np.zeros(shape[1])
    for row, column in zip(rows, columns, strict=True):
        counts[0][row] += 1
        counts[1][column] += 1
    hota, det_a, ass_a = _hota(rows, columns, ious, shape, counts)
    idf1 = _idf1(rows, columns, ious, shape, counts)
    return TrackingScore(hota, det_a, ass_a, idf1, _switches(rows, columns, ious), shape[1], shape[0])


def _without_ignored(true: Boxes, found: Boxes) -> tuple[list[int], list[int], Array]:
    """Ids of the truth and of the result, and their overlaps, without ignored people and the results on them."""
    iou = overlaps(true.boxes, found.boxes)
    kept = np.ones(len(found.ids), bool)
    ignored = np.zeros(len(true.ids), bool) if true.ignored is None else true.ignored.astype(bool)
    pairs = linear_sum_assignment(-np.where(iou >= MATCHED, iou + ~ignored[:, None], 0))
    for row, column in zip(*pairs, strict=True):
        if ignored[row] and iou[row, column] >= MATCHED:
            kept[column] = False
    return true.ids[~ignored].tolist(), found.ids[kept].tolist(), iou[~ignored][:, kept]


def _hota(
    rows: list[Array], columns: list[Array], ious: list[Array], shape: tuple[int, int], counts: tuple[Array, Array]
) -> tuple[float, float, float]:
    potential = np.zeros(shape)
    for row, column, iou in zip(rows, columns, ious, strict=True):
        total = iou.sum(axis=1, keepdims=True) + iou.sum(axis=0, keepdims=True) - iou
        potential[np.ix_(row, column)] += iou / np.maximum(total, 1e-12)
    alignment = potential / np.maximum(counts[0][:, None] + counts[1][None] - potential, 1e-12)
    matches = np.zeros((len(ALPHAS), *shape))
    for row, column, iou in zip(rows, columns, ious, strict=True):
        a, b = linear_sum_assignment(-alignment[np.ix_(row, column)] * iou)
        for level, alpha in enumerate(ALPHAS):
            good = iou[a, b] >= alpha - 1e-9
            matches[level, row[a[good]], column[b[good]]] += 1
    positives = matches.sum(axis=(1, 2))
    union = counts[0][:, None] + counts[1][None] - matches
    ass_a = (matches * matches / np.maximum(union, 1)).sum(axis=(1, 2)) / np.maximum(positives, 1)
    det_a = positives / np.maximum(counts[0].sum() + counts[1].sum() - positives, 1)
    return float(np.sqrt(det_a * ass_a).mean()), float(det_a.mean()), float(ass_a.mean())


def _idf1(
    rows: list[Array], columns: list[Array], ious: list[Array], shape: tuple[int, int], counts: tuple[Array, Array]
) -> float:
    together = np.zeros(shape)
    for row, column, iou in zip(rows, columns, ious, strict=True):
        together[np.ix_(row, column)] += iou >= MATCHED
    pairs = linear_sum_assignment(-together)
    return float(2 * together[pairs].sum() / max(counts[0].sum() + counts[1].sum(), 1))


def _switches(rows: list[Array], columns: list[Array], ious: list[Array]) -> int:
    """How often a true person is matched to another id than at the last match; existing matches are kept."""
    last: dict[int, int] = {}
    switches = 0
    for row, column, iou in zip(rows, columns, ious, strict=True):
        kept = np.array([[last.get(int(i)) == int(j) for j in column] for i in row], bool).reshape(iou.shape)
        a, b = linear_sum_assignment(-np.where(iou >= MATCHED, iou + 1000 * kept, 0))
        for i, j in zip(a, b, strict=True):
            if iou[i, j] >= MATCHED:
                person, found = int(row[i]), int(column[j])
                switches += last.get(person, found) != found
                last[person] = found
    return switches


def overlaps(a: Array, b: Array) -> Array:
    """Intersection over union (N, M) of boxes (N, 4) and (M, 4)."""
    low, high = np.maximum(a[:, None, :2], b[None, :, :2]), np.minimum(a[:, None, 2:], b[None, :, 2:])
    common = np.prod(np.clip(high - low, 0, None), axis=2)
    area_a, area_b = (np.prod(x[:, 2:] - x[:, :2], axis=1) for x in (a, b))
    return common / np.maximum(area_a[:, None] + area_b[None] - common, 1e-9)
