"""Decoded pictures become the frames of a stream: numbered, with their times, and with a remark on what is unusual."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge.sources.clock import LONGEST_GAP_S, FileClock, LiveClock
from edge.sources.decoder import Picture
from edge.types import Frame

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

_NO_TIMESTAMPS = 0x80  # FFmpeg's AVFMT_NOTIMESTAMPS: an elementary stream
_IMAGES = "_pipe"  # FFmpeg's formats of images one after the other, whose timestamps it makes up
_ASSUMED_FPS = 25
_MOST_FPS = 1000  # what is above it is the ticks of a clock
# The headers of these count places for frames, of which a stream copy leaves every other one empty.
COUNTS_PLACES = ("avi",)

Remark = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class Rate:
    """Nominal frames per second, None while unknown. timeless: there are no timestamps. remark: on where it is from."""

    fps: float | None
    timeless: bool = False
    remark: str = ""


def nominal_rate(container: InputContainer, stream: VideoStream, wanted: float | None) -> Rate:
    """The frame rate of a video. wanted: what the user says of a video without timestamps."""
    average, guessed = stream.average_rate, stream.guessed_rate
    if container.format.flags & _NO_TIMESTAMPS or container.format.name.endswith(_IMAGES):
        rate = wanted or stream.codec_context.framerate
        if rate:
            return Rate(float(rate), True)
        assumed = float(average or _ASSUMED_FPS)
        return Rate(
            assumed, True, f"neither timestamps nor a frame rate are in it; {assumed:g} frames per second are assumed; "
            "set the rate with --fps"
        )  # fmt: skip
    wrong = container.format.name in COUNTS_PLACES or (average is not None and average > _MOST_FPS)
    known = guessed or average if wrong else average or guessed
    remark = "it has timestamps of its own; --fps is not used" if wanted else ""
    return Rate(float(known) if known else None, remark=remark)


class FileFrames:
    """The frames of a video that ends. remark: is called with a kind of remark and its text."""

    def __init__(self, name: str, title: str, rate: Rate, remark: Remark) -> None:
        self._name = name
        self._title = title
        self._remark = remark
        self._rate = rate
        self._clock = FileClock(rate.fps)
        self.count = 0

    def frame(self, picture: Picture) -> Frame:
        """The next frame."""
        t_s = self._clock.stamp(None if self._rate.timeless else picture.pts_s)
        made = _frame(picture, self._name, self.count, time.monotonic_ns(), t_s)
        self.count += 1
        _remark_on_pixels(picture, self._title, self._remark)
        if self._rate.remark and self.count == 2:  # one picture alone needs no rate
            self._remark("rate", f"{self._title}: {self._rate.remark}")
        if self._clock.shortened:
            self._remark(
                "gaps",
                f"{self._title}: its timestamps have gaps of more than {LONGEST_GAP_S:g} s ({self._clock.shortened}); "
                "each is shortened to one frame",
            )
        if self._clock.restarts:
            self._remark(
                "restarts",
                f"{self._title}: its timestamps start again ({self._clock.restarts} times); the times go on",
            )
        return made

    def restart(self) -> None:
        """The next frame is the first one of another pass."""
        self._clock.restart()


class LiveFrames:
    """The frames of a live stream, numbered on over all its connections."""

    def __init__(self, name: str, title: str, remark: Remark) -> None:
        self._name = name
        self._title = title
        self._remark = remark
        self._clock = LiveClock()
        self.count = 0

    def frame(self, picture: Picture) -> Frame:
        """The next frame, which has arrived now."""
        now_ns = time.monotonic_ns()
        made = _frame(picture, self._name, self.count, now_ns, self._clock.stamp(picture.pts_s, now_ns))
        self.count += 1
        _remark_on_pixels(picture, self._title, self._remark)
        return made

    def restart(self) -> None:
        """The next frame is the first one of another connection."""
        self._clock.restart()


def _frame(picture: Picture, camera: str, index: int, t_capture_ns: int, t_s: float) -> Frame:
    raster = None if picture.raster == picture.size else picture.raster
    return Frame(camera, index, t_capture_ns, t_s, picture.image, raster)


def _remark_on_pixels(picture: Picture, title: str, remark: Remark) -> None:
    if picture.size != picture.raster:
        (w, h), (width, height) = picture.raster, picture.size
        remark("pixels", f"{title}: its pixels are not square: {w} x {h} become {width} x {height}")
