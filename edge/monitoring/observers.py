"""Observers of a run: a trace, NVTX ranges, metrics, probes and a service manager."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
from engines.device.metered import Around

if TYPE_CHECKING:
    from edge.models import LoadedModels
    from edge.monitoring.clients import Clients
    from edge.monitoring.prometheus_collector import RunCollector
    from edge.monitoring.prometheus_server import MetricsServer
    from edge.runtime.room_results import RoomResults
    from edge.runtime.stream import StreamRun

ENGINES = "engines"  # name of the engines' rows in a trace


@dataclass(frozen=True, slots=True)
class MonitoringConfig:
    """Monitoring of a run.

    Attributes:
        trace: path of a trace file; None: no trace.
        nvtx: mark stages as NVTX ranges for a profiler.
        metrics: HOST:PORT on which Prometheus metrics are served; None: they are not.
        metrics_token: path of a file with the token that requests for metrics need.
        insecure: serve metrics to other machines without a token.
        on_metrics: called with a function that returns the metrics of the run in Prometheus' text format.
    """

    trace: Path | None = None
    nvtx: bool = False
    metrics: str | None = None
    metrics_token: Path | None = None
    insecure: bool = False
    on_metrics: Callable[[Callable[[], str]], None] | None = None


class Observers:
    """The monitoring of a run; its files and sockets are opened at once, so that errors appear before any work.

    listener() gives the listeners for the run's timings; watch() is called before the streams start, poll() by the main
    loop while they run, ending() when they are about to end; finish() writes the files; leaving the `with` block ends
    everything. Raises OutputError and ProfilingError.
    """

    def __init__(self, wanted: MonitoringConfig) -> None:
        self._trace: Trace | None = None
        self._metrics: MetricsServer | None = None
        self._collector: RunCollector | None = None
        self._nvtx = wanted.nvtx
        self._health = RunHealth()
        with ExitStack() as undo:
            self._supervision = undo.enter_context(Supervision(self._health))
            if wanted.nvtx:
                NvtxRanges("")
            if wanted.trace is not None:
                self._trace = undo.enter_context(Trace(wanted.trace))
            if wanted.metrics is not None:
                from edge.monitoring.metrics_endpoint import read_token
                from edge.monitoring.prometheus_server import MetricsServer

                token = read_token(wanted.metrics_token) if wanted.metrics_token is not None else None
                server = MetricsServer(wanted.metrics, token=token, insecure=wanted.insecure, health=self._health)
                self._metrics = undo.enter_context(server)
            if wanted.on_metrics is not None:
                from edge.monitoring.prometheus_collector import RunCollector, exposition_of

                self._collector = RunCollector(self._health)
                undo.callback(self._collector.close)
                wanted.on_metrics(exposition_of(self._collector))
            self._undo = undo.pop_all()

    def listener(self, name: str) -> Listener | None:
        """The listener for the timings of a stream, or of the engines (ENGINES): the trace, NVTX ranges, or both."""
        listeners: list[Listener] = []
        if self._trace is not None:
            listeners.append(self._trace.process(name))
        if self._nvtx and name != ENGINES:
            listeners.append(NvtxRanges(name))
        return Tee(listeners) if len(listeners) > 1 else next(iter(listeners), None)

    def around_launches(self, name: str) -> Around | None:
        """What surrounds the enqueuing of a stream's work on a GPU: NVTX ranges, or nothing."""
        return NvtxRanges(name).enqueue if self._nvtx else None

    def watch(
        self,
        streams: Sequence[StreamRun],
        models: LoadedModels | None,
        clients: Clients | None = None,
        room: RoomResults | None = None,
    ) -> None:
        """Serve the metrics and the health of the streams, the engines, a publisher's clients and a room's cameras."""
        self._health.watch(streams)
        if self._metrics is not None:
            self._metrics.watch(streams, models, clients, room)
        if self._collector is not None:
            self._collector.watch(streams, models, clients, room)

    def poll(self) -> None:
        """Called several times a second by the main loop once the streams are started."""
        self._health.beat()
        self._supervision.ready()

    def ending(self) -> None:
        """Called when no further frames are read."""
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
