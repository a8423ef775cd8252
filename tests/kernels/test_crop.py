"""Crops and letterbox: reference, CPU and CUDA agree, with each other, with OpenCV and with published crops."""

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
from tests.support.paths import GOLDEN

ZERO, ONE = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
MEAN, STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
CLOSE = 0.02  # of 255: float32 places on images of some hundred pixels

Run = Callable[..., None]


def on_cuda(operator: str) -> Run:
    def run(mean: Any, std: Any, *arrays: Any, chroma: Any = None, **options: Any) -> None:
        torch = pytest.importorskip("torch")
        if not torch.cuda.is_available():
            pytest.skip("this torch has no CUDA, and the test takes its arrays from torch")

        def moved(value: Any) -> Any:
            return torch.from_numpy(np.ascontiguousarray(value)).cuda() if isinstance(value, np.ndarray) else value

        stream = torch.cuda.current_stream()
        there = [moved(array) for array in arrays]
        options |= {"chroma": moved(chroma), "stream": stream.cuda_stream}
        getattr(edge_kernels, operator)(mean, std, *there, **options)
        stream.synchronize()
        out = 3 if operator == "crop" else 1
        arrays[out][:] = there[out].cpu().numpy()

    return run


def paths(operator: str) -> list[Any]:
    return [
        pytest.param(getattr(reference, operator), id="reference"),
        pytest.param(getattr(edge_kernels, operator), id="cpu"),
        pytest.param(on_cuda(operator), id="cuda", marks=pytest.mark.gpu),
    ]


