"""Those who watch a run: a trace, NVTX ranges, metrics."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from edge.profiling.nvtx_ranges import NvtxRanges
from edge.profiling.timing import Listener, Tee
from edge.profiling.trace import Trace

if TYPE_CHECKING:
    from edge.models import LoadedModels
    from edge.profiling.metrics import MetricsServer
    from edge.runtime.stream import StreamRun

ENGINES = "engines"  # the name of their rows in a trace


@dataclass(frozen=True, slots=True)
class Watch:
    """How to watch a run. trace: a file; nvtx: ranges for a profiler; metrics: HOST:PORT to serve them on."""

    trace: Path | None = None
    nvtx: bool = False
    metrics: str | None = None


class Observers:
    """Opens what a Watch asks for at once, so that what cannot be used is said before any work is done.

    watch() attaches it to a run before its streams start, finish() writes the files; leaving the `with` block ends
    everything. Raises OutputError and ProfilingError.
    """

    def __init__(self, wanted: Watch) -> None:
        self._trace: Trace | None = None
        self._metrics: MetricsServer | None = None
        self._nvtx = wanted.nvtx
        with ExitStack() as undo:
            if wanted.nvtx:
                NvtxRanges("")
            if wanted.trace is not None:
                self._trace = undo.enter_context(Trace(wanted.trace))
            if wanted.metrics is not None:
                from edge.profiling.metrics import MetricsServer

                self._metrics = undo.enter_context(MetricsServer(wanted.metrics))
            self._undo = undo.pop_all()

    def watch(self, streams: Sequence[StreamRun], models: LoadedModels) -> None:
        """Attach to the streams and the engines."""
        for stream in streams:
            listeners: list[Listener] = []
            if self._trace is not None:
                listeners.append(self._trace.process(stream.name))
            if self._nvtx:
                listeners.append(NvtxRanges(stream.name))
            if listeners:
                stream.overlapped.pipeline.timings.listener = Tee(listeners) if len(listeners) > 1 else listeners[0]
        if self._trace is not None:
            models.timings.listener = self._trace.process(ENGINES)
        if self._metrics is not None:
            self._metrics.watch(streams, models)

    def finish(self) -> list[Path]:
        """Write the files, once the streams have ended; returns them. Raises OutputError."""
        return [self._trace.close()] if self._trace is not None else []

    def __enter__(self) -> Observers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._undo.close()
