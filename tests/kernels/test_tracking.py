"""The tracker's operators: the native ones and their NumPy reference against plain loops."""

from __future__ import annotations

import math
from types import ModuleType

import cv2
import numpy as np
import pytest

import edge_kernels
from edge_kernels import reference
from edge_kernels.reference.tracking import lab_colors

PATHS = [pytest.param(reference, id="reference"), pytest.param(edge_kernels, id="cpu")]
either = pytest.mark.parametrize("ops", PATHS)


@either
@pytest.mark.parametrize("shape", [(0, 17, 2), (5, 17, 1), (7, 17, 2), (3, 1, 3), (4, 0, 2)])
def test_masked_median_equals_the_median_of_the_used_entries(ops: ModuleType, shape: tuple[int, int, int]) -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(0, 100, shape).astype(np.float32)
    used = (rng.random(shape[:2]) < 0.6).astype(np.uint8)
    used[:1] = 0
    out = np.full((shape[0], shape[2]), np.nan, np.float32)
    ops.masked_median(values, used, out)
    for row, kept in enumerate(used.astype(bool)):
        expected = np.median(values[row, kept], axis=0) if kept.any() else np.zeros(shape[2])
        np.testing.assert_array_equal(out[row], expected.astype(np.float32))


def similarity_by_hand(a: np.ndarray, b: np.ndarray, area: float, sigmas: np.ndarray) -> float:
    """Of the keypoints (K, 3), whose last entry is whether they are visible."""
    terms = [
        math.exp(-float(np.square(p[:2] - q[:2]).sum()) / (2 * area * (2 * sigma) ** 2))
        for p, q, sigma in zip(a, b, sigmas.tolist(), strict=True)
        if p[2] and q[2]
    ]
    return sum(terms) / len(terms) if len(terms) >= 3 else 0.0


@either
def test_keypoint_similarity_equals_the_formula_for_each_pair(ops: ModuleType) -> None:
    rng = np.random.default_rng(2)
    people = rng.normal(200, 20, (6, 17, 2)).astype(np.float32)
    people[5] += 5000  # far from all others
    scores = rng.random((6, 17)).astype(np.float32)
    scores[4, 2:] = 0  # two keypoints are too few
    areas = rng.uniform(2000, 9000, 6).astype(np.float32)
    sigmas = rng.uniform(0.02, 0.1, 17).astype(np.float32)
    out = np.full((6, 6), np.nan, np.float32)
    ops.keypoint_similarity(people, scores, areas, sigmas, 0.4, out)
    marked = np.concatenate([people, scores[..., None] > 0.4], axis=2)
    for a in range(6):
        for b in range(6):
            area = 0.53 * math.sqrt(float(areas[a]) * float(areas[b]))
            expected = similarity_by_hand(marked[a], marked[b], area, sigmas)
            assert out[a, b] == pytest.approx(0 if {a, b} & {5} and a != b else expected, abs=1e-5)
    assert out[4, 4] == 0
    assert out[0, 0] == 1


@either
@pytest.mark.parametrize("of_first", [False, True])
def test_box_overlaps_equals_the_areas_of_each_pair(ops: ModuleType, of_first: bool) -> None:
    rng = np.random.default_rng(3)
    low = rng.integers(0, 20, (9, 2))
    boxes = np.concatenate([low, low + rng.integers(-1, 15, (9, 2))], axis=1).astype(np.float32)
    a, b = boxes[:5], boxes[2:]
    out = np.full((5, 7), np.nan, np.float32)
    ops.box_overlaps(a, b, out, of_first)
    covered = np.zeros((len(boxes), 40, 40), bool)
    for cells, (left, top, right, bottom) in zip(covered, boxes.astype(int), strict=True):
        cells[top : max(top, bottom), left : max(left, right)] = True
    for row, mine in enumerate(covered[:5]):
        for column, other in enumerate(covered[2:]):
            whole = mine.sum() if of_first else (mine | other).sum()
            expected = (mine & other).sum() / whole if whole else 0.0
            assert out[row, column] == pytest.approx(expected, abs=1e-6)


def test_lab_colors_equal_opencv_conversion() -> None:
    colors = np.random.default_rng(0).integers(25, 256, (40, 50, 3)).astype(np.uint8)
    np.testing.assert_allclose(lab_colors(colors), cv2.cvtColor(colors, cv2.COLOR_BGR2LAB), atol=2)


@either
def test_median_colors_equal_opencv(ops: ModuleType) -> None:
    colors = np.random.default_rng(4).integers(0, 256, (3, 11, 3), dtype=np.uint8)
    out = np.full((3, 6), np.nan, np.float32)
    ops.median_colors(colors, 7, out)
    lab = cv2.cvtColor(colors, cv2.COLOR_BGR2LAB).astype(float)
    expected = [np.sort(part, axis=1)[:, part.shape[1] // 2] for part in (lab[:, :7], lab[:, 7:])]
    np.testing.assert_allclose(out, np.concatenate(expected, axis=1), atol=2)


@pytest.mark.parametrize("first", [0, 30, 44])
def test_median_colors_native_and_reference_agree(first: int) -> None:
    colors = np.random.default_rng(5).integers(0, 256, (4, 44, 3), dtype=np.uint8)
    colors[0] = 0  # black has a cube root of 0
    found, expected = np.empty((4, 6), np.float32), np.empty((4, 6), np.float32)
    edge_kernels.median_colors(colors, first, found)
    reference.median_colors(colors, first, expected)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-2)


@either
def test_tracking_operators_wrong_arrays_raise(ops: ModuleType) -> None:
    points, out = np.zeros((2, 3, 2), np.float32), np.zeros((2, 2), np.float32)
    with pytest.raises(TypeError, match="used must be uint8"):
        ops.masked_median(points, np.zeros((2, 3), np.float32), out)
    with pytest.raises(ValueError, match=r"scores must have the shape \(2, 3\)"):
        ops.keypoint_similarity(
            points, np.zeros((2, 4), np.float32), np.ones(2, np.float32), np.ones(3, np.float32), 0.1, out
        )
    with pytest.raises(ValueError, match=r"b must have the shape \(\*, 4\)"):
        ops.box_overlaps(np.zeros((2, 4), np.float32), np.zeros((2, 3), np.float32), out)
    with pytest.raises(ValueError, match="first"):
        ops.median_colors(np.zeros((2, 3, 3), np.uint8), 4, np.zeros((2, 6), np.float32))
