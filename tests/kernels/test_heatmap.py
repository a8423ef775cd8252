"""Peaks of heatmaps: reference, CPU and CUDA agree, with each other, with OpenCV's blur and with peaks put by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import edge_kernels
from edge_kernels import reference
from edge_kernels.reference.heatmap import gaussian

REFINEMENTS = ("none", "quarter", "dark")
CLOSE_PX = 1e-3

Run = Callable[..., None]


def on_cuda(maps: np.ndarray, keypoints: np.ndarray, scores: np.ndarray, refine: str = "none", blur: int = 11) -> None:
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("this torch has no CUDA, and the test takes its arrays from torch")
    arrays = [torch.from_numpy(array).cuda() for array in (maps, keypoints, scores)]
    stream = torch.cuda.current_stream()
    edge_kernels.heatmap(*arrays, refine, blur, stream.cuda_stream)
    stream.synchronize()
    keypoints[:], scores[:] = arrays[1].cpu().numpy(), arrays[2].cpu().numpy()


PATHS = [
    pytest.param(reference.heatmap, id="reference"),
    pytest.param(edge_kernels.heatmap, id="cpu"),
    pytest.param(on_cuda, id="cuda", marks=pytest.mark.gpu),
]


def found(run: Run, maps: np.ndarray, refine: str, blur: int = 11) -> tuple[np.ndarray, np.ndarray]:
    """Places in pixels of the maps, and scores."""
    keypoints, scores = np.full((*maps.shape[:2], 2), np.nan, np.float32), np.full(maps.shape[:2], np.nan, np.float32)
    run(maps, keypoints, scores, refine, blur)
    return keypoints * np.array(maps.shape[:1:-1], np.float32), scores


def blobs(rng: np.random.Generator, shape: tuple[int, ...], sigma: float = 2.0) -> np.ndarray:
    """Gaussians, some of them at the border, with some noise."""
    height, width = shape[2:]
    y, x = rng.uniform(-1, height, shape[:2]), rng.uniform(-1, width, shape[:2])
    across = np.exp(-((np.arange(width) - x[..., None]) ** 2) / (2 * sigma**2))
    down = np.exp(-((np.arange(height) - y[..., None]) ** 2) / (2 * sigma**2))
    return (down[..., None] * across[..., None, :] + 0.02 * rng.normal(size=shape)).astype(np.float32)


def dark_by_opencv(heatmap: np.ndarray, blur: int) -> np.ndarray:
    """The peak x, y px of a map (h, w) by the paper's own steps."""
    y, x = np.unravel_index(heatmap.argmax(), heatmap.shape)
    height, width = heatmap.shape
    smooth = cv2.GaussianBlur(heatmap.astype(np.float64), (blur, blur), 0, borderType=cv2.BORDER_CONSTANT)
    field = np.log(np.maximum(smooth * heatmap.max() / smooth.max(), 1e-10))
    if heatmap.max() <= 0:
        return np.zeros(2)
    if not (2 <= x < width - 2 and 2 <= y < height - 2):
        return np.array([x, y], float)
    at = field[y - 2 : y + 3, x - 2 : x + 3]
    gradient = np.array([at[2, 3] - at[2, 1], at[3, 2] - at[1, 2]]) / 2
    xy = (at[3, 3] - at[1, 3] - at[3, 1] + at[1, 1]) / 4
    hessian = np.array([[(at[2, 4] - 2 * at[2, 2] + at[2, 0]) / 4, xy], [xy, (at[4, 2] - 2 * at[2, 2] + at[0, 2]) / 4]])
    if not np.linalg.det(hessian):  # a plain below the floor
        return np.array([x, y], float)
    step = -np.linalg.solve(hessian, gradient)
    return np.array([x, y]) + (step if np.abs(step).max() <= 2 else 0)


@pytest.mark.parametrize("run", PATHS)
@pytest.mark.parametrize(
    ("shape", "blur"),
    [((4, 17, 64, 48), 11), ((2, 3, 96, 72), 17), ((1, 9, 37, 29), 7), ((1, 5, 20, 61), 5), ((3, 4, 33, 33), 3)],
)
def test_heatmap_dark_equals_the_paper_with_opencvs_blur(
    run: Run, rng: np.random.Generator, shape: tuple[int, ...], blur: int
) -> None:
    maps = np.concatenate([blobs(rng, shape), rng.normal(size=shape).astype(np.float32)])  # noise: below the floor
    keypoints, scores = found(run, maps, "dark", blur)
    np.testing.assert_array_equal(scores, maps.max((2, 3)))
    expected = np.array([[dark_by_opencv(heatmap, blur) for heatmap in person] for person in maps])
    np.testing.assert_allclose(keypoints, expected, atol=CLOSE_PX)


@pytest.mark.parametrize("run", PATHS)
@pytest.mark.parametrize("refine", REFINEMENTS)
@pytest.mark.parametrize(
    "shape", [(0, 17, 64, 48), (3, 0, 8, 8), (1, 1, 1, 1), (2, 3, 1, 9), (2, 3, 5, 5), (1, 2, 3, 700), (90, 2, 64, 48)]
)
def test_heatmap_of_any_size_equals_the_reference(
    run: Run, rng: np.random.Generator, refine: str, shape: tuple[int, ...]
) -> None:
    maps = blobs(rng, shape)
    keypoints, scores = found(run, maps, refine)
    expected, highest = found(reference.heatmap, maps, refine)
    np.testing.assert_allclose(keypoints, expected, atol=CLOSE_PX)
    np.testing.assert_array_equal(scores, highest)
    if refine == "none" and maps.size:
        y, x = np.divmod(maps.reshape(*shape[:2], -1).argmax(2), shape[3])
        expected = np.where(highest[..., None] > 0, np.stack([x, y], 2), 0)
        np.testing.assert_allclose(keypoints, expected, atol=CLOSE_PX)


