"""Health of a run, for probes over HTTP and for the watchdog of a service manager."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from edge.runtime.stream import StreamRun

FRESH_S = 5.0  # a live source without a frame for longer is down
STALL_S = 30.0  # a stream whose frames are in flight for longer is stalled


class Health(Protocol):
    """The health that a probe or a watchdog reads."""

    def stalled(self, limit_s: float) -> list[str]:
        """Names of what made no progress for longer than `limit_s`; empty while healthy."""
        ...

    def status(self) -> str:
        """The state in one line."""
        ...


class Heartbeat:
    """The health of a command with one loop, which calls beat() in each iteration. status: describes its progress."""

    def __init__(
        self, status: Callable[[], str], *, slack_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """slack_s: longest duration of an iteration without a fault, s."""
        self._clock = clock
        self._slack_s = slack_s
        self._latest_s = clock()
        self._status = status

    def beat(self) -> None:
        """Called in each iteration of the loop."""
        self._latest_s = self._clock()

    def stalled(self, limit_s: float) -> list[str]:
        late = self._clock() - self._latest_s > max(limit_s, self._slack_s)
        return ["main loop"] if late else []

    def status(self) -> str:
        return self._status()


class RunHealth:
    """The health of a run: of its main loop, which calls beat(), and of its streams from watch() on.

    A live source is up when it delivered a frame within FRESH_S, a file once it delivered one. A stream is stalled when
    frames are in flight, or a file is read as fast as possible, and no result arrives. A camera that does not respond
    is not a stall: a restart of the program would not help.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._streams: Sequence[StreamRun] = ()
        self._progress: dict[str, tuple[int, float]] = {}  # by stream: results so far, and the time of the latest one
        self._beat_s = clock()

    def watch(self, streams: Sequence[StreamRun]) -> None:
        """Monitor these streams."""
        with self._lock:
            self._streams = streams
            self._beat_s = self._clock()

    def beat(self) -> None:
        """Called by the main loop; reads the progress of the streams."""
        now_s = self._clock()
        with self._lock:
            self._beat_s = now_s
            for stream in self._streams:
                frames, since_s = self._progress.get(stream.name, (-1, now_s))
                idle = not self._expects(stream)
                self._progress[stream.name] = (stream.frames, now_s if idle or stream.frames != frames else since_s)

    @property
    def started(self) -> bool:
        """Whether the streams of the run have been started."""
        return bool(self._streams)

    def is_up(self, stream: StreamRun) -> bool:
        """Whether the source of a stream delivers frames."""
        latest_s = stream.results.reader.latest_s
        if not stream.running or latest_s is None:
            return False
        return not stream.live or self._clock() - latest_s <= FRESH_S

    def missing(self) -> list[str]:
        """Names of streams whose source delivers no frames; streams that ended without an error do not count."""
        return [
            stream.name
            for stream in self._streams
            if (not self.is_up(stream) if stream.running else stream.error is not None)
        ]

    def stalled(self, limit_s: float = STALL_S) -> list[str]:
        now_s = self._clock()
        with self._lock:
            running = [stream for stream in self._streams if stream.running]
            names = [
                stream.name for stream in running if now_s - self._progress.get(stream.name, (0, now_s))[1] > limit_s
            ]
            late = running and now_s - self._beat_s > limit_s
            return ["main loop", *names] if late else names

    def status(self) -> str:
        missing = self.missing()
        fps = sum(stream.fps for stream in self._streams)
        count = len(self._streams)
        sources = "1 source" if count == 1 else f"{count} sources"
        waiting = f"; no frames from {', '.join(missing)}" if missing else ""
        return f"{sources}, {fps:.1f} frames per second{waiting}"

    @staticmethod
    def _expects(stream: StreamRun) -> bool:
        """Whether a stream must produce a result soon."""
        in_flight = stream.results.captured - stream.frames - stream.dropped > 0
        return in_flight or (not stream.live and stream.results.reader.pace == "fast")
