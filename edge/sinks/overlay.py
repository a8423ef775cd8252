"""Overlay files: a video, a single image, or a contact sheet of a clip."""

from __future__ import annotations

import contextlib
import logging
import math
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Protocol, cast

import av
import cv2
import numpy as np
from av.video.stream import VideoStream

from edge.errors import OutputError
from edge.render.meshes import outlined_text, text_scale
from edge.sinks.encoders import TICKS_PER_S, choose_encoder, configure
from edge.sinks.fragments import OPTIONS, FragmentFile, recover, truncate_to_complete
from edge.sinks.output_file import OutputFile
from edge.sources.clock import MAX_GAP_S
from edge.types import U8, Frame

log = logging.getLogger("meshcast.sinks")

VIDEO = ".mp4"
IMAGES = (".png", ".jpg", ".jpeg")
TILES = 6
TILE_PX = 960  # longer side of a tile
GAP_PX = 12
BACKGROUND = (32, 28, 26)  # BGR


class _Output(Protocol):
    def write(self, frame: Frame, image: U8) -> None: ...

    def close(self) -> bool: ...


class OverlayWriter:
    """Writes overlay images to `path`, which appears when the writer is closed.

    `.mp4`: every frame at its time `frame.t_s`, so a variable frame rate stays in sync; gaps of more than a minute (and
    three frames) are shortened to one frame. Until it is closed the file is PATH.part, which plays up to the last
    second. `.png`, `.jpg`: the image itself if there is only one, else a contact sheet of up to six frames evenly
    spaced over the clip.

    fps: nominal frame rate, for the header of the video and the duration of its last frame. encoder: see
    choose_encoder.

    Raises OutputError at once if the suffix is unknown or the folder is not writable, and UnknownNameError for an
    unknown encoder. After an error of write(), close() keeps the frames before it if possible.
    """

    def __init__(self, path: str | Path | OutputFile, fps: float, encoder: str = "auto") -> None:
        """path: a path, or an open OutputFile."""
        final = path.path if isinstance(path, OutputFile) else Path(path)
        check_overlay_suffix(final)
        suffix = final.suffix.lower()
        chosen = choose_encoder(encoder) if suffix == VIDEO else ""
        self._target = path if isinstance(path, OutputFile) else OutputFile(path, salvageable=suffix == VIDEO)
        if suffix == VIDEO and self._target.kept is not None:
            recover(self._target.kept)
        self._output: _Output
        try:
            self._output = _Video(self._target, fps, chosen) if suffix == VIDEO else _Sheet(self._target, suffix)
        except BaseException:
            self._target.discard()
            raise
        self._open = True

    def write(self, frame: Frame, image: U8) -> None:
        """Add one overlay image (H, W, 3) uint8 BGR; the caller may reuse it afterwards."""
        self._output.write(frame, image)

    def close(self) -> bool:
        """Finish the file; False if no frame was written, and then no file is left. Idempotent."""
        if not self._open:
            return False
        self._open = False
        try:
            return self._output.close()
        finally:
            self._target.discard()  # no effect after commit()

    def abort(self) -> None:
        """Discard the file; an existing file at the path stays."""
        if self._open:
            self._open = False
            if isinstance(self._output, _Video):
                self._output.stop()
            self._target.discard()


def check_overlay_suffix(path: Path) -> None:
    """Raise OutputError for a suffix of neither a video nor an image."""
    if path.suffix.lower() != VIDEO and path.suffix.lower() not in IMAGES:
        raise OutputError(f"{path}: unsupported overlay type; use .mp4, .png or .jpg")


class _Video:
    """An encoder and its file; images of another size are scaled to fit into the size of the first."""

    def __init__(self, target: OutputFile, fps: float, encoder: str) -> None:
        self._target = target
        rate = Fraction(fps if fps > 0 else 30.0).limit_denominator(1001)
        self._last_tick = -1
        self._skipped = 0  # ticks of gaps
        self._duration = max(1, round(TICKS_PER_S / rate))
        self._rate = rate
        self._file = FragmentFile(target.file)
        self._container = av.open(self._file, "w", format="mp4", options=OPTIONS)
        self._stream = cast(VideoStream, self._container.add_stream(encoder, rate=rate))
        self._size: tuple[int, int] | None = None
        self._failed = False

    def write(self, frame: Frame, image: U8) -> None:
        if self._size is None:
            self._start(image)
        canvas = _even(_fit(image, self._size or (0, 0)))
        yuv = np.asarray(cv2.cvtColor(canvas, cv2.COLOR_BGR2YUV_I420), np.uint8)
        video_frame = av.VideoFrame.from_ndarray(yuv, format="yuv420p")
        video_frame.pts = self._last_tick = self._tick(frame.t_s)
        video_frame.duration = self._duration
        video_frame.time_base = Fraction(1, TICKS_PER_S)
        self._encode(video_frame)

    def _tick(self, t_s: float) -> int:
        """Presentation time of a frame in ticks, without long gaps: MP4 cannot represent gaps of many hours."""
        tick = round(t_s * TICKS_PER_S) - self._skipped
        gap = tick - self._last_tick
        if self._last_tick >= 0 and gap > max(MAX_GAP_S * TICKS_PER_S, 3 * self._duration):
            if not self._skipped:
                log.warning("%s: gaps of more than %g s are shortened to one frame", self._target.path, MAX_GAP_S)
            self._skipped += gap - self._duration
            tick = self._last_tick + self._duration
        return max(tick, self._last_tick + 1)

    def close(self) -> bool:
        if self._failed:
            return self._salvage()
        try:
            with self._reporting("finished"):
                if self._size is not None:
                    self._container.mux(self._stream.encode(None))
                self._container.close()
        except OutputError as error:
            if self._salvage():
                raise OutputError(f"{error}; all but its last second is kept") from None
            raise
        if self._size is None:
            return False
        self._target.commit()
        return True

    def stop(self) -> None:
        """Release the encoder; nothing more is written."""
        if self._file.error is None:
            self._file.error = OSError("stopped")
        with contextlib.suppress(OSError, ValueError, av.FFmpegError):
            self._container.close()

    def _salvage(self) -> bool:
        """Keep the complete fragments; False if there are none."""
        self.stop()
        with contextlib.suppress(OSError):
            if truncate_to_complete(self._target.file):
                self._target.commit()
                return True
        return False

    def _start(self, image: U8) -> None:
        height, width = image.shape[:2]
        self._size = (width, height)
        configure(self._stream.codec_context, width + width % 2, height + height % 2, self._rate)

    def _encode(self, video_frame: av.VideoFrame) -> None:
        with self._reporting("written"):
            self._container.mux(self._stream.encode(video_frame))

    @contextlib.contextmanager
    def _reporting(self, done: str) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError, av.FFmpegError) as error:
            self._failed = True
            cause = self._file.error or error
            reason = getattr(cause, "strerror", None) or str(cause)
            raise OutputError(f"{self._target.path}: the video cannot be {done}: {reason}") from None


