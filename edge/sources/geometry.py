"""Orientation and pixel aspect: from the stored raster to an upright image with square pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import cv2
import numpy as np

from edge.types import U8, Array

MAX_PIXELS = 100_000_000  # per image, stored or resampled: 300 MB of BGR

_SQUARE = 0.002  # maximum relative difference of the sides of a square pixel
_MAX_ASPECT = 8


@dataclass(frozen=True, slots=True)
class Orientation:
    """Transform of a stored image to upright: transpose, then mirror horizontally, then vertically."""

    transpose: bool = False
    mirror_x: bool = False
    mirror_y: bool = False

    @staticmethod
    def from_matrix(matrix: Sequence[int]) -> Orientation:
        """Return the nearest orientation to a display matrix, the nine numbers (a, b, u, c, d, v, x, y, w) that map
        (p, q) to (a p + c q + x, b p + d q + y)."""
        a, b, _, c, d = (int(value) for value in matrix[:5])
        if abs(a) + abs(d) >= abs(b) + abs(c):
            return Orientation(False, a < 0, d < 0)
        return Orientation(True, c < 0, b < 0)

    @staticmethod
    def from_exif(code: int) -> Orientation:
        """Return the orientation of an EXIF code, 1 to 8; other codes count as 1."""
        return _EXIF.get(code, Orientation())

    def then(self, quarters: int = 0, *, mirror_x: bool = False, mirror_y: bool = False) -> Orientation:
        """Append counterclockwise quarter turns, then mirrors."""
        result = self
        for _ in range(quarters % 4):
            result = Orientation(not result.transpose, result.mirror_y, not result.mirror_x)
        return Orientation(result.transpose, result.mirror_x ^ mirror_x, result.mirror_y ^ mirror_y)

    def size(self, size: tuple[int, int]) -> tuple[int, int]:
        """Return (width, height) after the transform."""
        return (size[1], size[0]) if self.transpose else size

    def apply(self, image: U8) -> U8:
        """Return the image (H, W, 3) upright and C-contiguous."""
        result: Array = cv2.transpose(image) if self.transpose else image
        if self.mirror_x or self.mirror_y:
            result = cv2.flip(result, -1 if self.mirror_x and self.mirror_y else int(self.mirror_x))
        return np.ascontiguousarray(result, np.uint8)


_EXIF = {
    code: Orientation(*flags)
    for code, flags in enumerate(
        (
            (False, False, False),
            (False, True, False),
            (False, True, True),
            (False, False, True),
            (True, False, False),
            (True, True, False),
            (True, True, True),
            (True, False, True),
        ),
        1,
    )
}


def square_size(size: tuple[int, int], aspect: Fraction | None) -> tuple[int, int]:
    """Return (width, height) of a raster with square pixels: the short side is extended, or the long side reduced if
    that would exceed the limit.

    aspect: pixel aspect ratio, width / height. None and implausible values (zero, beyond 1:8) count as square.
    """
    width, height = size
    if aspect is None or not Fraction(1, _MAX_ASPECT) <= aspect <= _MAX_ASPECT:
        return size
    if abs(aspect - 1) <= _SQUARE:
        return size
    wide, high = (round(width * aspect), height), (width, max(1, round(height / aspect)))
    longer, shorter = (wide, high) if aspect > 1 else (high, (max(1, round(width * aspect)), height))
    return shorter if too_large(longer) else longer


def resample(image: U8, size: tuple[int, int]) -> U8:
    """Resample an image to (width, height)."""
    if (image.shape[1], image.shape[0]) == size:
        return image
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_CUBIC), np.uint8)


def too_large(size: tuple[int, int]) -> bool:
    """Whether an image of this size (width, height) exceeds the limit."""
    return size[0] * size[1] > MAX_PIXELS


def too_large_text(size: tuple[int, int]) -> str:
    """The message for a size above the limit."""
    return f"{size[0]} x {size[1]} pixels exceed the limit of {MAX_PIXELS / 1e6:g} megapixels; scale it down"
