"""Pictures: one, a folder of them, or a glob."""

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

PICTURES_PER_S = 30.0
MAX_FILE_BYTES = 1_000_000_000

_UNREADABLE = "not a picture that can be read"


class ImageSource(Source):
    """The pictures of a file, folder or glob in natural order (2.png before 10.png), 1/30 s of stream time each
    unless fps says otherwise.

    Pictures may differ in size; `size` is that of the first. Files in a folder that are not called like a picture
    are passed over; pictures that cannot be read are skipped and noted in `problems`.
    Raises SourceError when there is no readable picture.
    """

    def __init__(
        self,
        target: str,
        *,
        name: str,
        loop: bool = False,
        fps: float | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        super().__init__(name, live=False, fps=fps or PICTURES_PER_S, stop=stop)
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
                    image = load_picture(path)
                except PictureError as error:
                    self._note(f"{path}: {error}, skipped")
                    continue
                yield Frame(self.name, index, time.monotonic_ns(), clock.stamp(None), image)
                index += 1
            if not self._loop:
                return
            if index == begin:
                raise SourceError(f"{self._target}: no longer holds a picture that can be read")

    def _first_size(self) -> tuple[int, int]:
        reasons = []
        for path in self._paths:
            try:
                image = load_picture(path)
            except PictureError as error:
                reasons.append(str(error))
                continue
            return image.shape[1], image.shape[0]
        if len(reasons) == 1 and reasons[0] != _UNREADABLE:
            raise SourceError(f"{self._target}: {reasons[0]}")
        raise SourceError(f"{self._target}: holds no picture that can be read{_whose(self._paths, self._target)}")


class PictureError(Exception):
    """A picture file cannot be read; the message is the reason in a few words."""


def read_image(path: Path) -> U8 | None:
    """As load_picture, but None where it raises."""
    try:
        return load_picture(path)
    except PictureError:
        return None


def load_picture(path: Path) -> U8:
    """A picture file as (H, W, 3) uint8 BGR, upright by its EXIF orientation (HEIF: by its turns and mirrors).

    Gray pictures get three equal channels, 16-bit ones keep their upper 8 bits, and transparency is dropped: the
    colors are those stored under it. The tiles of a HEIF picture are put together.

    Raises:
        PictureError: the file is no picture, or it claims more pixels than the limit; then it is not decoded.
    """
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise PictureError(f"its {path.stat().st_size} bytes are above the limit of {MAX_FILE_BYTES}")
        data = path.read_bytes()
    except OSError:
        raise PictureError(_UNREADABLE) from None
    if is_heif(data):
        try:
            return read_heif(data)
        except HeifError as error:
            raise PictureError(str(error)) from None
    size = image_size(data)
    if size is None:
        raise PictureError(_UNREADABLE)
    if too_large(size):
        raise PictureError(too_large_text(size))
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        image = None
    if image is None or image.dtype != np.uint8:
        raise PictureError(_UNREADABLE)
    return np.ascontiguousarray(image, np.uint8)


def _paths(target: str) -> list[Path]:
    place = Path(target)
    if place.is_dir():
        found = [path for path in place.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES and path.name[0] != "."]
    elif place.exists():
        found = [place]
    else:
        root = Path(place.anchor) if place.is_absolute() else Path()
        found = list(root.glob(str(place.relative_to(root))))
    return sorted((path for path in found if path.is_file()), key=_natural)


def _natural(path: Path) -> list[tuple[int, int, str]]:
    parts = re.split(r"(\d+)", str(path))
    return [(1, int(part), part) if part.isdecimal() else (0, 0, part.lower()) for part in parts]


def _whose(paths: list[Path], target: str) -> str:
    if not paths:
        return " (nothing there has a picture's name)" if Path(target).is_dir() else " (no file matches)"
    return "" if str(paths[0]) == target else f" ({len(paths)} files looked at)"