class _Sheet:
    """The first image at full size, and thumbnails evenly spaced over a clip of unknown length.

    Keeps every `stride`-th frame; at twice the required number it drops every other one and doubles the stride. So
    memory is bounded, and at the end the tiles are selected evenly from those kept.
    """

    def __init__(self, target: OutputFile, suffix: str) -> None:
        self._target = target
        self._suffix = suffix
        self._first: U8 | None = None
        self._tiles: list[U8] = []
        self._stride = 1
        self._count = 0

    def write(self, frame: Frame, image: U8) -> None:
        if self._first is None:
            self._first = image.copy()
        if self._count % self._stride == 0:
            if len(self._tiles) == 2 * TILES:
                self._tiles = self._tiles[::2]
                self._stride *= 2
            if self._count % self._stride == 0:
                self._tiles.append(_tile(image, f"{frame.t_s:.2f} s"))
        self._count += 1

    def close(self) -> bool:
        if self._first is None:
            return False
        if self._count == 1:
            image = self._first
        else:
            chosen = np.linspace(0, len(self._tiles) - 1, min(TILES, len(self._tiles))).round().astype(int)
            image = _arrange([self._tiles[i] for i in chosen])
        quality = [] if self._suffix == ".png" else [cv2.IMWRITE_JPEG_QUALITY, 93]
        good, content = cv2.imencode(self._suffix, image, quality)
        if not good:
            raise OutputError(
                f"{self._target.path}: an image of {image.shape[1]} x {image.shape[0]} pixels cannot be encoded"
            )
        self._target.write(content.tobytes())
        return True


def _tile(image: U8, caption: str) -> U8:
    """A copy of the image, at most TILE_PX long, with its time in the lower left corner."""
    scale = min(1.0, TILE_PX / max(image.shape[:2]))
    size = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
    tile = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    outlined_text(tile, caption, (12, size[1] - 14), text_scale(tile), (255, 255, 255))
    return tile


def _arrange(tiles: list[U8]) -> U8:
    """Arrange the tiles in rows, with the number of columns whose sheet is closest to 16:9."""
    width, height = max(t.shape[1] for t in tiles) + GAP_PX, max(t.shape[0] for t in tiles) + GAP_PX

    def deviation(columns: int) -> float:
        rows = -(-len(tiles) // columns)
        return abs(math.log(columns * width / (rows * height) * 9 / 16)) + 0.5 * (rows * columns - len(tiles))

    columns = min(range(1, len(tiles) + 1), key=deviation)
    rows = -(-len(tiles) // columns)
    sheet = np.full((rows * height + GAP_PX, columns * width + GAP_PX, 3), BACKGROUND, np.uint8)
    for tile, (x, y) in zip(tiles, _corners(columns, width, height), strict=False):
        sheet[y : y + tile.shape[0], x : x + tile.shape[1]] = tile
    return sheet


def _corners(columns: int, width: int, height: int) -> Iterator[tuple[int, int]]:
    """Yield the top left corners (x, y) of the cells of the sheet, row by row, without end."""
    index = 0
    while True:
        yield GAP_PX + index % columns * width, GAP_PX + index // columns * height
        index += 1


def _fit(image: U8, size: tuple[int, int]) -> U8:
    """Scale the image to fit into a size (width, height) on black, with its aspect ratio."""
    height, width = image.shape[:2]
    if (width, height) == size:
        return image
    scale = min(size[0] / width, size[1] / height)
    inner = min(size[0], max(1, round(width * scale))), min(size[1], max(1, round(height * scale)))
    canvas = np.zeros((size[1], size[0], 3), np.uint8)
    x, y = (size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2
    canvas[y : y + inner[1], x : x + inner[0]] = cv2.resize(image, inner, interpolation=cv2.INTER_AREA)
    return canvas


def _even(image: U8) -> U8:
    """Pad odd sides by one pixel, as 4:2:0 video requires."""
    height, width = image.shape[:2]
    if height % 2 == 0 and width % 2 == 0:
        return image
    return np.asarray(cv2.copyMakeBorder(image, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE), np.uint8)
