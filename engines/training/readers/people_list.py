"""Annotated people in image files: crops are cut when a sample is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.errors import MeshcastError
from engines.files.regular_file import read_file
from engines.training.mixture import BrokenSampleError
from engines.training.sample import Sample

F32 = NDArray[np.float32]
LARGEST_IMAGE = 1 << 28  # bytes
NO_IMAGE = np.zeros((1, 1, 3), np.uint8)  # of the annotations of an entry


@dataclass(frozen=True, slots=True, eq=False)
class PersonEntry:
    """A person in an image: the file, the square box (center x and y, side) in px, and the annotations.

    Keypoints and K are in px of the whole image; `annotations.image` is not used.
    """

    file: Path
    center: tuple[float, float]
    side: float
    annotations: Sample


class PeopleList:
    """Samples of people in image files, cropped to `size` px. Outside of the image the crop is black."""

    def __init__(self, entries: Sequence[PersonEntry], size: int) -> None:
        self._entries, self._size = entries, size

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, number: int) -> Sample:
        """Raises BrokenSampleError when the image is missing or cannot be decoded."""
        entry = self._entries[number]
        try:
            data = read_file(entry.file, BrokenSampleError, limit_bytes=LARGEST_IMAGE)
        except MeshcastError as error:
            raise BrokenSampleError(str(error)) from None
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
        if image is None:
            raise BrokenSampleError(f"{entry.file}: not an image, or damaged")
        return cropped(np.asarray(image[..., ::-1], np.uint8), entry, self._size)


def cropped(image: NDArray[np.uint8], entry: PersonEntry, size: int) -> Sample:
    """The sample of a person in an image (H, W, 3) RGB: crop, and keypoints and K in px of the crop."""
    scale = size / entry.side
    shift = (size - 1) / 2 - scale * np.array(entry.center, np.float32)
    matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]], np.float32)
    source, inner = np.ascontiguousarray(image), matrix
    if scale < 0.5:  # a warp reads single pixels: the image is shrunk first, pixel centers at integers
        shrunk = cv2.resize(source, None, fx=2 * scale, fy=2 * scale, interpolation=cv2.INTER_AREA)
        source = np.asarray(shrunk, np.uint8)
        real = np.array([source.shape[1] / image.shape[1], source.shape[0] / image.shape[0]])
        inner = np.zeros((2, 3), np.float32)
        inner[[0, 1], [0, 1]] = scale / real
        inner[:, 2] = shift + scale * (0.5 / real - 0.5)
    crop = cv2.warpAffine(source, inner, (size, size), flags=cv2.INTER_LINEAR)
    given = entry.annotations
    points, K, dense = given.points_2d, given.K, given.dense
    if points is not None:
        points = points.copy()
        points[:, :2] = points[:, :2] * scale + shift
    if K is not None:
        K = np.asarray(np.vstack([matrix, [0, 0, 1]]) @ K, np.float32)
    if dense is not None:
        dense = dense.copy()
        dense[:, :2] = dense[:, :2] * scale + shift
    image = np.ascontiguousarray(crop)
    return replace(given, image=image, points_2d=points, K=K, dense=dense, name=str(entry.file))
