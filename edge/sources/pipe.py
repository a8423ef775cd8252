"""Videos from pipes: standard input, process substitution of a shell, FIFOs."""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Iterator

from edge.errors import SourceError
from edge.sources.base import Source, StopSignal
from edge.sources.decoder import Decoder
from edge.sources.demuxer import Demuxer, DemuxError, Stopped
from edge.sources.frames import FileFrames, nominal_rate
from edge.sources.geometry import too_large_text
from edge.sources.input_config import pipe_input
from edge.sources.pending import PendingFrame
from edge.sources.video import TruncationDetector
from edge.types import Frame

_POLL_MS = 100  # interval at which a waiting reader checks for a stop request


class PipeSource(Source):
    """Every frame of a video in a pipe, which is read once.

    No frame is dropped: the writer blocks while processing is slower. target: the number of a descriptor, which stays
    open, or the path of a FIFO, which is opened without waiting for a writer. Iterating waits for data; size and fps
    are known from the first frame on. Raises SourceError if the pipe cannot be opened or, while iterating, if it
    holds no video.
    """

    def __init__(
        self,
        target: str,
        *,
        name: str,
        label: str,
        loop: bool = False,
        fps: float | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        super().__init__(name, live=False, stop=stop)
        self._label = label
        self._requested_fps = fps
        if loop:
            raise SourceError(f"{label}: a pipe cannot be looped; remove --loop, or save the video as a file")
        try:
            # The flags of an inherited descriptor are shared with other processes and must not change.
            descriptor = os.dup(int(target)) if target.isdigit() else os.open(target, os.O_RDONLY | os.O_NONBLOCK)
        except OSError as error:
            raise SourceError(
                f"{label}: cannot open the pipe ({(error.strerror or '').lower()}); check its path and permissions"
            ) from None
        self._pipe: _Pipe | None = _Pipe(descriptor, self._stop)

    def __iter__(self) -> Iterator[Frame]:
        return (pending.frame() for pending in self.pending())

    def pending(self) -> Iterator[PendingFrame]:
        pipe, self._pipe = self._pipe, None
        if pipe is None:
            raise SourceError(f"{self._label}: a pipe can be read only once; open the source again")
        index = 0
        try:
            with Demuxer(pipe_input(lambda: pipe), self._stop) as demuxer:
                container, stream = demuxer.open()
                rate = nominal_rate(container, stream, self._requested_fps)
                self.fps = rate.fps
                frames = FileFrames(self.name, self._label, rate, self._warn)
                decoder = Decoder(stream, self.decoding)
                truncation = TruncationDetector(container, stream, self.fps)
                for decoded in decoder.decode(truncation.filter(demuxer.packets())):
                    self.size = decoded.size
                    yield frames.frame(decoded)
                    index = frames.count
                if decoder.refused is not None:
                    self._add_problem(f"{self._label}: {too_large_text(decoder.refused)}")
                if decoder.skipped or decoder.damaged:
                    self._add_problem(
                        f"{self._label}: {decoder.damaged} corrupted frames, {decoder.skipped} undecodable packets"
                    )
                if truncation.truncated and index and not self._stop.is_set():
                    self._add_problem(f"{self._label}: truncated after {index} frames")
        except Stopped:
            return
        except DemuxError as error:
            if index:
                self._add_problem(f"{self._label}: disconnected after {index} frames: {error}")
                return
            raise SourceError(self._with_advice(pipe, error)) from None
        finally:
            pipe.close()
        if index == 0 and not self._stop.is_set():
            raise SourceError(f"{self._label}: no frame could be decoded")

    def close(self) -> None:
        super().close()
        pipe, self._pipe = self._pipe, None
        if pipe is not None:
            pipe.close()

    def _with_advice(self, pipe: _Pipe, error: DemuxError) -> str:
        if not pipe.received:
            return f"{self._label}: no data in the pipe; check the program that writes to it"
        return (
            f"{self._label}: {error}; use a container that can be read sequentially, for example MPEG-TS, Matroska or "
            "MP4 with its index at the front"
        )


class _Pipe:
    """A file object for PyAV. Reads wait for data; a stop request acts like the end of the file."""

    name = "pipe"

    def __init__(self, descriptor: int, stop: StopSignal) -> None:
        self._descriptor = descriptor
        self._stop = stop
        self._lock = threading.Lock()  # held per poll, so the descriptor is not closed during a read
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLIN)
        self._closed = False
        self.received = False

    def read(self, size: int) -> bytes:
        while not (self._closed or self._stop.is_set()):
            with self._lock:
                data = self._read_available(size)
            if data is not None:
                return data
        return b""

    def close(self) -> None:
        """Close the descriptor, which signals the writer; idempotent, from any thread."""
        self._closed = True
        with self._lock:
            descriptor, self._descriptor = self._descriptor, -1
            if descriptor >= 0:
                os.close(descriptor)

    def _read_available(self, size: int) -> bytes | None:
        """Return the available data, empty at the end, None if there is none yet."""
        if self._closed:
            return b""
        # A FIFO without a writer yet reports no event; after its last writer it reports a hang-up.
        if not self._poll.poll(_POLL_MS):
            return None
        try:
            data = os.read(self._descriptor, size)
        except BlockingIOError:
            return None
        self.received = self.received or bool(data)
        return data
