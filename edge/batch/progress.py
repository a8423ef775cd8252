"""Progress of a batch over all videos: done, frames per second, remaining time, failures."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from edge.batch.video import Video


class BatchProgress:
    """Counts of a batch and an estimate of the remaining time.

    A video's share of the work is its size in bytes, since its length is known only once it is open.

    Attributes:
        total: number of videos, with those that were done before.
        done: number of finished videos, with those that were done before.
        failed: number of videos that failed for the last time.
        skipped: number of videos that were done before.
        frames: number of frames of finished videos.
    """

    def __init__(
        self, videos: Iterable[Video], *, skipped: int = 0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """
        Args:
            videos: those to process.
            skipped: number of videos that were done before.
            clock: of the elapsed time, s.
        """
        self._sizes = {video.name: video.size for video in videos}
        self._clock = clock
        self._began_s = clock()
        self._finished_bytes = 0
        self._running: dict[str, tuple[int, int | None]] = {}  # frames, total
        self.total = len(self._sizes) + skipped
        self.skipped = self.done = skipped
        self.failed = self.frames = 0

    @property
    def elapsed_s(self) -> float:
        """Time since the start, s."""
        return self._clock() - self._began_s

    @property
    def fps(self) -> float:
        """Frames per second of all workers together, since the start."""
        return (self.frames + sum(frames for frames, _ in self._running.values())) / max(self.elapsed_s, 1e-6)

    @property
    def remaining_s(self) -> float | None:
        """Estimate of the remaining time, s; None before there is something to estimate from."""
        done = self._finished_bytes + sum(
            self._sizes[name] * min(1.0, frames / total) for name, (frames, total) in self._running.items() if total
        )
        if done <= 0:
            return None
        return self.elapsed_s * max(0.0, sum(self._sizes.values()) / done - 1)

    def advanced(self, name: str, frames: int, total: int | None) -> None:
        """A video has come further."""
        self._running[name] = frames, total

    def attempt_ended(self, name: str) -> None:
        """A video failed and waits to be processed again."""
        self._running.pop(name, None)

    def finished(self, name: str, frames: int) -> None:
        """A video is done."""
        self._running.pop(name, None)
        self._finished_bytes += self._sizes[name]
        self.done += 1
        self.frames += frames

    def gave_up(self, name: str) -> None:
        """A video failed for the last time."""
        self._running.pop(name, None)
        self._finished_bytes += self._sizes[name]
        self.failed += 1

    def line(self) -> str:
        """The progress in one line."""
        remaining = self.remaining_s
        parts = [f"{self.done} of {self.total} videos", f"{self.fps:.1f} fps"]
        parts.append(f"{duration(remaining)} left" if remaining is not None else "time left unknown")
        parts.append(f"{self.failed} failed")
        return ", ".join(parts)


def duration(seconds: float) -> str:
    """A duration such as 45 s, 12 min 05 s or 3 h 20 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest:02} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"
