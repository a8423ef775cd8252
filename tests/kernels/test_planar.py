"""Crops of planar images are those of the whole image converted before, bit for bit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import edge_kernels
from edge_kernels import reference

ZERO, ONE = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
BT601 = (128, 9539, 16525, -3209, -6660, 13075)
FULL = (0, 8192, 14516, -2819, -5850, 11485)

Planes = tuple[np.ndarray, np.ndarray, np.ndarray]
Operators = pytest.mark.parametrize("operators", [reference, edge_kernels], ids=["reference", "native"])


def planes(height: int, width: int, spare: int = 0) -> Planes:
    """Luma, U and V of every kind of color, in rows with spare bytes at their end."""
    rng = np.random.default_rng(height)
    sizes = ((height, width), (height // 2, width // 2), (height // 2, width // 2))
    luma, u, v = (rng.integers(0, 256, (rows, columns + spare), np.uint8)[:, :columns] for rows, columns in sizes)
    return luma, u, v


def whole(given: Planes, coefficients: tuple[int, ...]) -> np.ndarray:
    luma, *chroma = given
    u, v = (plane.repeat(2, axis=0).repeat(2, axis=1) for plane in chroma)
    return edge_kernels.planar_colors(luma, u, v, coefficients)


def test_planar_colors_of_known_pixels_are_those_of_the_standard() -> None:
    yuv = np.array([(16, 128, 128), (235, 128, 128), (81, 90, 240), (145, 54, 34), (41, 240, 110)], np.uint8)
    colors = edge_kernels.planar_colors(*yuv.T, BT601)
    expected = [(0, 0, 0), (255, 255, 255), (0, 0, 255), (0, 255, 0), (255, 0, 0)]
    np.testing.assert_allclose(colors.astype(int), expected, atol=2)


@Operators
@pytest.mark.parametrize("scale", [0.07, 0.2, 0.37, 1.0, 2.3])
@pytest.mark.parametrize(("coefficients", "swap", "spare"), [(BT601, False, 0), (FULL, True, 13)])
def test_crop_of_planes_equals_crop_of_the_converted_image(
    operators: Any, scale: float, coefficients: tuple[int, ...], swap: bool, spare: int
) -> None:
    luma, u, v = given = planes(90, 166, spare)
    centers = np.array([[80.3, 41.9], [3, 2], [165, 80], [33.5, 7.25]], np.float32)
    scales = np.full(4, scale, np.float32)
    out, expected = np.full((2, 4, 3, 40, 31), np.nan, np.float32)
    operators.crop(ZERO, ONE, luma, centers, scales, out, pad=3, swap=swap, planar=(u, v, coefficients))
    operators.crop(ZERO, ONE, whole(given, coefficients), centers, scales, expected, pad=3, swap=swap)
    np.testing.assert_array_equal(out, expected)


@Operators
@pytest.mark.parametrize("block", [1, 2, 4, 8])
def test_letterbox_of_planes_equals_letterbox_of_the_converted_image(operators: Any, block: int) -> None:
    luma, u, v = given = planes(70, 118)
    out, expected = np.full((2, 1, 3, 48, 64), np.nan, np.float32)
    operators.letterbox(ZERO, ONE, luma, out, (3, 5, 59, 35), block=block, planar=(u, v, BT601))
    operators.letterbox(ZERO, ONE, whole(given, BT601), expected, (3, 5, 59, 35), block=block)
    np.testing.assert_array_equal(out, expected)


@Operators
@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        (lambda y, u, v: (y[:7], (u, v, BT601)), ValueError, "even height and width"),
        (lambda y, u, v: (y, (u[:3], v, BT601)), ValueError, r"u must have the shape \(4, 5\)"),
        (lambda y, u, v: (y, (u, v[:, :4], BT601)), ValueError, r"v must have the shape \(4, 5\)"),
        (lambda y, u, v: (y, (u, v.astype(np.int8), BT601)), TypeError, "v must be uint8"),
        (lambda y, u, v: (y, (u, v, (*BT601[:5], 1 << 15))), ValueError, "16 bits"),
        (lambda y, u, v: (np.stack([y] * 3, -1), (u, v, BT601)), ValueError, "image must have the shape"),
    ],
)
def test_crop_of_planes_that_do_not_fit_is_refused(
    operators: Any, change: Callable[..., Any], kind: type[Exception], message: str
) -> None:
    luma, planar = change(*planes(8, 10))
    out = np.zeros((1, 3, 4, 4), np.float32)
    with pytest.raises(kind, match=message):
        operators.crop(ZERO, ONE, luma, np.ones((1, 2), np.float32), np.ones(1, np.float32), out, planar=planar)
