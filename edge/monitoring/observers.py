"""Observers of a run: a trace, NVTX ranges, metrics, probes and a service manager."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from edge.monitoring.nvtx import NvtxRanges
from edge.monitoring.trace import Trace
from edge.runtime.health import RunHealth
from edge.runtime.supervision import Supervision
from edge.timing import Listener, Tee

if TYPE_CHECKING:
    from edge.models import LoadedModels
    from edge.monitoring.clients import Clients
    from edge.monitoring.prometheus_server import MetricsServer
    from edge.runtime.stream import StreamRun

ENGINES = "engines"  # the name of their rows in a trace


@dataclass(frozen=True, slots=True)
class MonitoringConfig:
    """How to watch a run. trace: a file; nvtx: ranges for a profiler; metrics: HOST:PORT to serve them on;
    metrics_token: a file with the token that asking for them needs; insecure: other machines need none."""

    trace: Path | None = None
    nvtx: bool = False
    metrics: str | None = None
    metrics_token: Path | None = None
    insecure: bool = False


class Observers:
    """Opens what a Watch asks for at once, so that what cannot be used is said before any work is done.

    watch() attaches it to a run before its streams start; look() is called by the main loop while they run, ending()
    when they are about to end; finish() writes the files; leaving the `with` block ends everything. Raises OutputError
    and ProfilingError.
    """

    def __init__(self, wanted: MonitoringConfig) -> None:
        self._trace: Trace | None = None
        self._metrics: MetricsServer | None = None
        self._nvtx = wanted.nvtx
        self._health = RunHealth()
        with ExitStack() as undo:
            self._supervision = undo.enter_context(Supervision(self._health))
            if wanted.nvtx:
                NvtxRanges("")
            if wanted.trace is not None:
                self._trace = undo.enter_context(Trace(wanted.trace))
            if wanted.metrics is not None:
                from edge.monitoring.prometheus_server import MetricsServer, read_token

                token = read_token(wanted.metrics_token) if wanted.metrics_token is not None else None
                server = MetricsServer(wanted.metrics, token=token, insecure=wanted.insecure, health=self._health)
                self._metrics = undo.enter_context(server)
            self._undo = undo.pop_all()

    def watch(self, streams: Sequence[StreamRun], models: LoadedModels, clients: Clients | None = None) -> None:
        """Attach to the streams, the engines and the counters of a publisher's clients."""
        self._health.watch(streams)
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
            self._metrics.watch(streams, models, clients)

    def look(self) -> None:
        """The streams have been started and the main loop moves: call it several times a second."""
        self._health.beat()
        self._supervision.ready()

    def ending(self) -> None:
        """No further frames are read."""
        self._supervision.stopping()

    def finish(self) -> list[Path]:
        """Write the files, once the streams have ended; returns them. Raises OutputError."""
        return [self._trace.close()] if self._trace is not None else []

    def __enter__(self) -> Observers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._undo.close()
