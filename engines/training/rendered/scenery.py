"""What is around a person: backgrounds, procedural or of a folder of images, and occluders."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.errors import ModelError

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]
Rng = np.random.Generator
IMAGES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")
KEPT = 64  # decoded images in memory
LONGEST = 640  # px of a kept image
MOST_SHAPES, MOST_OCCLUDERS = 14, 3
TRIES = 8


def fabric(rng: Rng, size: int) -> F32:
    """A random texture (size, size, 3) RGB: a gradient with noise of several scales."""
    colors = rng.uniform(0, 255, (2, 2, 3)).astype(np.float32)
    gray = colors.mean(2, keepdims=True)
    corners = gray + np.float32(rng.random()) * (colors - gray)  # seldom as colorful as a toy
    image = cv2.resize(corners, (size, size), interpolation=cv2.INTER_LINEAR)
    for cells, strength in ((4, 40), (9, 25), (28, 18)):
        grain = rng.standard_normal((cells, cells, 1), np.float32) * np.float32(strength * rng.random())
        if rng.random() < 0.3:
            grain = grain * rng.uniform(0.2, 1.0, 3).astype(np.float32)
        else:
            grain = np.repeat(grain, 3, axis=2)
        image += cv2.resize(grain, (size, size), interpolation=cv2.INTER_LINEAR)
    return np.asarray(image, np.float32).clip(0, 255)


def procedural_background(rng: Rng, size: int) -> F32:
    """Walls, furniture and clutter as far as a network cares: texture under random polygons, ellipses and lines."""
    image = fabric(rng, size)
    if rng.random() < 0.5:  # a floor
        line = int(size * rng.uniform(0.45, 0.9))
        image[line:] = 0.3 * image[line:] + 0.7 * fabric(rng, size)[line:]
    for _ in range(int(rng.integers(0, MOST_SHAPES))):
        _draw(rng, image, shape_mask(rng, size, 0.04, 0.5), rng.uniform(0.5, 1))
    return image


def shape_mask(rng: Rng, size: int, least: float, most: float) -> F32:
    """Coverage (size, size) in 0..1 of a random shape whose extent is that share of the image."""
    mask = np.zeros((size, size), np.uint8)
    center = rng.uniform(-0.1, 1.1, 2) * size
    extent = rng.uniform(least, most, 2) * size
    kind = rng.random()
    if kind < 0.3:
        box = cv2.boxPoints((tuple(center), tuple(extent), float(rng.uniform(0, 180))))
        cv2.fillPoly(mask, [np.round(box * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    elif kind < 0.6:
        cv2.ellipse(mask, (tuple(center), tuple(extent), float(rng.uniform(0, 180))), 255, -1, cv2.LINE_AA)
    elif kind < 0.85:
        angle = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(3, 9))))
        radius = rng.uniform(0.3, 1, len(angle))[:, None] * extent / 2
        corners = center + radius * np.stack([np.cos(angle), np.sin(angle)], 1)
        cv2.fillPoly(mask, [np.round(corners * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    else:  # a pole, or the limb of another person
        ends = np.round(center + rng.normal(0, 0.5, (2, 2)) * size).astype(int)
        width = max(1, round(float(rng.uniform(0.02, 0.12)) * size))
        cv2.line(mask, tuple(ends[0].tolist()), tuple(ends[1].tolist()), 255, width, cv2.LINE_AA)
    covered: F32 = mask.astype(np.float32) * np.float32(1 / 255)
    return covered


def _draw(rng: Rng, image: F32, mask: F32, opacity: float) -> None:
    """Draws a shape in a texture or a color into `image`, in place."""
    size = len(image)
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return
    part = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    textured = rng.random() < 0.4
    paint = fabric(rng, size)[part] if textured else rng.uniform(0, 255, (1, 1, 3)).astype(np.float32)
    image[part] += (opacity * mask[part])[..., None] * (paint - image[part])


def add_occluders(rng: Rng, image: F32, share: float) -> NDArray[np.bool_]:
    """Draws up to three occluders into `image`, in place, on a share of the images; returns what they cover."""
    covered = np.zeros(image.shape[:2], np.bool_)
    if rng.random() >= share:
        return covered
    for _ in range(int(rng.integers(1, MOST_OCCLUDERS + 1))):
        mask = shape_mask(rng, len(image), 0.12, 0.5)
        _draw(rng, image, mask, 1.0)
        covered |= mask > 0.5
    return covered


class ImageFolder:
    """The images of a folder as backgrounds. Those that cannot be read are skipped; `broken` counts them.

    Raises ModelError for a folder without images.
    """

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise ModelError(f"{folder}: no such folder; --backgrounds names a folder of images")
        found = (
            Path(where) / name for where, _, names in os.walk(folder) for name in names if name.lower().endswith(IMAGES)
        )
        self.paths = sorted(found)
        self.broken: set[Path] = set()
        if not self.paths:
            raise ModelError(f"{folder}: holds no image ({', '.join(IMAGES)}); choose another --backgrounds")
        self._read = lru_cache(KEPT)(_image_of)

    def __call__(self, rng: Rng, size: int) -> F32:
        """A random square (size, size, 3) RGB of a random image. Raises ModelError when many cannot be read."""
        for _ in range(TRIES):
            path = self.paths[int(rng.integers(len(self.paths)))]
            image = self._read(path)
            if image is not None:
                break
            self.broken.add(path)
        else:
            raise ModelError(f"{path}: {TRIES} images in a row cannot be read; check --backgrounds")
        height, width = image.shape[:2]
        side = max(2, int(min(height, width) * rng.uniform(0.5, 1)))
        top, left = int(rng.integers(height - side + 1)), int(rng.integers(width - side + 1))
        square = cv2.resize(image[top : top + side, left : left + side], (size, size), interpolation=cv2.INTER_AREA)
        if rng.random() < 0.5:
            square = square[:, ::-1]
        return np.asarray(square, np.float32)


def _image_of(path: Path) -> U8 | None:
    """An image in RGB, at most LONGEST px long; None when it cannot be read."""
    try:
        data = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError:
        return None
    image = cv2.imdecode(data, cv2.IMREAD_COLOR) if len(data) else None
    if image is None or min(image.shape[:2]) < 2:
        return None
    scale = LONGEST / max(image.shape[:2])
    if scale < 1:
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(image[..., ::-1])
