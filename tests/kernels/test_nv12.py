"""NV12 to BGR: reference, CPU and CUDA give the same image, which is OpenCV's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest

import edge_kernels
from edge_kernels import reference

Run = Callable[..., None]


def on_cuda(bt709: bool, image: np.ndarray, chroma: np.ndarray, out: np.ndarray) -> None:
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("this torch has no CUDA, and the test takes its arrays from torch")
    arrays = [torch.from_numpy(np.ascontiguousarray(array)).cuda() for array in (image, chroma, out)]
    stream = torch.cuda.current_stream()
    edge_kernels.nv12_to_bgr(bt709, *arrays, stream.cuda_stream)
    stream.synchronize()
    out[:] = arrays[2].cpu().numpy()


CPU = pytest.param(edge_kernels.nv12_to_bgr, id="cpu")
CUDA = pytest.param(on_cuda, id="cuda", marks=pytest.mark.gpu)


def surface(height: int, width: int, pitch: int) -> tuple[np.ndarray, np.ndarray]:
    rows = np.random.default_rng(height).integers(0, 256, (height * 3 // 2, pitch), np.uint8)
    return rows[:height, :width], rows[height:, :width].reshape(height // 2, width // 2, 2)


@pytest.mark.parametrize("run", [CPU, CUDA])
@pytest.mark.parametrize("bt709", [False, True])
@pytest.mark.parametrize(("height", "width", "pitch"), [(2, 2, 2), (34, 302, 302), (4, 130, 256)])
def test_nv12_equals_the_reference(run: Run, bt709: bool, height: int, width: int, pitch: int) -> None:
    luma, chroma = surface(height, width, pitch)
    expected, made = (np.zeros((height, width, 3), np.uint8) for _ in range(2))
    reference.nv12_to_bgr(bt709, luma, chroma, expected)
    run(bt709, luma, chroma, made)
    np.testing.assert_array_equal(made, expected)


def test_nv12_of_bt601_is_opencvs() -> None:
    luma, chroma = surface(40, 64, 64)
    made = np.empty((40, 64, 3), np.uint8)
    edge_kernels.nv12_to_bgr(False, luma, chroma, made)
    stacked = np.concatenate([luma, chroma.reshape(20, 64)])
    np.testing.assert_array_equal(made, cv2.cvtColor(stacked, cv2.COLOR_YUV2BGR_NV12))


@pytest.mark.parametrize("run", [pytest.param(reference.nv12_to_bgr, id="reference"), CPU])
def test_nv12_wrong_arrays_raise(run: Run) -> None:
    def arrays(*shapes: tuple[int, ...]) -> list[Any]:
        return [np.zeros(shape, np.uint8) for shape in shapes]

    for shapes in (
        ((3, 4), (1, 2, 2), (3, 4, 3)),
        ((4, 4), (2, 1, 2), (4, 4, 3)),
        ((4, 4), (2, 2, 2), (4, 2, 3)),
        ((4, 4, 3), (2, 2, 2), (4, 4, 3)),
    ):
        with pytest.raises(ValueError, match="must have"):
            run(False, *arrays(*shapes))
    with pytest.raises(TypeError):
        run(False, *arrays((4, 4), (2, 2, 2)), np.zeros((4, 4, 3), np.float32))
