"""Conversion of decoded images to the frames of a stream: numbers, times, and warnings about irregular input."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge.sources.clock import MAX_GAP_S, FileClock, LiveClock
from edge.sources.decoder import DecodedImage
from edge.sources.pending import PendingFrame

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

_NO_TIMESTAMPS = 0x80  # FFmpeg's AVFMT_NOTIMESTAMPS: an elementary stream
_IMAGES = "_pipe"  # suffix of FFmpeg's formats for concatenated images, whose timestamps are synthetic
_ASSUMED_FPS = 25
_MAX_FPS = 1000  # higher rates are the ticks of a clock
# Headers of these containers count slots for frames; a stream copy may leave every other slot empty.
COUNTS_SLOTS = ("avi",)

OnWarning = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class Rate:
    """Nominal frames per second, None while unknown. timeless: there are no timestamps. warning: about its origin."""

    fps: float | None
    timeless: bool = False
    warning: str = ""


def nominal_rate(container: InputContainer, stream: VideoStream, wanted: float | None) -> Rate:
    """Return the frame rate of a video. wanted: --fps, for videos without timestamps."""
    average, guessed = stream.average_rate, stream.guessed_rate
    if container.format.flags & _NO_TIMESTAMPS or container.format.name.endswith(_IMAGES):
        rate = wanted or stream.codec_context.framerate
        if rate:
            return Rate(float(rate), True)
        assumed = float(average or _ASSUMED_FPS)
        return Rate(
            assumed, True, f"no timestamps and no frame rate, assuming {assumed:g} frames per second; "
            "set the rate with --fps"
        )  # fmt: skip
    wrong = container.format.name in COUNTS_SLOTS or (average is not None and average > _MAX_FPS)
    known = guessed or average if wrong else average or guessed
    warning = "--fps is ignored; the video has timestamps" if wanted else ""
    return Rate(float(known) if known else None, warning=warning)


class FileFrames:
    """Builds the frames of a finite video. warn: called with the kind of a warning and its text."""

    def __init__(self, name: str, label: str, rate: Rate, warning: OnWarning) -> None:
        self._name = name
        self._label = label
        self._warn = warning
        self._rate = rate
        self._clock = FileClock(rate.fps)
        self.count = 0

    def frame(self, decoded: DecodedImage) -> PendingFrame:
        """Return the next frame."""
        t_s = self._clock.stamp(None if self._rate.timeless else decoded.pts_s)
        made = _frame(decoded, self._name, self.count, time.monotonic_ns(), t_s)
        self.count += 1
        _warn_about_pixels(decoded, self._label, self._warn)
        if self._rate.warning and self.count == 2:  # a single image needs no rate
            self._warn("rate", f"{self._label}: {self._rate.warning}")
        if self._clock.shortened:
            self._warn(
                "gaps",
                f"{self._label}: {self._clock.shortened} gaps of more than {MAX_GAP_S:g} s in the timestamps; "
                "each is shortened to one frame",
            )
        if self._clock.restarts:
            self._warn(
                "restarts",
                f"{self._label}: timestamps restart {self._clock.restarts} times; frame times continue",
            )
        return made

    def resume(self, index: int, origin_s: float, last_s: float) -> None:
        """Begin at the frame of an index. origin_s: timestamp of the first frame; last_s: time of the frame before."""
        self.count = index
        if last_s >= 0:
            self._clock.resume(origin_s, last_s)

    def restart(self) -> None:
        """Begin another pass: the next frame is its first."""
        self._clock.restart()


class LiveFrames:
    """Builds the frames of a live stream, numbered consecutively over all connections."""

    def __init__(self, name: str, label: str, warning: OnWarning) -> None:
        self._name = name
        self._label = label
        self._warn = warning
        self._clock = LiveClock()
        self.count = 0

    def frame(self, decoded: DecodedImage) -> PendingFrame:
        """Return the next frame, captured now."""
        now_ns = time.monotonic_ns()
        made = _frame(decoded, self._name, self.count, now_ns, self._clock.stamp(decoded.pts_s, now_ns))
        self.count += 1
        _warn_about_pixels(decoded, self._label, self._warn)
        return made

    def restart(self) -> None:
        """Begin another connection: the next frame is its first."""
        self._clock.restart()


def _frame(decoded: DecodedImage, camera: str, index: int, t_capture_ns: int, t_s: float) -> PendingFrame:
    raster = None if decoded.raster == decoded.size else decoded.raster
    return PendingFrame(camera, index, t_capture_ns, t_s, decoded.pixels, raster, decoded.planes)


def _warn_about_pixels(decoded: DecodedImage, label: str, warning: OnWarning) -> None:
    if decoded.size != decoded.raster:
        (w, h), (width, height) = decoded.raster, decoded.size
        warning("pixels", f"{label}: pixels are not square; {w} x {h} is resampled to {width} x {height}")
