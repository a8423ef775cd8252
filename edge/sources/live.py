"""Live sources: they are connected to again and again, with one policy for network streams, cameras and pipelines."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING

from edge.errors import SourceError
from edge.sources.base import Source
from edge.sources.decoder import Picture
from edge.sources.demuxer import DemuxError, Stopped
from edge.sources.frames import FileFrames, LiveFrames
from edge.types import Frame

if TYPE_CHECKING:
    import threading

log = logging.getLogger("meshcast.sources")

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 8.0


class LiveSource(Source):
    """Frames of a live source: where it is not there, or breaks off, it is tried again.

    The pauses between two attempts grow from 0.5 s to 8 s and start over once a frame has arrived; each attempt is
    one line of the log "meshcast.sources". reconnects counts them. Frames are numbered on over all connections.
    Iterating raises SourceError only where asking again is pointless.

    shown: what messages call it, without secrets.
    """

    def __init__(self, *, name: str, shown: str, stop: threading.Event | None = None) -> None:
        super().__init__(name, live=True, stop=stop)
        self._shown = shown
        self._pause_s = FIRST_PAUSE_S
        self._frames: LiveFrames | FileFrames = LiveFrames(name, shown, self._remark)

    def __iter__(self) -> Iterator[Frame]:
        while not self._stop.is_set():
            reason = "the stream ended"
            self._frames.restart()
            try:
                for picture in self._play():
                    self.size = picture.size
                    yield self._frames.frame(picture)
                    self._pause_s = FIRST_PAUSE_S
                if self._ends():
                    return
            except Stopped:
                return
            except DemuxError as error:
                if self._is_final(error):
                    if self._index == 0:
                        raise SourceError(f"{self._shown}: {error}") from None
                    self._note(f"{self._shown}: broke off after {self._index} frames: {error}")
                    return
                reason = "no video came" if error.verdict == "unreadable" else str(error)
            if self._stop.is_set():
                return
            log.warning("%s: %s; trying again in %.1f s", self._shown, reason, self._pause_s)
            self.reconnects += 1
            if self._stop.wait(self._pause_s):
                return
            self._pause_s = min(self._pause_s * 2, LONGEST_PAUSE_S)

    @property
    def _index(self) -> int:
        """How many frames there were."""
        return self._frames.count

    @abstractmethod
    def _play(self) -> Iterator[Picture]:
        """The pictures of one connection. Raises DemuxError, or Stopped."""

    def _ends(self) -> bool:
        """Whether a connection that ended in order is the end of the source."""
        return False

    @abstractmethod
    def _is_final(self, error: DemuxError) -> bool:
        """Whether asking again is pointless."""
