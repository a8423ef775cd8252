"""Whether the processors of this process are busy, with its own work or that of others."""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_STAT = Path("/proc/stat")
_IDLE = (3, 4)  # fields of a processor's line: idle, and idle while it waits for a disk


@dataclass(frozen=True, slots=True)
class LoadConfig:
    """When processors are busy. All values are tuned.

    Attributes:
        window_s: time over which their use is measured, s.
        high: share of their time, 0..1, from which they are busy.
        low: share below which they are not busy any more; in between, they stay as they are.
    """

    window_s: float = 0.25
    high: float = 0.75
    low: float = 0.5


class ProcessorLoad:
    """Measures the use of the processors over windows of time, at the cost of a clock reading in between."""

    def __init__(self, config: LoadConfig | None = None, stat: Path = _STAT) -> None:
        """
        Args:
            config: when processors are busy.
            stat: the file of the system's processor times; where there is none, those of this process count alone.
        """
        self._config = config or LoadConfig()
        self._stat = stat
        self._lock = threading.Lock()
        self._processors = processors()
        self._begin_s, self._used_s = time.monotonic(), self._used()
        self._busy = False

    def busy(self) -> bool:
        """Whether they were busy in the last complete window. Any thread may call this."""
        now_s = time.monotonic()
        # Another thread measures already, or did when this process was forked: nothing waits for it.
        if now_s - self._begin_s >= self._config.window_s and self._lock.acquire(blocking=False):
            try:
                self._measure(now_s)
            finally:
                self._lock.release()
        return self._busy

    def _measure(self, now_s: float) -> None:
        seconds = now_s - self._begin_s
        if seconds < self._config.window_s:
            return  # another thread was first
        used_s = self._used()
        share = (used_s - self._used_s) / (seconds * len(self._processors))
        self._begin_s, self._used_s = now_s, used_s
        self._busy = share >= (self._config.low if self._busy else self._config.high)

    def _used(self) -> float:
        """Seconds for which the processors have worked, from any moment on."""
        with suppress(OSError, ValueError, IndexError, AttributeError):
            names = {f"cpu{number}" for number in self._processors}
            ticks, found = 0, False
            for line in self._stat.read_text().splitlines():
                name, *times = line.split()
                if name in names:
                    found = True
                    ticks += sum(map(int, times[:8])) - sum(int(times[field]) for field in _IDLE)
            if found:
                return ticks / os.sysconf("SC_CLK_TCK")
        return time.process_time()


def processors() -> tuple[int, ...]:
    """The numbers of the processors that this process may use."""
    with suppress(AttributeError):
        return tuple(sorted(os.sched_getaffinity(0)))
    return tuple(range(os.cpu_count() or 1))


_load = ProcessorLoad()


def processors_busy() -> bool:
    """Whether the processors of this process are busy."""
    return _load.busy()
