"""What a person sees of a run: a bar on files, a status line on live sources, one plain line in a log."""

from __future__ import annotations

import sys
import time
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.text import Text

REFRESH_S = 0.1
SMOOTHING = 0.1  # weight of the newest value in the running means of frame rate and latency


class Progress:
    """Shows on stderr how a run goes; costs a few microseconds a frame and redraws at most ten times a second.

    total: number of frames, None when unknown. live: a status line instead of a bar. quiet: nothing at all.
    Where stderr is not a terminal, only one line is printed, at the end.
    """

    def __init__(self, total: int | None, live: bool, quiet: bool) -> None:
        self._total = total
        self._quiet = quiet
        self._frames = 0
        self._frames_with_people = 0
        self._people = 0
        self._drops = 0
        self._interval_s = 0.0
        self._latency_ms = 0.0
        self._start = self._last = time.monotonic()
        self._next_draw = self._start
        self._open = True
        self._line: Live | None = None
        self._bar: Bar | None = None
        self._task = TaskID(0)
        if not quiet and sys.stderr.isatty():
            self._show(Console(stderr=True), live)

    def _show(self, console: Console, live: bool) -> None:
        if live:
            self._line = Live(Text("waiting for the first frame"), console=console, auto_refresh=False)
            self._line.start()
            return
        columns = (
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.description}"),
            TimeRemainingColumn(compact=True),
        )
        self._bar = Bar(*columns, console=console, auto_refresh=False)
        self._task = self._bar.add_task("", total=self._total)
        self._bar.start()

    def update(self, frame_index: int, people: int, latency_ms: float, drops: int) -> None:
        """Tell of one finished frame: its index, the people in it, its age and the frames dropped until now."""
        now = time.monotonic()
        weight = SMOOTHING if self._frames else 1.0
        self._interval_s += weight * (now - self._last - self._interval_s)
        self._latency_ms += weight * (latency_ms - self._latency_ms)
        self._last = now
        self._frames += 1
        self._frames_with_people += people > 0
        self._people, self._drops = people, drops
        if now >= self._next_draw:
            self._next_draw = now + REFRESH_S
            self._draw(frame_index + 1)

    def close(self) -> None:
        """Leave the last state standing, or print the one line. Closing twice is harmless."""
        if not self._open:
            return
        self._open = False
        if self._bar is not None:
            self._draw(self._frames)
            self._bar.stop()
        elif self._line is not None:
            self._line.update(Text(self._closing_line()), refresh=True)
            self._line.stop()
        elif not self._quiet:
            sys.stderr.write(self._closing_line() + "\n")
            sys.stderr.flush()

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _draw(self, done: int) -> None:
        if self._bar is not None:
            self._bar.update(self._task, completed=done, description=self._status(live=False), refresh=True)
        elif self._line is not None:
            self._line.update(Text(self._status(live=True)), refresh=True)

    def _status(self, live: bool) -> str:
        fps = 1 / self._interval_s if self._interval_s > 0 else 0.0
        text = f"{fps:5.1f} fps  {self._people} {'person' if self._people == 1 else 'people'}"
        return f"{text}  latency {self._latency_ms:.0f} ms  dropped {self._drops}" if live else text

    def _closing_line(self) -> str:
        wall_s = self._last - self._start
        fps = self._frames / wall_s if wall_s > 0 else 0.0
        text = f"{self._frames} frames in {wall_s:.1f} s ({fps:.1f} fps), people in {self._frames_with_people}"
        return f"{text}, {self._drops} dropped" if self._drops else text
