"""A sink that works at certain hours only: a new file begins with each of them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from edge.runtime.async_pipeline import FrameResult
from edge.runtime.schedule import Schedule

if TYPE_CHECKING:
    from edge.runtime.outputs import Sink

log = logging.getLogger("meshcast.output")


class ScheduledSink:
    """Opens a sink at the first frame within the hours of a schedule, and closes it at the first one outside.

    Attributes:
        path: the latest file.
        stage, rotations: of the sink.
    """

    def __init__(
        self,
        schedule: Schedule,
        begin: Callable[[], Sink],
        *,
        what: object,
        now: Callable[[], datetime] = datetime.now,
    ) -> None:
        """
        Args:
            schedule: when the sink works.
            begin: opens a new file.
            what: the output, in messages.
            now: the local time.

        Raises:
            OutputError: the file cannot be written; outside the hours too.
        """
        self._schedule, self._begin, self._what, self._now = schedule, begin, what, now
        self._kept = False
        self._sink: Sink | None = begin()
        self.stage, self.rotations = self._sink.stage, self._sink.rotations
        self.path: Path | None = self._sink.path
        time = now()
        if not schedule.active(time):
            self._sink.abort()
            self._sink = None
            log.warning("%s: nothing is written outside of %s", what, schedule.describe(time))

    def write(self, result: FrameResult) -> None:
        """Write a result within the hours."""
        time = self._now()
        active = self._schedule.active(time)
        if active and self._sink is None:
            self._sink = self._begin()
            log.info("%s: starts: %s", self._what, self._schedule.describe(time))
        elif not active and self._sink is not None:
            self._finish()
            log.info("%s: stops: %s", self._what, self._schedule.describe(time))
        if self._sink is not None:
            self._sink.write(result)

    def close(self) -> bool:
        """Finish the file. Returns whether any file was written."""
        self._finish()
        return self._kept

    def abort(self) -> None:
        """Remove the unfinished file; the files before it stay."""
        if self._sink is not None:
            self._sink.abort()

    def _finish(self) -> None:
        sink, self._sink = self._sink, None
        if sink is not None and sink.close():
            self.path = sink.path
            self._kept = True
