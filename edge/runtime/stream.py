"""One stream of a run, from its source to its outputs, on its own thread.

The thread ends the stream in this order: the steps of the pipeline, the publisher's status, the files.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from edge.runtime.async_pipeline import FrameResult
from edge.runtime.outputs import Outputs
from edge.runtime.results import StreamResults
from edge.types import Bodies
from engines.errors import MeshcastError
from engines.inference.process_exit import close_at_exit

log = logging.getLogger("meshcast.stream")

FPS_WINDOW = 60  # results over which the frame rate is computed
SILENT_S = 10.0  # a camera without frames for longer at the end of the run is reported


class StreamRun:
    """Writes the results of a stream to its outputs, and counts them. A failure does not affect other streams.

    Attributes:
        frames: number of results.
        people: people in the latest result.
        age_ms: age of the latest result when it was published, ms.
        error: the exception that ended the stream, None at its regular end.
        written: paths of the files, at the end.
    """

    def __init__(
        self,
        title: str,
        results: StreamResults,
        outputs: Outputs,
        total: int | None,
        on_end: Callable[[], None],
        on_result: Callable[[FrameResult], None] | None = None,
    ) -> None:
        """
        Args:
            title: the source as the user wrote it.
            results: of the stream.
            outputs: of the results.
            total: number of expected frames, None if unknown.
            on_end: called at the end, on the stream's thread.
            on_result: called with each result after the outputs, on the stream's thread.
        """
        self.title = title
        self.name = results.reader.source.name
        self.live = results.reader.source.live
        self.total = total
        self.results = results
        self.outputs = outputs
        self.frames = self.frames_with_people = self.people = 0
        self.ids: set[int] = set()
        self.age_ms = 0.0
        self.error: BaseException | None = None
        self.written: list[Path] = []
        self.began_s = self.ended_s = time.monotonic()
        self._on_end, self._on_result = on_end, on_result
        self._stopped = False
        self._silent_s = 0.0
        self._latest_s: deque[float] = deque(maxlen=FPS_WINDOW)
        self._thread = threading.Thread(target=self._run, name=f"meshcast-output-{self.name}", daemon=True)
        close_at_exit(self)

    @property
    def problems(self) -> list[str]:
        """Problems of the stream, one line each: of the source, frames left out, failed outputs, and its error."""
        lines = [*self.results.reader.source.problems, *self.results.problems, *self.outputs.problems]
        if isinstance(self.error, MeshcastError):
            message = str(self.error)
            lines = [line for line in lines if not line.endswith(message)]  # the frame that it cost
            lines.append(message if self.name in message or self.title in message else f"{self.name}: {message}")
        elif self.error is not None:
            lines.append(f"{self.name}: ended by an internal error ({type(self.error).__name__}: {self.error})")
        elif self.live and not self.frames and not lines and not self.running:
            lines.append(f"{self.name}: no frame arrived")
        elif self.live and self._silent_s > SILENT_S:
            lines.append(f"{self.name}: no frame arrived in the last {self._silent_s:.0f} s")
        return list(dict.fromkeys(lines))

    @property
    def fps(self) -> float:
        """Results per second over the latest ones; it decreases while none arrive."""
        if not self._latest_s:
            return 0.0
        begin_s, count = self._latest_s[0], len(self._latest_s)
        end_s = time.monotonic() if self.running else self.ended_s
        return (count - 1) / max(end_s - begin_s, 1e-6)

    @property
    def busiest(self) -> str:
        """The stage with the most work, and its milliseconds per frame; empty before the first result."""
        times = self.results.pipeline.timings.stages.histograms()
        work_ms = {stage: histogram.total_ms for stage, histogram in times.items()}
        if not self.frames or not work_ms:
            return ""
        stage = max(work_ms, key=lambda stage: work_ms[stage])
        return f"{stage} {work_ms[stage] / self.frames:.1f} ms"

    @property
    def dropped(self) -> int:
        """Frames that were dropped so far."""
        return sum(self.results.drops.values())

    @property
    def running(self) -> bool:
        """Whether the stream has not ended."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Start the stream."""
        self.began_s = self.ended_s = time.monotonic()
        self._thread.start()

    def stop(self) -> None:
        """End reading; frames in flight still arrive."""
        self._stopped = True
        self.results.stop()

    def close(self, timeout_s: float | None = None) -> None:
        """End at once and wait for it, for at most `timeout_s`; files keep what was written before."""
        self.results.close(timeout_s)
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        self.outputs.abort()  # does nothing once they are closed

    def _run(self) -> None:
        try:
            with self.results:
                for result in self.results:
                    self.age_ms = self.outputs.write(result)
                    self._count(result.bodies)
                    if self._on_result is not None:
                        self._on_result(result)
                    if self.outputs.exhausted and self._on_result is None:
                        break
        except MeshcastError as error:
            self.error = error
        except BaseException as error:  # the run reports it; other streams continue
            self.error = error
            log.debug("%s: %s", self.name, error, exc_info=True)
        self._silent_s = time.monotonic() - self.ended_s if self.frames and self._stopped else 0.0
        self.ended_s = time.monotonic()
        self.outputs.ended(self.name, self._reason)
        self.written = self.outputs.close()
        self._on_end()

    @property
    def _reason(self) -> str:
        """Why the stream has ended, for subscribers: without details that only the user of this run should read."""
        if self.error is not None:
            return "the source was disconnected" if isinstance(self.error, MeshcastError) else "an internal error"
        return "it was stopped" if self._stopped else "the source has ended"

    def _count(self, bodies: Bodies) -> None:
        self.ended_s = time.monotonic()
        self._latest_s.append(self.ended_s)
        self.frames += 1
        self.people = len(bodies)
        if self.people:
            self.frames_with_people += 1
            self.ids.update(bodies.ids.tolist())
