"""Progress of a run on stderr: a bar for one file, else a table of streams; one line per stream in a log."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.table import Table
from rich.text import Text

from edge import console
from edge.text import one_line

REFRESH_S = 0.1


class StreamProgress(Protocol):
    """The state of a stream that is shown."""

    name: str
    live: bool
    total: int | None
    frames: int
    frames_with_people: int
    people: int
    age_ms: float

    @property
    def fps(self) -> float: ...

    @property
    def busiest(self) -> str: ...

    @property
    def dropped(self) -> int: ...

    @property
    def running(self) -> bool: ...


class Progress:
    """Shows the progress of a run on stderr: refresh() reads the state of the streams, at most once every `refresh_s`.

    Without a terminal, only one line per stream is printed, at the end. A terminal that disappears ends the progress,
    not the run.
    """

    def __init__(
        self,
        streams: Sequence[StreamProgress],
        quiet: bool,
        *,
        refresh_s: float = REFRESH_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        Args:
            streams: the streams of the run.
            quiet: show nothing.
            refresh_s: least time between two updates, s.
            clock: monotonic time, s.
        """
        self._streams = streams
        self._quiet = quiet
        self._refresh_s, self._clock = refresh_s, clock
        self._began_s = self._next_s = clock()
        self._open = True
        self._live: Live | None = None
        self._bar: Bar | None = None
        if quiet or not console.interactive():
            return
        if len(streams) == 1 and not streams[0].live:
            columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
            self._bar = Bar(*columns, TimeRemainingColumn(compact=True), auto_refresh=False)
            self._bar.add_task("", total=streams[0].total)
        self._live = Live(self._render(), console=Console(file=console.terminal()), auto_refresh=False)
        self._live.start()

    def refresh(self) -> None:
        """Draw the state of the streams if `refresh_s` has passed."""
        now_s = self._clock()
        if self._live is None or now_s < self._next_s:
            return
        self._next_s = now_s + self._refresh_s
        try:
            self._live.update(self._render(), refresh=True)
        except OSError:  # the terminal has disappeared
            self._live, self._quiet = None, True

    def close(self) -> None:
        """Keep the last state on the terminal, or print the closing lines. May be called twice."""
        if not self._open:
            return
        self._open = False
        with contextlib.suppress(OSError):  # the terminal may have disappeared
            if self._live is not None:
                self._live.update(self._render(), refresh=True)
                self._live.stop()
            if not self._quiet and self._bar is None:
                for stream in self._streams:
                    console.line(self._closing_line(stream))

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _render(self) -> Bar | Table | Text | Group:
        if self._bar is not None:
            stream = self._streams[0]
            people = "person" if stream.people == 1 else "people"
            text = f"{stream.fps:5.1f} fps  {stream.people} {people}"
            self._bar.update(self._bar.task_ids[0], completed=stream.frames, description=text)
            return self._bar
        table = Table(box=None, padding=(0, 2, 0, 0))
        for heading in ("stream", "fps", "people", "latency", "frames", "dropped", "busiest stage"):
            table.add_column(heading, justify="left" if heading == "stream" else "right")
        for stream in self._streams:
            state = (f"{stream.fps:.1f}", str(stream.people), f"{stream.age_ms:.0f} ms")
            if not stream.frames:
                state = ("waiting" if stream.running else "ended", "", "")
            row = (stream.name, *state, str(stream.frames), str(stream.dropped), stream.busiest)
            table.add_row(*(Text(one_line(cell)) for cell in row))  # a string would be read as markup
        return table

    def _closing_line(self, stream: StreamProgress) -> str:
        wall_s = self._clock() - self._began_s
        fps = stream.frames / wall_s if wall_s > 0 else 0.0
        text = f"{stream.frames} frames in {wall_s:.1f} s ({fps:.1f} fps), people in {stream.frames_with_people}"
        if stream.dropped:
            text += f", {stream.dropped} dropped"
        return text if len(self._streams) == 1 else f"{stream.name}: {text}"
