"""Packets into upright BGR pictures of square pixels, each with its presentation time."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import numpy as np
from av.codec.context import Flags
from av.sidedata.sidedata import SideDataContainer
from av.sidedata.sidedata import Type as SideDataType
from av.video.reformatter import VideoReformatter

from edge.sources.geometry import MAX_PIXELS, Orientation, square_size, too_large
from edge.sources.image_header import image_size
from edge.types import U8

if TYPE_CHECKING:
    from av.video.stream import VideoStream

# Containers that store no presentation times: FFmpeg makes them up from the order of decoding.
_WITHOUT_PTS = ("avi",)


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture: presentation time in seconds (None where the stream has none), and (H, W, 3) uint8 BGR.

    raster: (width, height) of the upright picture as it is stored, before its pixels were made square.
    """

    pts_s: float | None
    image: U8
    raster: tuple[int, int]

    @property
    def size(self) -> tuple[int, int]:
        return self.image.shape[1], self.image.shape[0]


class Decoder:
    """Decodes one video stream.

    skipped: packets that could not be decoded. damaged: frames that the decoder had to mend; they are delivered.
    refused: the size of a picture that was not decoded because it is above the limit, where one was and it is known.
    """

    def __init__(self, stream: VideoStream, *, low_delay: bool = False) -> None:
        # Decoding frames side by side is fastest, but holds one frame back for each thread.
        stream.thread_type = "SLICE" if low_delay else "AUTO"
        self._context = stream.codec_context
        self._context.options = {**self._context.options, "max_pixels": str(MAX_PIXELS)}
        if low_delay:
            self._context.flags |= Flags.low_delay
        # One reformatter for the whole stream: VideoFrame.to_ndarray would set up a new one for every frame.
        self._reformatter = VideoReformatter()
        self._aspect = _Aspect(stream)
        self._times = _Times(stream.container.format.name in _WITHOUT_PTS)
        self.skipped = 0
        self.damaged = 0
        self.refused: tuple[int, int] | None = None

    def pictures(self, packets: Iterable[av.Packet[VideoStream]]) -> Iterator[Picture]:
        """The pictures in the order in which they are shown, upright and with square pixels."""
        for packet in packets:
            try:
                frames = packet.decode()
            except av.error.EOFError:
                return
            except av.FFmpegError:
                self.skipped += 1
                self._look_at_size(bytes(packet))
                continue
            for frame in frames:
                if isinstance(frame, av.VideoFrame):
                    self.damaged += frame.is_corrupt
                    yield self._picture(frame)

    def _look_at_size(self, packet: bytes) -> None:
        context = self._context
        for size in ((context.coded_width, context.coded_height), image_size(packet)):
            if size is not None and too_large(size):
                self.refused = size

    def _picture(self, frame: av.VideoFrame) -> Picture:
        orientation = orientation_of(frame)
        stored = frame.width, frame.height
        size = square_size(stored, self._aspect.now())
        # Without a size, the conversion is exactly that of pixels that are square already.
        scaled: dict[str, Any] = {} if size == stored else {"width": size[0], "height": size[1]}
        made = self._reformatter.reformat(frame, format="bgr24", **scaled)
        image: U8 = made.to_ndarray().astype(np.uint8, copy=False)
        return Picture(self._times.of(frame), orientation.apply(image), orientation.size(stored))


def orientation_of(frame: av.VideoFrame) -> Orientation:
    """How the display matrix of a frame, its own or its container's, brings it upright."""
    # frame.side_data would keep a reference to the frame in the frame: a cycle for each frame, which the garbage
    # collector finds only after thousands of megabytes.
    container: Any = SideDataContainer  # PyAV's types know neither its argument nor its items
    side_data: Iterable[Any] = container(frame)
    for data in side_data:
        if data.type is SideDataType.DISPLAYMATRIX:
            content = bytes(data)
            return Orientation.from_matrix(struct.unpack("=9i", content[:36])) if len(content) >= 36 else Orientation()
    return Orientation()


def _unnamed(kinds: type[SideDataType], value: object) -> Any:
    kind: Any = object.__new__(kinds)
    kind._name_, kind._value_ = f"UNNAMED_{value}", value
    return kind


# PyAV refuses to list the side data of a frame when it has no name for one of them, for example for EXIF.
setattr(SideDataType, "_missing_", classmethod(_unnamed))  # noqa: B010


class _Aspect:
    """Width to height of one pixel, now: the container's word, unless the coded video changes it on the way."""

    def __init__(self, stream: VideoStream) -> None:
        self._context = stream.codec_context
        self._at_first = self._context.sample_aspect_ratio
        self._declared = stream.sample_aspect_ratio

    def now(self) -> Fraction | None:
        coded = self._context.sample_aspect_ratio
        return self._declared if coded == self._at_first else coded


class _Times:
    """The best presentation time of each frame: its own, or where those do not rise, that of its decoding.

    Frames come in the order in which they are shown, so that both must rise; the one that fails more often is wrong.
    """

    _MARGIN = 2  # failures more, so that a few damaged ones are no reason to change

    def __init__(self, decoding_only: bool) -> None:
        self._decoding_only = decoding_only
        self._last: dict[str, int] = {}
        self._faults = {"pts": 0, "dts": 0}

    def of(self, frame: av.VideoFrame) -> float | None:
        for kind, stamp in (("pts", frame.pts), ("dts", frame.dts)):
            if stamp is not None:
                self._faults[kind] += stamp <= self._last.get(kind, stamp - 1)
                self._last[kind] = stamp
        faulty = frame.dts is not None and self._faults["pts"] > self._faults["dts"] + self._MARGIN
        if frame.pts is not None and not faulty and not self._decoding_only:
            return frame.time
        return None if frame.dts is None or frame.time_base is None else float(frame.dts * frame.time_base)
