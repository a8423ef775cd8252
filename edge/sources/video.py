"""Videos that end: files, and files behind an http address."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import av

from edge.errors import SourceError
from edge.sources.clock import FileClock
from edge.sources.decode import Decoder
from edge.sources.link import Link, LinkError, Stopped
from edge.sources.opening import Opening
from edge.sources.source import Source
from edge.types import U8, Frame

if TYPE_CHECKING:
    import threading

    from av.container import InputContainer
    from av.video.stream import VideoStream


_MEASURED = ("mpegts", "mpeg")  # formats without a header that says how long they are


class VideoSource(Source):
    """Every frame of a video that ends; with loop=True it starts again for ever, times and indices going on.

    opening: of a local file or an http address. title: what messages call it.
    Raises SourceError on construction when there is no video in it.
    """

    def __init__(
        self, opening: Opening, *, name: str, title: str, loop: bool = False, stop: threading.Event | None = None
    ) -> None:
        super().__init__(name, live=False, stop=stop)
        self._opening = opening
        self._title = title
        self._loop = loop
        try:
            self._probe()
        except LinkError as error:
            raise SourceError(f"{title}: {error}; is it a video, and whole?") from None
        except Stopped:
            raise SourceError(f"{title}: stopped before it was open") from None

    def __iter__(self) -> Iterator[Frame]:
        clock = FileClock(self.fps)
        index = 0
        while not self._stop.is_set():
            begin = index
            for pts_s, image in self._play():
                yield Frame(self.name, index, time.monotonic_ns(), clock.stamp(pts_s), image)
                index += 1
            if not self._loop:
                return
            if index == begin and not self._stop.is_set():
                raise SourceError(f"{self._title}: no longer holds a picture that can be decoded")
            clock.restart()

    def _probe(self) -> None:
        with Link(self._opening, self._stop) as link:
            container, stream = link.open()
            rate = stream.average_rate or stream.guessed_rate
            self.fps = float(rate) if rate else None
            self.frame_count = _frame_count(container, stream, self.fps)
            # The rotation is only known from a decoded frame.
            for _, image in Decoder(stream, low_delay=True).pictures(link.packets()):
                self.size = image.shape[1], image.shape[0]
                return
        if not self._stop.is_set():
            raise LinkError("holds no picture that can be decoded")

    def _play(self) -> Iterator[tuple[float | None, U8]]:
        delivered = skipped = damaged = 0
        broken = True
        try:
            with Link(self._opening, self._stop) as link:
                container, stream = link.open()
                decoder = Decoder(stream)
                tail = Tail(container, stream, self.fps)
                for pts_s, image in decoder.pictures(tail.watch(link.packets())):
                    if self._stop.is_set():
                        return
                    delivered += 1
                    yield pts_s, image
                broken, skipped, damaged = tail.broken, decoder.skipped, decoder.damaged
        except (LinkError, Stopped):
            pass  # a stop is nobody's loss, and everything else counts as broken off
        if self._stop.is_set():
            return
        if skipped or damaged:
            self._note(f"{self._title}: {damaged} frames are damaged, {skipped} packets could not be decoded")
        if broken:
            expected = f" of {self.frame_count}" if self.frame_count else ""
            self._note(f"{self._title}: broke off after {delivered}{expected} frames")


class Tail:
    """Notices a file that ends before its own header says, from its packets.

    Frames cannot be counted for that: decoders leave some out that an edit list hides, and a container's count
    does not know about edit lists. The times do.
    """

    def __init__(self, container: InputContainer, stream: VideoStream, fps: float | None) -> None:
        self._declared_s = _declared_s(container, stream)
        self._slack_s = 1.5 / fps if fps else 0.1
        self._begin_s: float | None = None
        self._end_s = 0.0
        # In MPEG-TS a lost packet in the middle makes one corrupt too; elsewhere only the end of the file does.
        self._can_tear = container.format.name not in _MEASURED
        self._torn = False

    def watch(self, packets: Iterator[av.Packet[VideoStream]]) -> Iterator[av.Packet[VideoStream]]:
        """Hand the packets through, less one that the end of the file cuts short."""
        for packet in packets:
            if self._can_tear and packet.size and packet.is_corrupt:
                self._torn = True
                continue
            if packet.pts is not None and packet.time_base is not None:
                pts_s = float(packet.pts * packet.time_base)
                self._begin_s = pts_s if self._begin_s is None else min(pts_s, self._begin_s)
                self._end_s = max(self._end_s, pts_s + float((packet.duration or 0) * packet.time_base))
            yield packet

    @property
    def broken(self) -> bool:
        """Whether the end is missing; asked after the last packet."""
        short_s = 0.0
        if self._declared_s is not None and self._begin_s is not None:
            short_s = self._declared_s - (self._end_s - self._begin_s)
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
        return container.duration / av.time_base
    return None


def _frame_count(container: InputContainer, stream: VideoStream, fps: float | None) -> int | None:
    if stream.frames:
        return stream.frames
    if container.duration is not None and fps:
        return round(container.duration / av.time_base * fps) or None
    return None
