"""Live sources with automatic reconnection: one policy for network streams, cameras and pipelines."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING

from edge.errors import SourceError
from edge.sources.base import Source
from edge.sources.decoder import DecodedImage
from edge.sources.demuxer import DemuxError, Stopped
from edge.sources.frames import FileFrames, LiveFrames
from edge.sources.pending import PendingFrame
from edge.types import Frame

if TYPE_CHECKING:
    import threading

log = logging.getLogger("meshcast.sources")

MIN_PAUSE_S = 0.5
MAX_PAUSE_S = 8.0


class LiveSource(Source):
    """Frames of a live source, which reconnects when it is unavailable or disconnects.

    The delay between attempts grows from 0.5 s to 8 s and resets once a frame arrives; each attempt is logged as one
    line to "meshcast.sources" and counted in `reconnects`. Frames are numbered consecutively over all connections.
    Iterating raises SourceError only if a retry is pointless.

    label: name in messages, without secrets.
    """

    def __init__(self, *, name: str, label: str, stop: threading.Event | None = None) -> None:
        super().__init__(name, live=True, stop=stop)
        self._label = label
        self._pause_s = MIN_PAUSE_S
        self._frames: LiveFrames | FileFrames = LiveFrames(name, label, self._warn)

    def __iter__(self) -> Iterator[Frame]:
        return (pending.frame() for pending in self.pending())

    def pending(self) -> Iterator[PendingFrame]:
        while not self._stop.is_set():
            reason = "the stream ended"
            self._frames.restart()
            try:
                for decoded in self._decode_stream():
                    self.size = decoded.size
                    yield self._frames.frame(decoded)
                    self._pause_s = MIN_PAUSE_S
                if self._ends_with_stream():
                    return
            except Stopped:
                return
            except DemuxError as error:
                if self._is_final(error):
                    if self._frame_count == 0:
                        raise SourceError(f"{self._label}: {error}") from None
                    self._add_problem(f"{self._label}: disconnected after {self._frame_count} frames: {error}")
                    return
                reason = "no video received" if error.verdict == "unreadable" else str(error)
            if self._stop.is_set():
                return
            log.warning("%s: %s; retrying in %.1f s", self._label, reason, self._pause_s)
            self.reconnects += 1
            if self._stop.wait(self._pause_s):
                return
            self._pause_s = min(self._pause_s * 2, MAX_PAUSE_S)

    @property
    def _frame_count(self) -> int:
        """Number of frames so far."""
        return self._frames.count

    @abstractmethod
    def _decode_stream(self) -> Iterator[DecodedImage]:
        """Yield the images of one connection. Raises DemuxError or Stopped."""

    def _ends_with_stream(self) -> bool:
        """Whether the regular end of a connection ends the source."""
        return False

    @abstractmethod
    def _is_final(self, error: DemuxError) -> bool:
        """Whether a retry is pointless."""