@pytest.mark.parametrize("run", PATHS)
def test_heatmap_equal_peaks_give_the_first(run: Run) -> None:
    maps = np.zeros((1, 3, 30, 40), np.float32)
    for y, x in ((9, 39), (10, 2), (20, 30)):
        maps[0, 0, y, x] = 0.5
    maps[0, 1] = 0.25
    maps[0, 2] = -0.0
    keypoints, scores = found(run, maps, "none")
    np.testing.assert_allclose(keypoints, [[[39, 9], [0, 0], [0, 0]]], atol=1e-5)
    assert scores.tolist() == [[0.5, 0.25, 0.0]]


@pytest.mark.parametrize("run", PATHS)
@pytest.mark.parametrize("refine", REFINEMENTS)
@pytest.mark.parametrize("where", [0, 17, 63 * 48 + 47])
def test_heatmap_nonfinite_numbers_give_a_nan_score(run: Run, refine: str, where: int) -> None:
    maps = np.zeros((1, 5, 64, 48), np.float32)
    maps[0, :, 30, 20] = 1
    flat = maps.reshape(5, -1)
    flat[:4, where] = np.nan, -np.float32(np.nan), np.inf, -np.inf
    flat[4] = -np.inf
    keypoints, scores = found(run, maps, refine)
    assert np.isnan(scores[0, :2]).all()
    assert scores[0, 2:].tolist() == [np.inf, 1, -np.inf]
    assert not keypoints[0, [0, 1, 4]].any()
    np.testing.assert_allclose(keypoints[0, 2], [where % 48, where // 48], atol=CLOSE_PX)


@pytest.mark.parametrize("blur", [1, 3, 5, 7, 9, 11, 17, 255])
def test_gaussian_equals_opencv(blur: int) -> None:
    np.testing.assert_allclose(gaussian(blur), cv2.getGaussianKernel(blur, 0)[:, 0], atol=1e-12)


@given(
    seed=st.integers(0, 2**32 - 1),
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    blur=st.integers(0, 30),
    gain=st.sampled_from([1e-6, 1.0, 3e4]),
    refine=st.sampled_from(REFINEMENTS),
)
def test_heatmap_keypoints_stay_in_the_map_on_every_path(
    seed: int, height: int, width: int, blur: int, gain: float, refine: str
) -> None:
    rng = np.random.default_rng(seed)
    maps = (gain * np.maximum(blobs(rng, (2, 3, height, width)), 0)).astype(np.float32)
    keypoints, scores = found(edge_kernels.heatmap, maps, refine, 2 * blur + 1)
    expected, highest = found(reference.heatmap, maps, refine, 2 * blur + 1)
    np.testing.assert_array_equal(scores, highest)
    assert (keypoints >= -0.01).all()
    assert (keypoints <= np.array([width, height]) + 0.01).all()
    peaks, _ = found(reference.heatmap, maps, "none")
    # A step of almost the whole reach may be taken by one path and not by the other.
    same = np.isclose(keypoints, expected, atol=CLOSE_PX).all(2)
    bold = (np.abs(np.where(same[..., None], 0, keypoints + expected - 2 * peaks)).max(2) > 1.99) | same
    assert bold.all()


def good() -> dict[str, Any]:
    return {
        "maps": np.ones((2, 3, 8, 6), np.float32),
        "keypoints": np.zeros((2, 3, 2), np.float32),
        "scores": np.zeros((2, 3), np.float32),
    }


@pytest.mark.parametrize("run", PATHS[:2])
@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"maps": np.ones((2, 3, 8, 6))}, TypeError, "maps must be float32, not float64"),
        ({"maps": np.ones((2, 3, 8), np.float32)}, ValueError, r"maps must have the shape \(\*, \*, \*, \*\)"),
        ({"maps": np.ones((2, 3, 8, 12), np.float32)[..., ::2]}, ValueError, "maps must be C-contiguous"),
        ({"maps": np.ones((2, 3, 0, 6), np.float32)}, ValueError, "maps has no pixels"),
        ({"keypoints": np.zeros((2, 3, 2))}, TypeError, "keypoints must be float32, not float64"),
        ({"keypoints": np.zeros((2, 3, 3), np.float32)}, ValueError, r"keypoints must have the shape \(2, 3, 2\)"),
        ({"keypoints": np.zeros((2, 3, 4), np.float32)[..., ::2]}, ValueError, "keypoints must be C-contiguous"),
        ({"scores": np.zeros((2, 2), np.float32)}, ValueError, r"scores must have the shape \(2, 3\)"),
        ({"scores": [[0.0] * 3] * 2}, TypeError, "scores"),
        ({"refine": "half"}, ValueError, "refine must be none, quarter or dark"),
        ({"blur": 4}, ValueError, r"blur must be odd and in 1\.\.255"),
        ({"blur": 257}, ValueError, r"blur must be odd and in 1\.\.255"),
    ],
)
def test_heatmap_invalid_argument_is_named_in_the_error(
    run: Run, change: dict[str, Any], error: type[Exception], message: str
) -> None:
    run(**good())
    with pytest.raises(error, match=message):
        run(**(good() | change))


@pytest.mark.parametrize("run", PATHS[:2])
@pytest.mark.parametrize("name", ["keypoints", "scores"])
def test_heatmap_read_only_output_raises_and_read_only_inputs_work(run: Run, name: str) -> None:
    arguments = good()
    arguments["maps"].flags.writeable = False
    run(**arguments)
    assert (arguments["scores"] == 1).all()
    arguments[name].flags.writeable = False
    with pytest.raises(TypeError):
        run(**arguments)
