"""Videos that come through a pipe: standard input, a shell's process substitution, a FIFO."""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Iterator

from edge.errors import SourceError
from edge.sources.base import Source, Stop
from edge.sources.decoder import Decoder
from edge.sources.demuxer import Demuxer, DemuxError, Stopped
from edge.sources.frames import FileFrames, nominal_rate
from edge.sources.geometry import too_large_text
from edge.sources.opening import pipe_opening
from edge.sources.video import Tail
from edge.types import Frame

_LOOK_MS = 100  # how often a reader that waits looks whether it shall stop


class PipeSource(Source):
    """Every frame of a video in a pipe, which is read once, from its beginning to its end.

    It is paced as a file: nothing is lost, and its writer waits where processing is slower. target: a descriptor's
    number, which stays open, or the path of a FIFO, which is opened at once without waiting for a writer. Bytes are
    waited for while iterating; size and fps are known from the first frame on.
    Raises SourceError where the pipe cannot be opened, or (while iterating) holds no video.
    """

    def __init__(
        self,
        target: str,
        *,
        name: str,
        shown: str,
        loop: bool = False,
        fps: float | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        super().__init__(name, live=False, stop=stop)
        self._shown = shown
        self._wanted_fps = fps
        if loop:
            raise SourceError(f"{shown}: a pipe cannot be played again; leave --loop out, or save it as a file first")
        try:
            # Of a descriptor that was given the flags are shared with other processes and stay as they are.
            descriptor = os.dup(int(target)) if target.isdigit() else os.open(target, os.O_RDONLY | os.O_NONBLOCK)
        except OSError as error:
            raise SourceError(f"{shown}: cannot be opened ({(error.strerror or '').lower()})") from None
        self._pipe: _Pipe | None = _Pipe(descriptor, self._stop)

    def __iter__(self) -> Iterator[Frame]:
        pipe, self._pipe = self._pipe, None
        if pipe is None:
            raise SourceError(f"{self._shown}: a pipe can be read only once; open it again")
        index = 0
        try:
            with Demuxer(pipe_opening(lambda: pipe), self._stop) as link:
                container, stream = link.open()
                rate = nominal_rate(container, stream, self._wanted_fps)
                self.fps = rate.fps
                frames = FileFrames(self.name, self._shown, rate, self._remark)
                decoder = Decoder(stream)
                tail = Tail(container, stream, self.fps)
                for picture in decoder.pictures(tail.watch(link.packets())):
                    self.size = picture.size
                    yield frames.frame(picture)
                    index = frames.count
                if decoder.refused is not None:
                    self._note(f"{self._shown}: {too_large_text(decoder.refused)}")
                if decoder.skipped or decoder.damaged:
                    self._note(
                        f"{self._shown}: {decoder.damaged} frames are damaged, {decoder.skipped} packets could not be "
                        "decoded"
                    )
                if tail.broken and index and not self._stop.is_set():
                    self._note(f"{self._shown}: broke off after {index} frames")
        except Stopped:
            return
        except DemuxError as error:
            if index:
                self._note(f"{self._shown}: broke off after {index} frames: {error}")
                return
            raise SourceError(self._explained(pipe, error)) from None
        finally:
            pipe.close()
        if index == 0 and not self._stop.is_set():
            raise SourceError(f"{self._shown}: holds no picture that can be decoded")

    def close(self) -> None:
        super().close()
        pipe, self._pipe = self._pipe, None
        if pipe is not None:
            pipe.close()

    def _explained(self, pipe: _Pipe, error: DemuxError) -> str:
        if not pipe.received:
            return f"{self._shown}: nothing came out of the pipe; its writer ended without a byte"
        return (
            f"{self._shown}: {error}; a pipe needs a container that is read from front to end, for example MPEG-TS, "
            "Matroska or MP4 with its index at the front"
        )


class _Pipe:
    """A readable file for PyAV. Reads wait for bytes; they end as at the end of the file when the source stops."""

    name = "pipe"

    def __init__(self, descriptor: int, stop: Stop) -> None:
        self._descriptor = descriptor
        self._stop = stop
        self._lock = threading.Lock()  # held for one look at a time: the descriptor is not closed under a reader
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLIN)
        self._closed = False
        self.received = False

    def read(self, size: int) -> bytes:
        while not (self._closed or self._stop.is_set()):
            with self._lock:
                data = self._look(size)
            if data is not None:
                return data
        return b""

    def close(self) -> None:
        """Close the descriptor, so that the writer is told; as often as one likes, from any thread."""
        self._closed = True
        with self._lock:
            descriptor, self._descriptor = self._descriptor, -1
            if descriptor >= 0:
                os.close(descriptor)

    def _look(self, size: int) -> bytes | None:
        """What there is to read, empty at the end, None while there is nothing yet."""
        if self._closed:
            return b""
        # A FIFO that no writer has opened yet has no event; one whose writers are gone hangs up.
        if not self._poll.poll(_LOOK_MS):
            return None
        try:
            data = os.read(self._descriptor, size)
        except BlockingIOError:
            return None
        self.received = self.received or bool(data)
        return data
