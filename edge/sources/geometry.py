"""How a stored raster becomes an upright picture of square pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import cv2
import numpy as np

from edge.types import U8, Array

MAX_PIXELS = 100_000_000  # of one picture, stored or resampled: 300 MB of BGR

_SQUARE = 0.002  # relative difference of a pixel's sides up to which it counts as square
_MOST_ANAMORPHIC = 8


@dataclass(frozen=True, slots=True)
class Orientation:
    """What brings a stored picture upright: exchange x and y, then mirror left and right, then top and bottom."""

    transpose: bool = False
    mirror_x: bool = False
    mirror_y: bool = False

    @staticmethod
    def from_matrix(matrix: Sequence[int]) -> Orientation:
        """The nearest one to a display matrix: nine numbers (a, b, u, c, d, v, x, y, w) that map (p, q) to
        (a p + c q + x, b p + d q + y)."""
        a, b, _, c, d = (int(value) for value in matrix[:5])
        if abs(a) + abs(d) >= abs(b) + abs(c):
            return Orientation(False, a < 0, d < 0)
        return Orientation(True, c < 0, b < 0)

    @staticmethod
    def from_exif(code: int) -> Orientation:
        """Of EXIF's numbers 1 to 8; any other number counts as 1."""
        return _EXIF.get(code, Orientation())

    def then(self, quarters: int = 0, *, mirror_x: bool = False, mirror_y: bool = False) -> Orientation:
        """This one followed by quarter turns counter-clockwise, then mirrors."""
        made = self
        for _ in range(quarters % 4):
            made = Orientation(not made.transpose, made.mirror_y, not made.mirror_x)
        return Orientation(made.transpose, made.mirror_x ^ mirror_x, made.mirror_y ^ mirror_y)

    def size(self, size: tuple[int, int]) -> tuple[int, int]:
        """(width, height) of a picture of that size once it is upright."""
        return (size[1], size[0]) if self.transpose else size

    def apply(self, image: U8) -> U8:
        """The picture (H, W, 3), upright and C-contiguous."""
        made: Array = cv2.transpose(image) if self.transpose else image
        if self.mirror_x or self.mirror_y:
            made = cv2.flip(made, -1 if self.mirror_x and self.mirror_y else int(self.mirror_x))
        return np.ascontiguousarray(made, np.uint8)


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
    """(width, height) that a raster has with square pixels: the side that is too short is lengthened, or where that
    would be above the limit the other one is shortened.

    aspect: width to height of one pixel. None, and one that cannot be (zero, more than 1:8), counts as square.
    """
    width, height = size
    if aspect is None or not Fraction(1, _MOST_ANAMORPHIC) <= aspect <= _MOST_ANAMORPHIC:
        return size
    if abs(aspect - 1) <= _SQUARE:
        return size
    wide, high = (round(width * aspect), height), (width, max(1, round(height / aspect)))
    longer, shorter = (wide, high) if aspect > 1 else (high, (max(1, round(width * aspect)), height))
    return shorter if too_large(longer) else longer


def resample(image: U8, size: tuple[int, int]) -> U8:
    """The picture at another size (width, height)."""
    if (image.shape[1], image.shape[0]) == size:
        return image
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_CUBIC), np.uint8)


def too_large(size: tuple[int, int]) -> bool:
    """Whether a picture of that size (width, height) is above the limit."""
    return size[0] * size[1] > MAX_PIXELS


def too_large_text(size: tuple[int, int]) -> str:
    """What to say of it."""
    return f"its {size[0]} x {size[1]} pixels are above the limit of {MAX_PIXELS / 1e6:g} megapixels; scale it down"
