"""Painting over parts of a batch: reference, CPU and CUDA change the same pixels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import edge_kernels
from edge_kernels import reference

Run = Callable[..., None]
FILL = (0.25, -1.0, 3.0)


def on_cuda(fill: Any, mask: np.ndarray, rows: np.ndarray, out: np.ndarray) -> None:
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("this torch has no CUDA, and the test takes its arrays from torch")
    arrays = [torch.from_numpy(array).cuda() for array in (mask, rows, out)]
    stream = torch.cuda.current_stream()
    edge_kernels.paint(fill, *arrays, stream.cuda_stream)
    stream.synchronize()
    out[:] = arrays[2].cpu().numpy()


PATHS = [
    pytest.param(reference.paint, id="reference"),
    pytest.param(edge_kernels.paint, id="cpu"),
    pytest.param(on_cuda, id="cuda", marks=pytest.mark.gpu),
]


@pytest.mark.parametrize("run", PATHS)
@pytest.mark.parametrize(("count", "height", "width"), [(4, 16, 20), (3, 1, 1), (5, 33, 31)])
def test_paint_changes_the_masked_pixels_of_its_rows_only(run: Run, count: int, height: int, width: int) -> None:
    rng = np.random.default_rng(1)
    out = rng.normal(size=(count, 3, height, width)).astype(np.float32)
    mask = rng.integers(0, 3, (2, height, width)).astype(np.uint8)
    rows, expected = np.array([2, 0], np.int32), out.copy()
    for row, painted in zip(rows, mask, strict=True):
        for y, x in np.argwhere(painted):
            expected[row, :, y, x] = FILL
    run(FILL, mask, rows, out)
    np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize("run", PATHS)
def test_paint_leaves_rows_outside_of_the_batch_out(run: Run) -> None:
    out, mask = np.zeros((2, 3, 4, 4), np.float32), np.ones((3, 4, 4), np.uint8)
    run(FILL, mask, np.array([-1, 2, 1], np.int32), out)
    assert not out[0].any()
    np.testing.assert_array_equal(out[1], np.broadcast_to(np.reshape(FILL, (3, 1, 1)), (3, 4, 4)).astype(np.float32))


@pytest.mark.parametrize("run", PATHS)
def test_paint_without_masks_changes_nothing(run: Run) -> None:
    out = np.zeros((2, 3, 4, 4), np.float32)
    run(FILL, np.zeros((0, 4, 4), np.uint8), np.zeros(0, np.int32), out)
    assert not out.any()


@pytest.mark.parametrize("run", [PATHS[0], PATHS[1]])
@pytest.mark.parametrize(
    ("mask", "rows", "out", "error"),
    [
        ((1, 4, 4), (2,), (2, 3, 4, 4), ValueError),
        ((1, 4, 4), (1,), (2, 3, 4, 5), ValueError),
        ((1, 4, 4), (1,), (2, 4, 4, 4), ValueError),
        ((4, 4), (1,), (2, 3, 4, 4), ValueError),
    ],
)
def test_paint_wrong_shapes_raise(
    run: Run, mask: tuple[int, ...], rows: tuple[int, ...], out: tuple[int, ...], error: type[Exception]
) -> None:
    with pytest.raises(error):
        run(FILL, np.zeros(mask, np.uint8), np.zeros(rows, np.int32), np.zeros(out, np.float32))
    with pytest.raises(TypeError):
        run(FILL, np.zeros((1, 4, 4), np.float32), np.zeros(1, np.int32), np.zeros((2, 3, 4, 4), np.float32))
