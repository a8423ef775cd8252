"""Decoding of packets to upright BGR images with square pixels and presentation times."""

from __future__ import annotations

import struct
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import numpy as np
from av.codec.context import Flags
from av.sidedata.sidedata import SideDataContainer
from av.sidedata.sidedata import Type as SideDataType
from av.video.reformatter import VideoReformatter

from edge.errors import SourceError
from edge.sources import hardware
from edge.sources.decode_load import DecodeLevel, Decoding
from edge.sources.geometry import MAX_PIXELS, Orientation, square_size, too_large
from edge.sources.image_header import image_size
from edge.sources.planes import planes_of
from edge.types import U8, Planes, Surface

if TYPE_CHECKING:
    from av.video.stream import VideoStream

# Containers without presentation times: FFmpeg derives them from the decoding order.
_WITHOUT_PTS = ("avi",)
# FFmpeg's names of the frames that a decoder leaves out.
_SKIPPED = {DecodeLevel.ALL: "DEFAULT", DecodeLevel.REFERENCES: "NONREF", DecodeLevel.KEYS: "NONKEY"}


@dataclass(frozen=True, slots=True)
class DecodedImage:
    """A decoded image.

    pts_s: presentation time in seconds, None if the stream has none. pixels: returns the image (H, W, 3) uint8 BGR, on
    any thread; or the image on a device. raster: (width, height) of the upright image as stored, before its
    pixels were made square. size: (width, height) of the image. planes: the image as it is stored, where that is
    upright, with square pixels and in a format of edge/sources/planes.py.
    """

    pts_s: float | None
    pixels: Callable[[], U8] | Surface
    raster: tuple[int, int]
    size: tuple[int, int]
    planes: Planes | None = None

    @staticmethod
    def of(pts_s: float | None, image: U8, raster: tuple[int, int]) -> DecodedImage:
        """An image that is converted already."""
        return DecodedImage(pts_s, lambda: image, raster, (image.shape[1], image.shape[0]))


class Decoder:
    """Decodes one video stream.

    decoding: how much is decoded, read at every packet. skipped: number of packets that could not be decoded. damaged:
    number of frames with decoding errors, which are delivered. refused: size of an image that was not decoded because
    it exceeds the limit, None if unknown.
    """

    def __init__(
        self,
        stream: VideoStream,
        decoding: Decoding | None = None,
        *,
        low_delay: bool = False,
        decode_on: str | None = None,
    ) -> None:
        """decode_on: device of the stream's container, see InputConfig."""
        self._decoding = decoding or Decoding()
        self._level = DecodeLevel.ALL
        # Frame threading is fastest, but delays the output by one frame per thread.
        stream.thread_type = "SLICE" if low_delay else "AUTO"
        self._context = stream.codec_context
        self._context.options = {**self._context.options, "max_pixels": str(MAX_PIXELS)}
        self._device = decode_on
        if decode_on is not None:
            self._context.options = {**self._context.options, "extra_hw_frames": hardware.EXTRA_SURFACES}
        if low_delay:
            self._context.flags |= Flags.low_delay
        # One reformatter for the whole stream: VideoFrame.to_ndarray would create a new one for every frame.
        self._reformatter, self._reformatting = VideoReformatter(), threading.Lock()
        self._pixel_aspect = _PixelAspect(stream)
        self._timestamps = _Timestamps(stream.container.format.name in _WITHOUT_PTS)
        self.skipped = 0
        self.damaged = 0
        self.refused: tuple[int, int] | None = None

    def decode(self, packets: Iterable[av.Packet[VideoStream]]) -> Iterator[DecodedImage]:
        """Yield the images in presentation order, upright and with square pixels."""
        for packet in packets:
            self._set_level(packet)
            try:
                frames = packet.decode()
            except av.error.EOFError:
                return
            except av.FFmpegError:
                self.skipped += 1
                self._check_size(bytes(packet))
                continue
            for frame in frames:
                if isinstance(frame, av.VideoFrame):
                    self.damaged += frame.is_corrupt
                    yield self._convert(frame)

    def _set_level(self, packet: av.Packet[VideoStream]) -> None:
        pts_s = None
        if packet.pts is not None and packet.time_base is not None:
            pts_s = float(packet.pts * packet.time_base)
            self._decoding.saw(pts_s, key=packet.is_keyframe)
        level = self._decoding.now(pts_s)
        if level is self._level or (self._level is DecodeLevel.KEYS and not packet.is_keyframe):
            return  # frames after those that were left out need a key frame first
        skipped: Any = _SKIPPED[level]
        self._context.skip_frame, self._level = skipped, level

    def _check_size(self, packet: bytes) -> None:
        context = self._context
        for size in ((context.coded_width, context.coded_height), image_size(packet)):
            if size is not None and too_large(size):
                self.refused = size

    def _convert(self, frame: av.VideoFrame) -> DecodedImage:
        orientation = orientation_of(frame)
        stored = frame.width, frame.height
        size = square_size(stored, self._pixel_aspect.now())
        surface = hardware.surface_of(frame, self._device) if self._device is not None else None
        if surface is not None:
            if size != stored or orientation != Orientation():
                raise SourceError("its images are turned or not square; decode it without --decode gpu")
            return DecodedImage(self._timestamps.of(frame), surface, stored, surface.size)
        # Square pixels: without a size the conversion does not resample.
        scaled: dict[str, Any] = {} if size == stored else {"width": size[0], "height": size[1]}

        def convert() -> U8:
            with self._reformatting:
                made = self._reformatter.reformat(frame, format="bgr24", **scaled)
            return orientation.apply(made.to_ndarray().astype(np.uint8, copy=False))

        planes = planes_of(frame) if size == stored and orientation == Orientation() else None
        pts_s, raster = self._timestamps.of(frame), orientation.size(stored)
        return DecodedImage(pts_s, convert, raster, orientation.size(size), planes)


