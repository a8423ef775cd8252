"""Whether a run is alive and its sources deliver: for probes over HTTP and for the watchdog of a service manager."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from edge.runtime.stream import StreamRun

FRESH_S = 5.0  # a live source that has delivered nothing for longer is down
STALL_S = 30.0  # a frame that is on its way for longer does not move any more


class Health(Protocol):
    """What a probe or a watchdog asks."""

    def stalled(self, limit_s: float) -> list[str]:
        """What has not moved for longer than `limit_s`; empty while all is well."""
        ...

    def status(self) -> str:
        """What is going on, in a line."""
        ...


class Heartbeat:
    """The health of a command with one loop, which calls beat() in each iteration. status: describes its progress."""

    def __init__(
        self, status: Callable[[], str], *, slack_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """slack_s: the longest that an iteration takes when nothing is wrong."""
        self._clock = clock
        self._slack_s = slack_s
        self._latest_s = clock()
        self._status = status

    def beat(self) -> None:
        """The loop moves."""
        self._latest_s = self._clock()

    def stalled(self, limit_s: float) -> list[str]:
        late = self._clock() - self._latest_s > max(limit_s, self._slack_s)
        return ["main loop"] if late else []

    def status(self) -> str:
        return self._status()


class RunHealth:
    """The health of a run: of its main loop, which calls beat(), and of its streams from watch() on.

    A source is up when it has delivered a frame within FRESH_S, and a file once it has delivered one. A stream stalls
    when a frame is on its way, or a file is to be read as fast as can be, and nothing comes out. A camera that does not
    answer stalls nothing: starting the program again would not bring it back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._streams: Sequence[StreamRun] = ()
        self._moved: dict[str, tuple[int, float]] = {}  # by stream: frames that came out, and since when so many
        self._beat_s = clock()

    def watch(self, streams: Sequence[StreamRun]) -> None:
        """Look after these, from now on."""
        with self._lock:
            self._streams = streams
            self._beat_s = self._clock()

    def beat(self) -> None:
        """The main loop moves; look at what the streams have done since."""
        now_s = self._clock()
        with self._lock:
            self._beat_s = now_s
            for stream in self._streams:
                frames, since_s = self._moved.get(stream.name, (-1, now_s))
                idle = not self._expects(stream)
                self._moved[stream.name] = (stream.frames, now_s if idle or stream.frames != frames else since_s)

    @property
    def started(self) -> bool:
        """Whether the streams of the run have been started."""
        return bool(self._streams)

    def is_up(self, stream: StreamRun) -> bool:
        """Whether the source of a stream delivers."""
        latest_s = stream.overlapped.reader.latest_s
        if not stream.running or latest_s is None:
            return False
        return not stream.live or self._clock() - latest_s <= FRESH_S

    def missing(self) -> list[str]:
        """The names of streams whose source does not deliver; one that has ended without an error is not missed."""
        return [
            stream.name
            for stream in self._streams
            if (not self.is_up(stream) if stream.running else stream.error is not None)
        ]

    def stalled(self, limit_s: float = STALL_S) -> list[str]:
        now_s = self._clock()
        with self._lock:
            running = [stream for stream in self._streams if stream.running]
            names = [stream.name for stream in running if now_s - self._moved.get(stream.name, (0, now_s))[1] > limit_s]
            late = running and now_s - self._beat_s > limit_s
            return ["main loop", *names] if late else names

    def status(self) -> str:
        missing = self.missing()
        fps = sum(stream.fps for stream in self._streams)
        count = len(self._streams)
        sources = "1 source" if count == 1 else f"{count} sources"
        waiting = f"; nothing from {', '.join(missing)}" if missing else ""
        return f"{sources}, {fps:.1f} frames per second{waiting}"

    @staticmethod
    def _expects(stream: StreamRun) -> bool:
        """Whether something must come out of a stream before long."""
        on_its_way = stream.overlapped.captured - stream.frames - stream.dropped > 0
        return on_its_way or (not stream.live and stream.overlapped.reader.pace == "fast")
