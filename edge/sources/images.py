"""Image sources: a file, a folder or a glob."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from edge.errors import SourceError
from edge.sources.base import Source
from edge.sources.clock import FileClock
from edge.sources.geometry import too_large, too_large_text
from edge.sources.heif import HeifError, read_heif
from edge.sources.image_header import image_size, is_heif
from edge.sources.uri import IMAGE_SUFFIXES
from edge.types import U8, Frame

if TYPE_CHECKING:
    import threading

IMAGES_PER_S = 30.0
MAX_FILE_BYTES = 1_000_000_000

_UNREADABLE = "not a readable image"


class ImageSource(Source):
    """The images of a file, folder or glob in natural order (2.png before 10.png), at 30 frames per second unless `fps`
    is given.

    Images may differ in size; `size` is that of the first. In a folder, files without an image extension are ignored;
    unreadable images are skipped and listed in `problems`. `path` is the file of the latest frame. Raises SourceError
    if there is no readable image.
    """

    path: Path | None = None

    def __init__(
        self,
        target: str,
        *,
        name: str,
        loop: bool = False,
        fps: float | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        super().__init__(name, live=False, fps=fps or IMAGES_PER_S, stop=stop)
        self._target = target
        self._loop = loop
        self._paths = _paths(target)
        self.frame_count = len(self._paths)
        self.size = self._first_size()

    def __iter__(self) -> Iterator[Frame]:
        clock = FileClock(self.fps)
        index = 0
        while True:
            begin = index
            for path in self._paths:
                if self._stop.is_set():
                    return
                try:
                    image = load_image(path)
                except ImageError as error:
                    self._add_problem(f"{path}: {error}; skipped")
                    continue
                self.path = path
                yield Frame(self.name, index, time.monotonic_ns(), clock.stamp(None), image)
                index += 1
            if not self._loop:
                return
            if index == begin:
                raise SourceError(f"{self._target}: no readable image any more")

    def _first_size(self) -> tuple[int, int]:
        reasons = []
        for path in self._paths:
            try:
                image = load_image(path)
            except ImageError as error:
                reasons.append(str(error))
                continue
            return image.shape[1], image.shape[0]
        if len(reasons) == 1 and reasons[0] != _UNREADABLE:
            raise SourceError(f"{self._target}: {reasons[0]}")
        raise SourceError(f"{self._target}: no readable image{_search_summary(self._paths, self._target)}")


class ImageError(Exception):
    """An image file cannot be read; the message is the reason in a few words."""


def read_image(path: Path) -> U8 | None:
    """Like load_image, but returns None on failure."""
    try:
        return load_image(path)
    except ImageError:
        return None


def load_image(path: Path) -> U8:
    """Load an image file, upright according to its EXIF orientation (HEIF: its rotations and mirrors).

    Grayscale images get three equal channels, 16-bit images keep their upper 8 bits, and the alpha channel is dropped.
    The tiles of a HEIF image are assembled.

    Returns:
        The image, (H, W, 3) uint8 BGR.

    Raises:
        ImageError: the file is not an image, or it declares more pixels than the limit and is not decoded.
    """
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ImageError(f"{path.stat().st_size} bytes exceed the limit of {MAX_FILE_BYTES}")
        data = path.read_bytes()
    except OSError:
        raise ImageError(_UNREADABLE) from None
    if is_heif(data):
        try:
            return read_heif(data)
        except HeifError as error:
            raise ImageError(str(error)) from None
    size = image_size(data)
    if size is None:
        raise ImageError(_UNREADABLE)
    if too_large(size):
        raise ImageError(too_large_text(size))
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        image = None
    if image is None or image.dtype != np.uint8:
        raise ImageError(_UNREADABLE)
    return np.ascontiguousarray(image, np.uint8)


def _paths(target: str) -> list[Path]:
    path = Path(target)
    if path.is_dir():
        found = [each for each in path.iterdir() if each.suffix.lower() in IMAGE_SUFFIXES and each.name[0] != "."]
    elif path.exists():
        found = [path]
    else:
        root = Path(path.anchor) if path.is_absolute() else Path()
        found = list(root.glob(str(path.relative_to(root))))
    return sorted((each for each in found if each.is_file()), key=_natural)


def _natural(path: Path) -> list[tuple[int, int, str]]:
    parts = re.split(r"(\d+)", str(path))
    return [(1, int(part), part) if part.isdecimal() else (0, 0, part.lower()) for part in parts]


def _search_summary(paths: list[Path], target: str) -> str:
    if not paths:
        return " (no file with an image extension)" if Path(target).is_dir() else " (no file matches)"
    return "" if str(paths[0]) == target else f" ({len(paths)} files examined)"
