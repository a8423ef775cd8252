"""Non-maximum suppression: reference, CPU and CUDA keep the same rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import edge_kernels
from edge_kernels import reference

Run = Callable[..., None]


def on_cuda(boxes: np.ndarray, scores: np.ndarray, kept: np.ndarray, iou: float) -> None:
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("this torch has no CUDA, and the test takes its arrays from torch")
    arrays = [torch.from_numpy(array).cuda() for array in (boxes, scores, kept)]
    stream = torch.cuda.current_stream()
    edge_kernels.nms(*arrays, iou, stream.cuda_stream)
    stream.synchronize()
    kept[:] = arrays[2].cpu().numpy()


PATHS = [
    pytest.param(reference.nms, id="reference"),
    pytest.param(edge_kernels.nms, id="cpu"),
    pytest.param(on_cuda, id="cuda", marks=pytest.mark.gpu),
]


def made(rng: np.random.Generator, count: int, levels: int) -> tuple[np.ndarray, np.ndarray]:
    """Boxes at whole pixels, so that overlaps are often equal, and scores of so many levels."""
    low = rng.integers(0, 30, (count, 2))
    boxes = np.concatenate([low, low + rng.integers(-1, 25, (count, 2))], axis=1).astype(np.float32)
    return boxes, (rng.integers(1, levels + 1, count) / levels).astype(np.float32)


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    sides = np.maximum(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0)
    areas = [np.maximum(box[2:] - box[:2], 0).prod() for box in (a, b)]
    union = sum(areas) - sides.prod()
    return float(sides.prod() / union) if union else 0.0


def by_hand(boxes: np.ndarray, scores: np.ndarray, iou: float) -> list[int]:
    """Greedily, one pair after the other."""
    kept: list[int] = []
    for row in sorted(range(len(boxes)), key=lambda row: (-scores[row], row)):
        if all(overlap(boxes[row], boxes[other]) <= iou for other in kept):
            kept.append(row)
    return kept


@pytest.mark.parametrize("run", PATHS)
@pytest.mark.parametrize("count", [0, 1, 2, 17, 300, 1500])
@pytest.mark.parametrize("iou", [0.0, 0.3, 0.6, 1.0])
def test_nms_every_path_keeps_the_same_rows(run: Run, rng: np.random.Generator, count: int, iou: float) -> None:
    boxes, scores = made(rng, count, levels=40)
    kept, expected = np.full((2, count), 99, np.int32)
    run(boxes, scores, kept, iou)
    reference.nms(boxes, scores, expected, iou)
    np.testing.assert_array_equal(kept, expected)
    if count < 100:
        rows = by_hand(boxes, scores, iou + 1e-7)
        assert kept.tolist() == rows + [-1] * (count - len(rows))


@pytest.mark.parametrize("run", PATHS)
def test_nms_equal_boxes_and_scores_keep_the_first(run: Run) -> None:
    boxes = np.tile(np.array([[0, 0, 10, 10], [20, 0, 30, 10]], np.float32), (3, 1))
    kept = np.empty(6, np.int32)
    run(boxes, np.full(6, 0.5, np.float32), kept, 0.5)
    assert kept.tolist() == [0, 1, -1, -1, -1, -1]


@pytest.mark.parametrize("run", PATHS)
def test_nms_nan_scores_come_last(run: Run) -> None:
    boxes = np.arange(20, dtype=np.float32).reshape(5, 4) * 100
    kept = np.empty(5, np.int32)
    run(boxes, np.array([np.nan, 0.2, np.nan, 0.9, -np.inf], np.float32), kept, 0.5)
    assert kept.tolist() == [3, 1, 4, 0, 2]


@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(0, 60),
    levels=st.sampled_from([1, 3, 1000]),
    iou=st.floats(0, 1, width=32),
)
def test_nms_kept_boxes_overlap_little_and_cover_the_rest(seed: int, count: int, levels: int, iou: float) -> None:
    boxes, scores = made(np.random.default_rng(seed), count, levels)
    kept, expected = np.empty((2, count), np.int32)
    edge_kernels.nms(boxes, scores, kept, iou)
    reference.nms(boxes, scores, expected, iou)
    np.testing.assert_array_equal(kept, expected)
    rows = kept[kept >= 0].tolist()
    assert (np.diff(scores[rows]) <= 0).all()
    close = 1e-6
    for number, row in enumerate(rows):
        assert all(overlap(boxes[row], boxes[other]) <= iou + close for other in rows[:number])
    for row in set(range(count)) - set(rows):
        assert any(overlap(boxes[row], boxes[other]) >= iou - close for other in rows if scores[other] >= scores[row])


def good() -> dict[str, Any]:
    return {
        "boxes": np.ones((3, 4), np.float32),
        "scores": np.ones(3, np.float32),
        "kept": np.full(3, 7, np.int32),
        "iou": 0.5,
    }


@pytest.mark.parametrize("run", PATHS[:2])
@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"boxes": np.ones((3, 4))}, TypeError, "boxes must be float32, not float64"),
        ({"boxes": np.ones((3, 5), np.float32)}, ValueError, r"boxes must have the shape \(\*, 4\), not \(3, 5\)"),
        ({"boxes": np.ones((3, 8), np.float32)[:, ::2]}, ValueError, "boxes must be C-contiguous"),
        ({"scores": np.ones(2, np.float32)}, ValueError, r"scores must have the shape \(3\), not \(2"),
        ({"scores": np.ones(3, np.int64)}, TypeError, "scores must be float32, not int64"),
        ({"kept": np.ones(3, np.int64)}, TypeError, "kept must be int32, not int64"),
        ({"kept": np.ones(4, np.int32)}, ValueError, r"kept must have the shape \(3\), not \(4"),
        ({"kept": [0, 0, 0]}, TypeError, "kept"),
    ],
)
def test_nms_invalid_argument_is_named_in_the_error(
    run: Run, change: dict[str, Any], error: type[Exception], message: str
) -> None:
    run(**good())
    with pytest.raises(error, match=message):
        run(**(good() | change))


@pytest.mark.parametrize("run", PATHS[:2])
def test_nms_read_only_output_raises_and_read_only_inputs_work(run: Run) -> None:
    arguments = good()
    arguments["boxes"].flags.writeable = arguments["scores"].flags.writeable = False
    run(**arguments)
    assert arguments["kept"].max() == 2
    arguments["kept"].flags.writeable = False
    with pytest.raises(TypeError):
        run(**arguments)
