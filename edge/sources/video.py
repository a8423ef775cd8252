"""Videos that end: files, and files behind an http address."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import av

from edge.errors import SourceError
from edge.sources.base import Source
from edge.sources.decoder import Decoder, Picture
from edge.sources.demuxer import Demuxer, DemuxError, Stopped
from edge.sources.frames import COUNTS_PLACES, FileFrames, Rate, nominal_rate
from edge.sources.geometry import too_large_text
from edge.sources.opening import Opening
from edge.types import Frame

if TYPE_CHECKING:
    import threading

    from av.container import InputContainer
    from av.video.stream import VideoStream


_MEASURED = ("mpegts", "mpeg")  # formats without a header that says how long they are


class VideoSource(Source):
    """Every frame of a video that ends; with loop=True it starts again for ever, times and indices going on.

    opening: of a local file or an http address. title: what messages call it. fps: frames per second of an elementary
    stream (raw H.264 and the like), which has no timestamps; without it the rate in the stream counts, else FFmpeg's
    25.
    Raises SourceError on construction when there is no video in it.
    """

    def __init__(
        self,
        opening: Opening,
        *,
        name: str,
        title: str,
        loop: bool = False,
        fps: float | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        super().__init__(name, live=False, stop=stop)
        self._opening = opening
        self._title = title
        self._loop = loop
        self._wanted_fps = fps
        self._rate = Rate(None)
        try:
            self._probe()
        except DemuxError as error:
            hint = "" if error.verdict == "refused" else "; is it a video, and whole?"
            raise SourceError(f"{title}: {error}{hint}") from None
        except Stopped:
            raise SourceError(f"{title}: stopped before it was open") from None

    def __iter__(self) -> Iterator[Frame]:
        frames = FileFrames(self.name, self._title, self._rate, self._remark)
        while not self._stop.is_set():
            begin = frames.count
            for picture in self._play():
                yield frames.frame(picture)
            if not self._loop:
                return
            if frames.count == begin and not self._stop.is_set():
                raise SourceError(f"{self._title}: no longer holds a picture that can be decoded")
            frames.restart()

    def _probe(self) -> None:
        with Demuxer(self._opening, self._stop) as link:
            container, stream = link.open()
            self._rate = nominal_rate(container, stream, self._wanted_fps)
            self.fps = self._rate.fps
            self.frame_count = _frame_count(container, stream, self.fps)
            # The rotation is only known from a decoded frame.
            decoder = Decoder(stream, low_delay=True)
            for picture in decoder.pictures(link.packets()):
                self.size = picture.size
                return
            if decoder.refused is not None:
                raise DemuxError(too_large_text(decoder.refused), "refused")
        if not self._stop.is_set():
            raise DemuxError("holds no picture that can be decoded")

    def _play(self) -> Iterator[Picture]:
        delivered = skipped = damaged = 0
        refused: tuple[int, int] | None = None
        broken = True
        try:
            with Demuxer(self._opening, self._stop) as link:
                container, stream = link.open()
                decoder = Decoder(stream)
                tail = Tail(container, stream, self.fps)
                for picture in decoder.pictures(tail.watch(link.packets())):
                    if self._stop.is_set():
                        return
                    delivered += 1
                    yield picture
                broken, skipped, damaged = tail.broken, decoder.skipped, decoder.damaged
                refused = decoder.refused
        except (DemuxError, Stopped):
            pass  # a stop is nobody's loss, and everything else counts as broken off
        if self._stop.is_set():
            return
        if skipped or damaged:
            self._note(f"{self._title}: {damaged} frames are damaged, {skipped} packets could not be decoded")
        if refused is not None:
            self._note(f"{self._title}: {too_large_text(refused)}")
        if broken:
            expected = f" of {self.frame_count}" if self.frame_count else ""
            self._note(f"{self._title}: broke off after {delivered}{expected} frames")


class Tail:
    """Notices a file that ends before its own header says, from its packets.

    Frames cannot be counted for that: decoders leave some out that an edit list hides, and a container's count
    does not know about edit lists. The times of the packets do.
    """

    def __init__(self, container: InputContainer, stream: VideoStream, fps: float | None) -> None:
        self._declared_s = _declared_s(container, stream)
        self._slack_s = 1.5 / fps if fps else 0.1
        self._frame_s = 1.0 / fps if fps else 0.0
        self._last_s: float | None = None
        self._span_s = self._duration_s = 0.0
        # In MPEG-TS a lost packet in the middle makes one corrupt too, and so do two segments of HLS that do not
        # follow each other; elsewhere only the end of the file does.
        self._can_tear = container.format.name not in (*_MEASURED, "hls")
        self._torn = False

    def watch(self, packets: Iterator[av.Packet[VideoStream]]) -> Iterator[av.Packet[VideoStream]]:
        """Hand the packets through, less one that the end of the file cuts short."""
        for packet in packets:
            if self._can_tear and packet.size and packet.is_corrupt:
                self._torn = True
                continue
            self._measure(packet)
            yield packet

    def _measure(self, packet: av.Packet[VideoStream]) -> None:
        # Times of decoding rise even where pictures are reordered, unless the file's clock starts again.
        stamp = packet.pts if packet.dts is None else packet.dts
        if stamp is None or packet.time_base is None:
            return
        stamp_s = float(stamp * packet.time_base)
        if self._last_s is not None:
            step_s = stamp_s - self._last_s
            self._span_s += step_s if step_s > 0 else self._duration_s or self._frame_s
        self._last_s = stamp_s
        self._duration_s = float((packet.duration or 0) * packet.time_base)

    @property
    def broken(self) -> bool:
        """Whether the end is missing; asked after the last packet."""
        short_s = 0.0
        if self._declared_s is not None and self._last_s is not None:
            short_s = self._declared_s - (self._span_s + self._duration_s)
        return self._torn or short_s > self._slack_s


def _declared_s(container: InputContainer, stream: VideoStream) -> float | None:
    """How long the video says it is, None where it does not or where FFmpeg itself measured it on what is there."""
    if container.format.name == "avi" and stream.frames and stream.average_rate:
        return float(stream.frames / stream.average_rate)
    if container.format.name in ("avi", *_MEASURED):
        return None
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    if container.duration is not None and len(container.streams) == 1:
        begin_s = 0.0
        if container.format.name == "flv" and stream.start_time is not None and stream.time_base is not None:
            begin_s = max(0.0, float(stream.start_time * stream.time_base))  # FLV counts from 0, wherever it begins
        return container.duration / av.time_base - begin_s
    return None


def _frame_count(container: InputContainer, stream: VideoStream, fps: float | None) -> int | None:
    if stream.frames and container.format.name in COUNTS_PLACES and fps and stream.average_rate:
        return round(stream.frames / float(stream.average_rate) * fps)
    if stream.frames:
        return stream.frames
    if container.duration is not None and fps:
        return round(container.duration / av.time_base * fps) or None
    return None
