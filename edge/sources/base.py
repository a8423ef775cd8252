"""Base class of all sources of frames."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import TypeVar

from edge.sources.decode_load import DecodeLevel, Decoding
from edge.sources.pending import PendingFrame
from edge.types import Frame

log = logging.getLogger("meshcast.sources")

S = TypeVar("S", bound="Source")

_POLL_S = 0.1  # polling interval of the caller's event, which cannot notify a condition


class StopSignal:
    """Stop request of a source: set by its close(), or by an event that the caller shares among several sources.

    Threads of a source wait on `condition`, so close() wakes them at once; the caller's event is polled.
    """

    def __init__(self, event: threading.Event | None = None) -> None:
        self.condition = threading.Condition()
        self._event = event
        self._set = False

    def set(self) -> None:
        with self.condition:
            self._set = True
            self.condition.notify_all()

    def is_set(self) -> bool:
        return self._set or (self._event is not None and self._event.is_set())

    def wait_for(self, predicate: Callable[[], bool]) -> bool:
        """Wait until predicate() holds or a stop is requested; False if a stop is requested."""
        with self.condition:
            while not (self.is_set() or predicate()):
                self.condition.wait(None if self._event is None else _POLL_S)
            return not self.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait for some seconds or until a stop is requested; True if it is."""
        if self._event is None:
            with self.condition:
                return self.condition.wait_for(self.is_set, seconds)
        with self.condition:
            while seconds > 0 and not self.is_set():
                self.condition.wait(min(seconds, _POLL_S))
                seconds -= _POLL_S
        return self.is_set()


class Source(ABC):
    """A stream of frames, read by iterating over it (blocking, in order, one iteration at a time).

    `close()` is idempotent and may be called from any thread: it ends an iteration on another thread.

    Attributes:
        name: name of the stream, part of every frame.
        live: whether frames arrive in real time, whether or not they are read.
        size: (width, height) in pixels of the upright image, None while unknown.
        frame_count: estimated number of frames, None while unknown or if endless.
        fps: nominal frames per second, None while unknown.
        problems: one line for each loss; empty if every frame was delivered.
        warnings: one line for each kind of frame that is delivered differently from how it is stored; each kind is
            logged once.
        reconnects: number of attempts to reconnect to a live source.
        decode_on: device that decodes, "cuda:0", for sources that FFmpeg decodes; set before the iteration.
        decoding: how much of a video is decoded; a reader that drops frames reduces it.
    """

    def __init__(
        self,
        name: str,
        *,
        live: bool,
        size: tuple[int, int] | None = None,
        frame_count: int | None = None,
        fps: float | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        self.name = name
        self.live = live
        self.size = size
        self.frame_count = frame_count
        self.fps = fps
        self.problems: list[str] = []
        self._warnings: dict[str, str] = {}
        self.reconnects = 0
        self.decode_on: str | None = None
        self.decoding = Decoding()
        self._stop = StopSignal(stop)

    @abstractmethod
    def __iter__(self) -> Iterator[Frame]:
        """Yield frames in order. Raises SourceError if the source cannot be read at all."""

    def pending(self) -> Iterator[PendingFrame]:
        """The same as iterating, with images that are converted on demand where the source can do that. One image at a
        time is converted, on any thread."""
        return map(PendingFrame.of, self)

    def close(self) -> None:
        """End the iteration and release the resources."""
        self._stop.set()

    @property
    def decode_level(self) -> DecodeLevel:
        """How much of a video is decoded now."""
        return self.decoding.level

    @property
    def warnings(self) -> list[str]:
        return list(self._warnings.values())

    def _warn(self, kind: str, text: str) -> None:
        """Keep the latest warning of a kind; log the first one."""
        if kind not in self._warnings:
            log.warning("%s", text)
        self._warnings[kind] = text

    def _add_problem(self, problem: str) -> None:
        """Record a loss once, even if a looped source repeats it."""
        if problem not in self.problems:
            self.problems.append(problem)

    def __enter__(self: S) -> S:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
