"""A sink that works on a thread of its own, so that a slow display never delays the other outputs."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from edge.bounded_queue import BoundedQueue
from edge.runtime.async_pipeline import FrameResult

if TYPE_CHECKING:
    from edge.runtime.outputs import Sink

log = logging.getLogger("meshcast.output")

CLOSE_S = 10.0  # for the results that wait and for the sink's own end


class BackgroundSink:
    """Hands the newest results to a display. Results that come while it works replace the one that waits.

    An error of the display is raised by the next write(), or by close().
    """

    def __init__(self, sink: Sink) -> None:
        """sink: used by the thread of this object alone."""
        self.stage, self.rotations = sink.stage, sink.rotations
        self.path: Path | None = sink.path
        self._sink = sink
        self._queue: BoundedQueue[FrameResult] = BoundedQueue(1, newest=True)
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._work, name=f"meshcast-{sink.stage}", daemon=True)
        self._thread.start()

    def write(self, result: FrameResult) -> None:
        """Replace the result that waits. Raises what the display raised since the last call."""
        error, self._error = self._error, None
        if error is not None:
            raise error
        self._queue.put(result)

    def close(self) -> bool:
        """Show what waits and end the display. Returns False: nothing is kept."""
        self._queue.finish()
        self._thread.join(CLOSE_S)
        if self._thread.is_alive():
            log.info("%s: does not end; left behind", self.stage)
            return False
        error, self._error = self._error, None
        if error is not None:
            raise error
        return False

    def abort(self) -> None:
        """End the display at once."""
        self._queue.close()
        self._thread.join(CLOSE_S)

    def _work(self) -> None:
        for result in self._queue:
            self._attempt(partial(self._sink.write, result))
        if self._queue.dropped:
            log.info("%s: %d results were not shown", self.stage, self._queue.dropped)
        self._attempt(self._sink.close)

    def _attempt(self, step: Callable[[], object]) -> None:
        """Keep the first error until it is raised."""
        try:
            step()
        except Exception as error:
            self._error = self._error or error