def orientation_of(frame: av.VideoFrame) -> Orientation:
    """Return the orientation given by the display matrix of a frame or of its container."""
    # frame.side_data would keep a reference to the frame in the frame: a cycle for each frame, which the garbage
    # collector finds only after thousands of megabytes.
    container: Any = SideDataContainer  # PyAV's type stubs lack its argument and its items
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


# PyAV raises for frames with side data of an unknown type, for example EXIF: give unknown types a name.
setattr(SideDataType, "_missing_", classmethod(_unnamed))  # noqa: B010


class _PixelAspect:
    """Current pixel aspect ratio (width / height): the container's value until the coded video changes it."""

    def __init__(self, stream: VideoStream) -> None:
        self._context = stream.codec_context
        self._initial = self._context.sample_aspect_ratio
        self._declared = stream.sample_aspect_ratio

    def now(self) -> Fraction | None:
        coded = self._context.sample_aspect_ratio
        return self._declared if coded == self._initial else coded


class _Timestamps:
    """The presentation time of each frame: its PTS, or its DTS if the PTS do not increase.

    Frames arrive in presentation order, so both must increase; the one that fails more often is wrong.
    """

    _MARGIN = 2  # additional failures: a few damaged timestamps do not cause a change

    def __init__(self, decoding_only: bool) -> None:
        self._decoding_only = decoding_only
        self._last: dict[str, int] = {}
        self._failures = {"pts": 0, "dts": 0}

    def of(self, frame: av.VideoFrame) -> float | None:
        for kind, stamp in (("pts", frame.pts), ("dts", frame.dts)):
            if stamp is not None:
                self._failures[kind] += stamp <= self._last.get(kind, stamp - 1)
                self._last[kind] = stamp
        faulty = frame.dts is not None and self._failures["pts"] > self._failures["dts"] + self._MARGIN
        if frame.pts is not None and not faulty and not self._decoding_only:
            return frame.time
        return None if frame.dts is None or frame.time_base is None else float(frame.dts * frame.time_base)
