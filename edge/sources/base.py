"""What every source of frames has in common."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import TypeVar

from edge.types import Frame

log = logging.getLogger("meshcast.sources")

S = TypeVar("S", bound="Source")

_SLICE_S = 0.1


class Stop:
    """The wish to stop reading: raised by a source's close(), or by an event that the caller shares among many sources.

    Whoever waits inside a source waits on `condition`, so that close() wakes it at once. The caller's event cannot
    be joined to a condition, so it is looked at every 0.1 s where there is one.
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
        """Wait until predicate() holds or the stop comes; False if the stop is there, whatever else holds."""
        with self.condition:
            while not (self.is_set() or predicate()):
                self.condition.wait(None if self._event is None else _SLICE_S)
            return not self.is_set()

    def wait(self, seconds: float) -> bool:
        """Pause for so many seconds, less if the stop comes; True if it came."""
        if self._event is None:
            with self.condition:
                return self.condition.wait_for(self.is_set, seconds)
        with self.condition:
            while seconds > 0 and not self.is_set():
                self.condition.wait(min(seconds, _SLICE_S))
                seconds -= _SLICE_S
        return self.is_set()


class Source(ABC):
    """A stream of frames, read by iterating over it (blocking, in order, one iteration at a time).

    name: the camera's name, part of every frame. live: frames come at their own pace and wait for nobody.
    size: (width, height) px of the upright picture, None while unknown. frame_count: how many frames to expect, an
    estimate, None while unknown or endless. fps: nominal frames per second, None while unknown.
    problems: one line for each loss noticed while reading; empty means that everything was delivered.
    remarks: one line for each thing that was delivered otherwise than it is stored; logged when it is noticed first.
    reconnects: how often a live source was connected to again, or tried to.

    close() may be called from any thread, more than once: it ends an iteration that runs elsewhere.
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
        self._remarks: dict[str, str] = {}
        self.reconnects = 0
        self._stop = Stop(stop)

    @abstractmethod
    def __iter__(self) -> Iterator[Frame]:
        """Frames in order; raises SourceError when the source cannot be read at all."""

    def close(self) -> None:
        """End the iteration and free what is held."""
        self._stop.set()

    @property
    def warnings(self) -> list[str]:
        return list(self._remarks.values())

    def _remark(self, kind: str, text: str) -> None:
        """Keep the latest remark of a kind; the log has the first one."""
        if kind not in self._remarks:
            log.warning("%s", text)
        self._remarks[kind] = text

    def _note(self, problem: str) -> None:
        """Remember a loss once, however often a looped source meets it."""
        if problem not in self.problems:
            self.problems.append(problem)

    def __enter__(self: S) -> S:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
