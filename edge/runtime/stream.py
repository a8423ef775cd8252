"""One stream of a run, from its source to its outputs, on a thread of its own.

The thread ends the stream in this order: the steps before it, word to subscribers, the files.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from edge.runtime.async_pipeline import AsyncPipeline
from edge.runtime.outputs import Outputs
from edge.types import Bodies
from engines.errors import MeshcastError
from engines.inference.process_exit import close_at_exit

log = logging.getLogger("meshcast.stream")

LATEST = 60  # frames over which the frame rate is taken
SILENT_S = 10.0  # a camera that sent nothing for so long when its run was stopped is said to be gone


class StreamRun:
    """Writes what comes through to the outputs, and counts it. Other streams go on when this one fails.

    `frames` counts what came through, `people` those in the latest frame, `age_ms` how old it was, `fps` the latest
    frames in a second. `error` is what
    ended the stream, other than its end. `problems` is what to say of it, a line each. on_end is called at the end.
    """

    def __init__(
        self, title: str, overlapped: AsyncPipeline, outputs: Outputs, total: int | None, on_end: Callable[[], None]
    ) -> None:
        """title: the source as its user wrote it; total: frames to expect, None while unknown."""
        self.title = title
        self.name = overlapped.reader.source.name
        self.live = overlapped.reader.source.live
        self.total = total
        self.overlapped = overlapped
        self.outputs = outputs
        self.frames = self.frames_with_people = self.people = 0
        self.ids: set[int] = set()
        self.age_ms = 0.0
        self.error: BaseException | None = None
        self.written: list[Path] = []
        self.began_s = self.ended_s = time.monotonic()
        self._on_end = on_end
        self._stopped = False
        self._silent_s = 0.0
        self._latest_s: deque[float] = deque(maxlen=LATEST)
        self._thread = threading.Thread(target=self._run, name=f"meshcast-output-{self.name}", daemon=True)
        close_at_exit(self)

    @property
    def problems(self) -> list[str]:
        """What went wrong, a line each: losses that the source noticed, frames left out, outputs that failed, and what
        ended the stream."""
        lines = [*self.overlapped.reader.source.problems, *self.overlapped.problems, *self.outputs.problems]
        if isinstance(self.error, MeshcastError):
            told = str(self.error)
            lines.append(told if self.name in told or self.title in told else f"{self.name}: {told}")
        elif self.error is not None:
            lines.append(f"{self.name}: ended by an internal error ({type(self.error).__name__}: {self.error})")
        elif self.live and not self.frames and not lines and not self.running:
            lines.append(f"{self.name}: no frame came")
        elif self.live and self._silent_s > SILENT_S:
            lines.append(f"{self.name}: no frame came in the last {self._silent_s:.0f} s")
        return list(dict.fromkeys(lines))

    @property
    def fps(self) -> float:
        """How many frames come through in a second now; it falls while none does."""
        if not self._latest_s:
            return 0.0
        begin_s, count = self._latest_s[0], len(self._latest_s)
        end_s = time.monotonic() if self.running else self.ended_s
        return (count - 1) / max(end_s - begin_s, 1e-6)

    @property
    def busiest(self) -> str:
        """The stage that most of the work goes to, and its milliseconds of a frame; empty before the first."""
        times = self.overlapped.pipeline.timings.stages.histograms()
        work_ms = {stage: histogram.total_ms for stage, histogram in times.items()}
        if not self.frames or not work_ms:
            return ""
        stage = max(work_ms, key=lambda stage: work_ms[stage])
        return f"{stage} {work_ms[stage] / self.frames:.1f} ms"

    @property
    def dropped(self) -> int:
        """Frames that did not come through so far."""
        return sum(self.overlapped.drops.values())

    @property
    def running(self) -> bool:
        """Whether more may come."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begin; frames are asked for from now on."""
        self.began_s = self.ended_s = time.monotonic()
        self._thread.start()

    def stop(self) -> None:
        """Read no more; what is on its way still comes through."""
        self._stopped = True
        self.overlapped.stop()

    def close(self, timeout_s: float | None = None) -> None:
        """End at once and wait for it, for at most `timeout_s`; files hold what was written until then."""
        self.overlapped.close(timeout_s)
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        self.outputs.abort()  # does nothing once they are closed

    def _run(self) -> None:
        try:
            with self.overlapped:
                for result in self.overlapped:
                    self.age_ms = self.outputs.write(result)
                    self._count(result.bodies)
                    if self.outputs.exhausted:
                        break
        except MeshcastError as error:
            self.error = error
        except BaseException as error:  # the run decides what it means; the other streams go on
            self.error = error
            log.debug("%s: %s", self.name, error, exc_info=True)
        self._silent_s = time.monotonic() - self.ended_s if self.frames and self._stopped else 0.0
        self.ended_s = time.monotonic()
        self.outputs.ended(self.name, self._reason)
        self.written = self.outputs.close()
        self._on_end()

    @property
    def _reason(self) -> str:
        """Why the stream has ended, for subscribers anywhere: without what only its user should read."""
        if self.error is not None:
            return "the source broke off" if isinstance(self.error, MeshcastError) else "an internal error"
        return "it was stopped" if self._stopped else "the source has ended"

    def _count(self, bodies: Bodies) -> None:
        self.ended_s = time.monotonic()
        self._latest_s.append(self.ended_s)
        self.frames += 1
        self.people = len(bodies)
        if self.people:
            self.frames_with_people += 1
            self.ids.update(bodies.ids.tolist())
