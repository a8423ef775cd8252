"""Finite videos: local files and files at HTTP URLs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import av

from edge.errors import SourceError
from edge.sources.base import Source
from edge.sources.decoder import DecodedImage, Decoder
from edge.sources.demuxer import Demuxer, DemuxError, Stopped
from edge.sources.frames import COUNTS_SLOTS, FileFrames, Rate, nominal_rate
from edge.sources.geometry import too_large_text
from edge.sources.input_config import InputConfig
from edge.sources.pending import PendingFrame
from edge.sources.video_part import VideoPart, frames_of
from edge.types import Frame

if TYPE_CHECKING:
    import threading

    from av.container import InputContainer
    from av.video.stream import VideoStream


_MEASURED = ("mpegts", "mpeg")  # formats without a duration in the header


class VideoSource(Source):
    """Every frame of a finite video; with loop=True it repeats without end, with continuing times and indices.

    input_config: a local file or an HTTP URL. label: name in messages. fps: frame rate of an elementary stream without
    timestamps (raw H.264 and similar); default: the rate in the stream, else 25. part: only these frames, with the
    indices and times that they have in the whole video. The constructor raises SourceError if there is no video.
    """

    def __init__(
        self,
        input_config: InputConfig,
        *,
        name: str,
        label: str,
        loop: bool = False,
        fps: float | None = None,
        stop: threading.Event | None = None,
        part: VideoPart | None = None,
    ) -> None:
        super().__init__(name, live=False, stop=stop)
        self._input_config = input_config
        self._label = label
        self._loop = loop
        self._part = part
        self._requested_fps = fps
        self._rate = Rate(None)
        try:
            self._probe()
        except DemuxError as error:
            hint = "" if error.verdict == "refused" else "; check that it is a complete video"
            raise SourceError(f"{label}: {error}{hint}") from None
        except Stopped:
            raise SourceError(f"{label}: stopped while opening") from None

    def __iter__(self) -> Iterator[Frame]:
        return (pending.frame() for pending in self.pending())

    def pending(self) -> Iterator[PendingFrame]:
        frames = FileFrames(self.name, self._label, self._rate, self._warn)
        if self._part is not None:
            frames.resume(self._part.first, self._part.origin_s, self._part.before_s)
        while not self._stop.is_set():
            begin = frames.count
            for decoded in self._decode_stream():
                yield frames.frame(decoded)
            if not self._loop:
                return
            if frames.count == begin and not self._stop.is_set():
                raise SourceError(f"{self._label}: no frame could be decoded any more")
            frames.restart()

    def _probe(self) -> None:
        with Demuxer(self._input_config, self._stop) as demuxer:
            container, stream = demuxer.open()
            self._rate = nominal_rate(container, stream, self._requested_fps)
            self.fps = self._rate.fps
            self.frame_count = _frame_count(container, stream, self.fps) if self._part is None else self._part.decoded
            # Only a decoded frame tells the rotation.
            decoder = Decoder(stream, low_delay=True)
            for decoded in decoder.decode(demuxer.packets()):
                self.size = decoded.size
                return
            if decoder.refused is not None:
                raise DemuxError(too_large_text(decoder.refused), "refused")
        if not self._stop.is_set():
            raise DemuxError("no frame could be decoded")

    def _decode_stream(self) -> Iterator[DecodedImage]:
        delivered = skipped = damaged = 0
        refused: tuple[int, int] | None = None
        truncated = True
        part = self._part
        seek_pts = None if part is None or not part.first else part.first_pts
        try:
            config = replace(self._input_config, decode_on=self.decode_on, seek_pts=seek_pts)
            with Demuxer(config, self._stop) as demuxer:
                container, stream = demuxer.open()
                decoder = Decoder(stream, self.decoding, decode_on=self.decode_on)
                truncation = TruncationDetector(container, stream, self.fps)
                images = decoder.decode(truncation.filter(demuxer.packets()))
                for decoded in images if part is None else frames_of(part, images, stream.time_base):
                    if self._stop.is_set():
                        return
                    delivered += 1
                    yield decoded
                truncated, skipped, damaged = truncation.truncated, decoder.skipped, decoder.damaged
                refused = decoder.refused
        except (DemuxError, Stopped):
            pass  # a stop loses nothing; after an error the video counts as truncated
        if self._stop.is_set():
            return
        if skipped or damaged:
            self._add_problem(f"{self._label}: {damaged} corrupted frames, {skipped} undecodable packets")
        if refused is not None:
            self._add_problem(f"{self._label}: {too_large_text(refused)}")
        if part is not None:
            truncated = delivered != part.decoded
        if truncated:
            expected = f" of {self.frame_count}" if self.frame_count else ""
            self._add_problem(f"{self._label}: truncated after {delivered}{expected} frames")


class TruncationDetector:
    """Detects from the packets that a file ends earlier than its header declares.

    Counting frames would not work: decoders skip frames that an edit list hides, and the frame count of a container
    ignores edit lists. The times of the packets respect them.
    """

    def __init__(self, container: InputContainer, stream: VideoStream, fps: float | None) -> None:
        self._declared_s = _declared_s(container, stream)
        self._slack_s = 1.5 / fps if fps else 0.1
        self._frame_s = 1.0 / fps if fps else 0.0
        self._last_s: float | None = None
        self._span_s = self._duration_s = 0.0
        # In MPEG-TS a lost packet in the middle marks a packet as corrupt too, and so do discontinuous HLS segments;
        # elsewhere only the end of the file does.
        self._detects_cut_packets = container.format.name not in (*_MEASURED, "hls")
        self._cut_packet = False

    def filter(self, packets: Iterator[av.Packet[VideoStream]]) -> Iterator[av.Packet[VideoStream]]:
        """Yield the packets except one that the end of the file cuts short."""
        for packet in packets:
            if self._detects_cut_packets and packet.size and packet.is_corrupt:
                self._cut_packet = True
                continue
            self._measure(packet)
            yield packet

    def _measure(self, packet: av.Packet[VideoStream]) -> None:
        # DTS increase even with reordered frames, unless the clock of the file restarts.
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
    def truncated(self) -> bool:
        """Whether the end is missing; valid after the last packet."""
        short_s = 0.0
        if self._declared_s is not None and self._last_s is not None:
            short_s = self._declared_s - (self._span_s + self._duration_s)
        return self._cut_packet or short_s > self._slack_s


def _declared_s(container: InputContainer, stream: VideoStream) -> float | None:
    """Declared duration in seconds; None if missing, or if FFmpeg measured it on the existing data."""
    if container.format.name == "avi" and stream.frames and stream.average_rate:
        return float(stream.frames / stream.average_rate)
    if container.format.name in ("avi", *_MEASURED):
        return None
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    if container.duration is not None and len(container.streams) == 1:
        begin_s = 0.0
        if container.format.name == "flv" and stream.start_time is not None and stream.time_base is not None:
            begin_s = max(
                0.0, float(stream.start_time * stream.time_base)
            )  # FLV durations count from 0, wherever the stream begins
        return container.duration / av.time_base - begin_s
    return None


def _frame_count(container: InputContainer, stream: VideoStream, fps: float | None) -> int | None:
    if stream.frames and container.format.name in COUNTS_SLOTS and fps and stream.average_rate:
        return round(stream.frames / float(stream.average_rate) * fps)
    if stream.frames:
        return stream.frames
    if container.duration is not None and fps:
        return round(container.duration / av.time_base * fps) or None
    return None
