"""crop and letterbox in NumPy: the reference of the native operators, and their replacement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from edge_kernels import _check
from edge_kernels.planar import planar_colors

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
U8 = NDArray[np.uint8]
Planar: TypeAlias = "tuple[U8, U8, Sequence[int]]"

FAR = 2.0**30
MATRIX_BITS = 20
# Luma, U to blue, U to green, V to green, V to red.
BT601 = (1.164, 2.018, -0.391, -0.813, 1.596)
BT709 = (1.164384, 2.112402, -0.213249, -0.532909, 1.792741)


@dataclass(frozen=True, slots=True)
class _Axis:
    """How an axis of the output lies on one of the image: `begin`..`end` show it, from block `start` on."""

    low: int
    count: int
    begin: int
    end: int
    start: float
    step: float
    clamp: bool


NOTHING = _Axis(0, 0, 0, 0, 0.0, 0.0, False)


def crop(
    mean: Sequence[float],
    std: Sequence[float],
    image: U8,
    centers: F32,
    scales: F32,
    out: NDArray[Any],
    pad: int = 0,
    swap: bool = False,
    chroma: U8 | None = None,
    bt709: bool = False,
    stream: int = 0,
    planar: Planar | None = None,
) -> None:
    """Parts of an image around centers, magnified by scales, normalized; see crop.hpp for the contract."""
    image = _interleaved(image, chroma, bt709, planar)
    _check.array(centers, "centers", np.float32, (None, 2))
    _check.array(scales, "scales", np.float32, (len(centers),))
    _check_output(mean, std, out, len(centers), pad)
    for center, scale, crop_out in zip(centers.astype(np.float64), scales.tolist(), out, strict=True):
        block = 1
        while 0 < scale * block <= 0.25 and block <= max(image.shape[:2]):
            block *= 2
        y, x = (
            _crop_axis(*axis, scale, block)
            for axis in zip(image.shape[:2], out.shape[2:], center[::-1].tolist(), strict=True)
        )
        _fill(mean, std, image, crop_out, x, y, block, pad, swap)


def letterbox(
    mean: Sequence[float],
    std: Sequence[float],
    image: U8,
    out: NDArray[Any],
    window: Sequence[int],
    block: int = 1,
    pad: int = 0,
    swap: bool = False,
    chroma: U8 | None = None,
    bt709: bool = False,
    stream: int = 0,
    planar: Planar | None = None,
) -> None:
    """An image that fills the window x, y, width, height of out, normalized; see crop.hpp for the contract."""
    image = _interleaved(image, chroma, bt709, planar)
    _check_output(mean, std, out, 1, pad)
    left, top, width, height = window
    if min(left, top) < 0 or min(width, height) < 1 or left + width > out.shape[3] or top + height > out.shape[2]:
        raise ValueError("window must lie in out")
    if block < 1 or block & (block - 1) or block > min(image.shape[:2]):
        raise ValueError("block must be a power of two, not larger than the image")
    y, x = (
        _Axis(0, length // block, begin, begin + size, length // block / size / 2 - 0.5, length // block / size, True)
        for length, begin, size in zip(image.shape[:2], (top, left), (height, width), strict=True)
    )
    _fill(mean, std, image, out[0], x, y, block, pad, swap)


def _interleaved(image: U8, chroma: U8 | None, bt709: bool, planar: Planar | None) -> U8:
    """The image (H, W, 3) BGR."""
    if planar is None:
        check_image(image, chroma)
        return image if chroma is None else to_bgr(image, chroma, BT709 if bt709 else BT601)
    u, v, coefficients = planar
    _check.image(image, "image", (None, None))
    height, width = image.shape
    if height % 2 or width % 2:
        raise ValueError("image must have an even height and width in planes")
    _check.image(u, "u", (height // 2, width // 2))
    _check.image(v, "v", (height // 2, width // 2))
    if len(coefficients) != 6 or not all(-(1 << 15) <= number < 1 << 15 for number in coefficients):
        raise ValueError("coefficients must have 16 bits")
    u, v = (plane.repeat(2, axis=0).repeat(2, axis=1) for plane in (u, v))
    return planar_colors(image, u, v, coefficients)


def check_image(image: U8, chroma: U8 | None) -> None:
    _check.image(image, "image", (None, None) if chroma is not None else (None, None, 3))
    if chroma is not None:
        height, width = image.shape
        if height % 2 or width % 2:
            raise ValueError("image must have an even height and width in NV12")
        _check.image(chroma, "chroma", (height // 2, width // 2, 2))


def _check_output(mean: Sequence[float], std: Sequence[float], out: NDArray[Any], count: int, pad: int) -> None:
    if len(mean) != 3 or len(std) != 3:
        raise TypeError("mean and std must be three numbers each")
    dtype = getattr(out, "dtype", np.float32)
    if dtype not in (np.float32, np.float16):
        raise TypeError(f"out must be float32 or float16, not {dtype}")
    _check.output(out, "out", dtype, (count, 3, None, None))
    if not 0 <= pad <= 255:
        raise ValueError("pad must be in 0..255")
    if min(std) <= 0:
        raise ValueError("std must be above 0")


def _crop_axis(length: int, size: int, center: float, scale: float, block: int) -> _Axis:
    if not (scale > 0 and np.isfinite(center)):
        return NOTHING
    low, high = 0, length
    if block > 1:
        reach = size / (2 * scale) + block
        low = int(np.clip(np.floor(center - reach), 0, length))
        high = int(np.clip(np.ceil(center + reach), 0, length))
    start = (center - low - (block - 1) / 2 - size / (2 * scale)) / block
    if high - low < block or not -FAR < start < FAR:
        return NOTHING
    return _Axis(low, (high - low) // block, 0, size, start, 1 / (scale * block), False)


def _fill(
    mean: Sequence[float],
    std: Sequence[float],
    image: U8,
    out: NDArray[Any],
    x: _Axis,
    y: _Axis,
    block: int,
    pad: int,
    swap: bool,
) -> None:
    """Write one output (3, h, w)."""
    pixels = np.full((*out.shape[1:], 3), pad, np.float64)
    if x.count > 0 and y.count > 0:
        whole = image[y.low : y.low + y.count * block, x.low : x.low + x.count * block]
        means = whole.reshape(y.count, block, x.count, block, 3).mean((1, 3))
        bordered = np.pad(means, ((1, 1), (1, 1), (0, 0)), constant_values=pad)
        (top, bottom, down), (left, right, across) = _taps(y), _taps(x)
        rows = bordered[top] + (bordered[bottom] - bordered[top]) * down[:, None, None]
        mixed = rows[:, left] + (rows[:, right] - rows[:, left]) * across[:, None]
        pixels[y.begin : y.end, x.begin : x.end] = mixed
    channels = pixels[..., ::-1] if swap else pixels
    with np.errstate(over="ignore"):
        out[:] = ((channels - np.array(mean)) / np.array(std)).transpose(2, 0, 1)


def _taps(axis: _Axis) -> tuple[I64, I64, F64]:
    """The two blocks that each output pixel lies between, counted from the padding before the first, and the weight of
    the second."""
    place = axis.start + axis.step * np.arange(axis.end - axis.begin)
    first = np.floor(place).astype(np.int64)
    low, high = (1, axis.count) if axis.clamp else (0, axis.count + 1)
    return np.clip(first + 1, low, high), np.clip(first + 2, low, high), place - first


def to_bgr(luma: U8, chroma: U8, matrix: Sequence[float]) -> U8:
    """NV12 to (H, W, 3) as OpenCV's COLOR_YUV2BGR_NV12 does it with BT601."""
    scale, blue_u, green_u, green_v, red_v = (round(factor * (1 << MATRIX_BITS)) for factor in matrix)
    u, v = np.moveaxis(chroma.repeat(2, axis=0).repeat(2, axis=1).astype(np.int64) - 128, 2, 0)
    gray = np.maximum(luma.astype(np.int64) - 16, 0) * scale
    fixed = np.stack([gray + blue_u * u, gray + green_u * u + green_v * v, gray + red_v * v], axis=2)
    bgr: U8 = np.clip((fixed + (1 << (MATRIX_BITS - 1))) >> MATRIX_BITS, 0, 255).astype(np.uint8)
    return bgr