def noise(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    return rng.integers(0, 256, (height, width, 3), np.uint8)


def smooth(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """An image whose neighbors differ little, as OpenCV before version 5 rounds places to 1/32 pixel."""
    blurred = cv2.GaussianBlur(noise(rng, height, width).astype(np.float32), (0, 0), 5)
    return cv2.normalize(blurred, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)


def crop_by_opencv(image: np.ndarray, center: np.ndarray, scale: float, size: tuple[int, int], pad: int) -> np.ndarray:
    """A crop (h, w, 3) in levels: block means, then cv2.warpAffine, in float32."""
    height, width = size
    block = 1
    while scale * block <= 0.25:
        block *= 2
    low, high = np.zeros(2, int), np.array(image.shape[1::-1])
    if block > 1:
        reach = np.array([width, height]) / (2 * scale) + block
        low = np.clip(np.floor(center - reach), 0, high).astype(int)
        high = np.clip(np.ceil(center + reach), 0, high).astype(int)
    blocks = (high - low) // block
    if not blocks.all():
        return np.full((height, width, 3), pad, np.float32)
    whole = image[low[1] : low[1] + blocks[1] * block, low[0] : low[0] + blocks[0] * block].astype(np.float32)
    means = whole.reshape(blocks[1], block, blocks[0], block, 3).mean((1, 3))
    shift = np.array([width, height]) / 2 - scale * (center - low - (block - 1) / 2)
    move = np.array([[scale * block, 0, shift[0]], [0, scale * block, shift[1]]])
    return np.asarray(cv2.warpAffine(means, move, (width, height), borderValue=(pad, pad, pad)))


@pytest.mark.parametrize("run", paths("crop"))
@pytest.mark.parametrize("scale", [0.011, 0.06, 0.12, 0.2, 0.25, 0.26, 0.5, 0.93, 1.0, 1.7, 6.0])
@pytest.mark.parametrize(("height", "width"), [(48, 64), (31, 33), (1, 1), (70, 5)])
def test_crop_equals_opencv(run: Run, rng: np.random.Generator, scale: float, height: int, width: int) -> None:
    image = smooth(rng, 203, 311)
    centers = np.array([[155, 101], [4.3, 190.7], [311, 203], [-9, -20], [1000, 50]], np.float32)
    out = np.full((len(centers), 3, height, width), np.nan, np.float32)
    run(MEAN, STD, image, centers, np.full(len(centers), scale, np.float32), out, pad=114, swap=True)
    for found, center in zip(out, centers, strict=True):
        levels = crop_by_opencv(image, center, float(np.float32(scale)), (height, width), 114)[..., ::-1]
        np.testing.assert_allclose(found.transpose(1, 2, 0) * STD + MEAN, levels, atol=1)


@pytest.mark.parametrize("run", paths("crop"))
def test_crop_people_of_all_sizes_in_one_call_equal_single_calls(run: Run, rng: np.random.Generator) -> None:
    image = noise(rng, 97, 401)
    centers = rng.uniform(-60, 460, (37, 2)).astype(np.float32)
    scales = np.exp(rng.uniform(-5, 2, 37)).astype(np.float32)
    out, expected = np.full((2, 37, 3, 21, 45), np.nan, np.float32)
    run(MEAN, STD, image, centers, scales, out, pad=7)
    reference.crop(MEAN, STD, image, centers, scales, expected, pad=7)
    np.testing.assert_allclose(out, expected, atol=CLOSE / 57)
    assert (expected == (7 - np.float32(MEAN[0])) / np.float32(STD[0])).mean() < 0.9


@pytest.mark.parametrize("run", paths("letterbox"))
@pytest.mark.parametrize("window", [(0, 0, 45, 30), (3, 2, 40, 25), (0, 7, 1, 23), (44, 29, 1, 1), (0, 0, 1, 30)])
@pytest.mark.parametrize(
    ("height", "width", "block"),
    [
        (60, 90, 1),
        (25, 40, 1),
        (9, 7, 1),
        (1, 1, 1),
        (1, 33, 1),
        (101, 203, 2),
        (16, 16, 16),
        (301, 299, 8),
        (2, 99, 2),
    ],
)
def test_letterbox_equals_opencv(
    run: Run, rng: np.random.Generator, height: int, width: int, block: int, window: tuple[int, int, int, int]
) -> None:
    image = smooth(rng, height, width)
    out = np.full((1, 3, 30, 45), np.nan, np.float32)
    run(ZERO, ONE, image, out, window, block=block, pad=9)
    whole = image[: height // block * block, : width // block * block].astype(np.float32)
    means = whole.reshape(height // block, block, width // block, block, 3).mean((1, 3))
    expected = np.full((30, 45, 3), 9, np.float32)
    x, y, w, h = window
    expected[y : y + h, x : x + w] = cv2.resize(means, (w, h), interpolation=cv2.INTER_LINEAR)
    np.testing.assert_allclose(out[0].transpose(1, 2, 0), expected, atol=CLOSE)


def nv12(rng: np.random.Generator, height: int, width: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Luma and chroma of every kind of color, and what OpenCV makes of them."""
    both = rng.integers(0, 256, (height * 3 // 2, width), np.uint8)
    bgr = cv2.cvtColor(both, cv2.COLOR_YUV2BGR_NV12)
    return both[:height], both[height:].reshape(height // 2, width // 2, 2), bgr


@pytest.mark.parametrize("run", paths("crop"))
@pytest.mark.parametrize("scale", [0.1, 0.2, 0.37, 1.0, 2.3])
@pytest.mark.parametrize("swap", [False, True])
def test_crop_of_nv12_equals_crop_of_opencvs_bgr(run: Run, rng: np.random.Generator, scale: float, swap: bool) -> None:
    luma, chroma, bgr = nv12(rng, 90, 166)
    centers = np.array([[80.3, 41.9], [3, 2], [165, 80], [33.5, 7.25]], np.float32)
    scales = np.full(4, scale, np.float32)
    out, expected = np.full((2, 4, 3, 40, 31), np.nan, np.float32)
    run(ZERO, ONE, luma, centers, scales, out, pad=3, swap=swap, chroma=chroma)
    reference.crop(ZERO, ONE, bgr, centers, scales, expected, pad=3, swap=swap)
    np.testing.assert_allclose(out, expected, atol=CLOSE)


@pytest.mark.parametrize("run", paths("letterbox"))
@pytest.mark.parametrize("bt709", [False, True])
def test_letterbox_of_nv12_equals_letterbox_of_bgr(run: Run, rng: np.random.Generator, bt709: bool) -> None:
    luma, chroma, bgr = nv12(rng, 64, 96)
    out = np.full((1, 3, 64, 96), np.nan, np.float32)
    run(ZERO, ONE, luma, out, (0, 0, 96, 64), chroma=chroma, bt709=bt709)
    if bt709:  # ITU-R BT.709: R = Y + 1.5748 V, B = Y + 1.8556 U in full range
        y, (u, v) = (luma - 16.0) / 219, np.moveaxis((chroma.repeat(2, 0).repeat(2, 1) - 128.0) / 224, 2, 0)
        y = np.maximum(y, 0)
        green = y - 0.2126 / 0.7152 * 1.5748 * v - 0.0722 / 0.7152 * 1.8556 * u
        bgr = np.clip(255 * np.stack([y + 1.8556 * u, green, y + 1.5748 * v], 2), 0, 255)
        np.testing.assert_allclose(out[0].transpose(1, 2, 0), bgr, atol=0.51)
    else:
        np.testing.assert_array_equal(out[0].transpose(1, 2, 0), bgr)


@pytest.mark.parametrize("run", paths("crop"))
@pytest.mark.parametrize("std", [1e-5, 2e-3, 0.01, 58.0, 3e6, 1e7, 1e12])
def test_crop_float16_output_rounds_to_the_nearest(run: Run, rng: np.random.Generator, std: float) -> None:
    """From overflow to infinity through all binary exponents down to subnormal numbers and zero."""
    image = noise(rng, 50, 60)
    centers, scales = np.array([[30, 25], [9, 50]], np.float32), np.array([0.9, 1.3], np.float32)
    half, single = np.full((2, 3, 32, 40), np.nan, np.float16), np.empty((2, 3, 32, 40), np.float32)
    run((127.0, 1.0, 0.0), (std, std, std), image, centers, scales, half)
    run((127.0, 1.0, 0.0), (std, std, std), image, centers, scales, single)
    with np.errstate(over="ignore"):
        expected = single.astype(np.float16)
    if run is reference.crop:  # in float64 until the end
        np.testing.assert_allclose(half, expected, rtol=2e-3, atol=1e-7)
    else:
        np.testing.assert_array_equal(half, expected)


@pytest.mark.parametrize("run", paths("crop"))
def test_crop_equals_the_published_preprocessing(run: Run) -> None:
    with np.load(GOLDEN / "pipeline_crop_camera.npz") as golden:
        image, move, expected = golden["image"], golden["pare.trans"], golden["pare.crop"]
    height, width = expected.shape[:2]
    scale = move[0, 0]
    np.testing.assert_allclose(move[:, :2], scale * np.eye(2), atol=1e-9)
    center = (np.array([width, height]) / 2 - move[:, 2]) / scale
    out = np.empty((1, 3, height, width), np.float32)
    run(ZERO, ONE, image, np.array([center], np.float32), np.array([scale], np.float32), out)
    assert np.abs(out[0].transpose(1, 2, 0) - expected).max() <= 1


@pytest.mark.parametrize("run", paths("crop"))
def test_crop_without_people_or_with_invalid_centers_is_padding(run: Run, rng: np.random.Generator) -> None:
    image = noise(rng, 20, 30)
    none = np.empty((0, 3, 8, 8), np.float32)
    run(ZERO, ONE, image, np.empty((0, 2), np.float32), np.empty(0, np.float32), none)
    centers = np.array([[5, 5]] * 4 + [[np.nan, 5], [5, np.inf], [1e30, 5], [-3e9, 5]], np.float32)
    scales = np.array([0, -1, np.nan, 1e-30, 1, 1, 1, 1e-3], np.float32)
    out = np.full((8, 3, 8, 8), np.nan, np.float32)
    run(ZERO, ONE, image, centers, scales, out, pad=66)
    assert (out == 66).all()
    run(ZERO, ONE, image, centers[:1], np.array([np.inf], np.float32), out[:1], pad=66)
    assert np.isfinite(out).all()


@pytest.mark.parametrize("run", paths("crop")[:2])
def test_crop_accepts_strided_rows(run: Run, rng: np.random.Generator) -> None:
    """A part of an image, and one upside down, are read where they lie."""
    wide = noise(rng, 50, 80)
    luma, chroma, _ = nv12(rng, 50, 80)
    centers, scales = np.array([[20, 15]], np.float32), np.array([1.4], np.float32)
    out, expected = np.empty((2, 1, 3, 30, 40), np.float32)
    for part, whole in ((wide[7:, 11:71], None), (wide[::-1], None), (luma[4:40, 8:60], chroma[2:20, 4:30])):
        run(ZERO, ONE, part, centers, scales, out, chroma=whole)
        copied = None if whole is None else whole.copy()
        run(ZERO, ONE, part.copy(), centers, scales, expected, chroma=copied)
        np.testing.assert_array_equal(out, expected)


@given(
    seed=st.integers(0, 2**32 - 1),
    scale=st.floats(1 / 64, 4, width=32),
    level=st.integers(0, 255),
    pad=st.integers(0, 255),
    size=st.tuples(st.integers(1, 20), st.integers(1, 40)),
)
def test_crop_of_a_gray_image_is_gray(seed: int, scale: float, level: int, pad: int, size: tuple[int, int]) -> None:
    rng = np.random.default_rng(seed)
    image = np.full((int(rng.integers(1, 90)), int(rng.integers(1, 90)), 3), level, np.uint8)
    centers, scales = rng.uniform(-20, 100, (2, 2)).astype(np.float32), np.full(2, scale, np.float32)
    out, expected = np.empty((2, 2, 3, *size), np.float32)
    edge_kernels.crop(ZERO, ONE, image, centers, scales, out, pad=pad)
    assert min(level, pad) - 1e-4 <= out.min() <= out.max() <= max(level, pad) + 1e-4
    reference.crop(ZERO, ONE, image, centers, scales, expected, pad=pad)
    np.testing.assert_allclose(out, expected, atol=CLOSE)


@given(
    seed=st.integers(0, 2**32 - 1), scale=st.floats(0.28125, 3, width=32), dx=st.integers(0, 9), dy=st.integers(0, 9)
)
def test_crop_is_equivariant_to_translation(seed: int, scale: float, dx: int, dy: int) -> None:
    rng = np.random.default_rng(seed)
    image = noise(rng, 40, 50)
    moved = np.pad(image, ((dy, 0), (dx, 0), (0, 0)), constant_values=5)
    center, scales = rng.uniform(0, 45, (1, 2)).astype(np.float32), np.array([scale], np.float32)
    out, other = np.empty((2, 1, 3, 17, 23), np.float32)
    edge_kernels.crop(ZERO, ONE, image, center, scales, out, pad=5)
    edge_kernels.crop(ZERO, ONE, moved, center + np.array([dx, dy], np.float32), scales, other, pad=5, swap=True)
    np.testing.assert_allclose(out, other[:, ::-1], atol=CLOSE)


def good(operator: str) -> dict[str, Any]:
    arguments = {
        "mean": ZERO,
        "std": ONE,
        "image": np.full((8, 10, 3), 200, np.uint8),
        "centers": np.ones((2, 2), np.float32),
        "scales": np.ones(2, np.float32),
        "out": np.zeros((2, 3, 4, 6), np.float32),
    }
    if operator == "letterbox":
        arguments["out"] = arguments["out"][:1]
        del arguments["centers"], arguments["scales"]
        arguments["window"] = (0, 0, 6, 4)
    return arguments


@pytest.mark.parametrize("path", [0, 1], ids=["reference", "cpu"])
@pytest.mark.parametrize(
    ("operator", "change", "error", "message"),
    [
        ("crop", {"image": np.ones((8, 10, 3), np.float32)}, TypeError, "image must be uint8, not float32"),
        ("crop", {"image": np.ones((8, 10), np.uint8)}, ValueError, r"image must have the shape \(\*, \*, 3\)"),
        ("crop", {"image": np.ones((8, 0, 3), np.uint8)}, ValueError, "image has no pixels"),
        ("crop", {"image": np.ones((8, 20, 3), np.uint8)[:, ::2]}, ValueError, "pixels side by side"),
        ("crop", {"image": np.ones((8, 10, 3), np.uint8)[..., ::-1]}, ValueError, "pixels side by side"),
        ("crop", {"centers": np.ones((2, 2))}, TypeError, "centers must be float32, not float64"),
        ("crop", {"centers": np.ones((2, 3), np.float32)}, ValueError, "centers must have the shape"),
        ("crop", {"scales": np.ones(3, np.float32)}, ValueError, r"scales must have the shape \(2\), not \(3"),
        ("crop", {"scales": np.ones(2, np.int32)}, TypeError, "scales must be float32, not int32"),
        ("crop", {"out": np.zeros((2, 3, 4, 6))}, TypeError, "out must be float32 or float16, not float64"),
        ("crop", {"out": np.zeros((1, 3, 4, 6), np.float32)}, ValueError, r"out must have the shape \(2, 3, \*, \*\)"),
        ("crop", {"out": np.zeros((2, 3, 4, 12), np.float32)[..., ::2]}, ValueError, "out must be C-contiguous"),
        ("crop", {"out": [[[[0.0]]]]}, TypeError, "out"),
        ("crop", {"mean": (0.0, 0.0)}, TypeError, "mean"),
        ("crop", {"std": (1.0, 0.0, 1.0)}, ValueError, "std must be above 0"),
        ("crop", {"pad": 256}, ValueError, r"pad must be in 0\.\.255"),
        ("crop", {"chroma": np.ones((4, 5, 2), np.uint8)}, ValueError, r"image must have the shape \(\*, \*\)"),
        (
            "crop",
            {"image": np.ones((7, 10), np.uint8), "chroma": np.ones((3, 5, 2), np.uint8)},
            ValueError,
            "image must have an even height and width",
        ),
        (
            "crop",
            {"image": np.ones((8, 10), np.uint8), "chroma": np.ones((4, 10), np.uint8)},
            ValueError,
            r"chroma must have the shape \(4, 5, 2\), not \(4, 10\)",
        ),
        (
            "crop",
            {"image": np.ones((8, 10), np.uint8), "chroma": np.ones((4, 5, 2), np.int8)},
            TypeError,
            "chroma must be uint8",
        ),
        ("letterbox", {"window": (0, 0, 7, 4)}, ValueError, "window must lie in out"),
        ("letterbox", {"window": (-1, 0, 4, 4)}, ValueError, "window must lie in out"),
        ("letterbox", {"window": (0, 3, 4, 2)}, ValueError, "window must lie in out"),
        ("letterbox", {"window": (0, 0, 0, 4)}, ValueError, "window must lie in out"),
        ("letterbox", {"block": 3}, ValueError, "block must be a power of two"),
        ("letterbox", {"block": 16}, ValueError, "not larger than the image"),
        ("letterbox", {"block": 0}, ValueError, "block must be a power of two"),
        ("letterbox", {"out": np.zeros((2, 3, 4, 6), np.float32)}, ValueError, r"out must have the shape \(1, 3, "),
    ],
)
def test_crop_invalid_argument_is_named_in_the_error(
    operator: str, path: int, change: dict[str, Any], error: type[Exception], message: str
) -> None:
    run = paths(operator)[path].values[0]
    run(**good(operator))
    with pytest.raises(error, match=message):
        run(**(good(operator) | change))


@pytest.mark.parametrize("operator", ["crop", "letterbox"])
@pytest.mark.parametrize("path", [0, 1], ids=["reference", "cpu"])
def test_crop_read_only_output_raises_and_read_only_inputs_work(operator: str, path: int) -> None:
    run, arguments = paths(operator)[path].values[0], good(operator)
    for array in arguments.values():
        if isinstance(array, np.ndarray):
            array.flags.writeable = False
    with pytest.raises(TypeError):
        run(**arguments)
    assert not arguments["out"].any()
    arguments["out"] = np.zeros_like(arguments["out"])
    run(**arguments)
    assert arguments["out"].any()
