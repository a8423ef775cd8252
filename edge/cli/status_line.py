"""A status line on the terminal."""

from __future__ import annotations

import time
from types import TracebackType

from edge import console
from edge.text import one_line

REFRESH_S = 0.5


class StatusLine:
    """Shows one line on stderr, updated at most every REFRESH_S, and erases it on exit; does nothing unless stderr is
    a terminal."""

    def __init__(self) -> None:
        self._next_s = 0.0
        self._shown = False

    def show(self, line: str) -> None:
        """Replace the line if the last update is REFRESH_S ago."""
        now_s = time.monotonic()
        if now_s >= self._next_s and console.interactive():
            self._next_s, self._shown = now_s + REFRESH_S, True
            console.stderr.write(f"\r{one_line(line)}\x1b[K")

    def __enter__(self) -> StatusLine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown:
            console.stderr.write("\r\x1b[K")
