"""Monitoring of a run over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING

from edge.monitoring.clients import Clients
from edge.monitoring.metrics_endpoint import MetricsEndpoint
from edge.monitoring.prometheus_collector import RunCollector
from edge.runtime.health import RunHealth

if TYPE_CHECKING:
    from edge.models import LoadedModels
    from edge.runtime.room_results import RoomResults
    from edge.runtime.stream import StreamRun


class MetricsServer:
    """Serves the metrics and the health of a run, see MetricsEndpoint."""

    def __init__(
        self,
        address: str,
        *,
        token: bytes | None = None,
        insecure: bool = False,
        health: RunHealth | None = None,
    ) -> None:
        """Raises ProfilingError, see MetricsEndpoint."""
        health = health or RunHealth()
        self._collector = RunCollector(health)
        try:
            self._endpoint = MetricsEndpoint(address, self._collector, health, token=token, insecure=insecure)
        except BaseException:
            self._collector.close()
            raise
        self.address = self._endpoint.address

    def watch(
        self,
        streams: Sequence[StreamRun],
        models: LoadedModels | None = None,
        clients: Clients | None = None,
        room: RoomResults | None = None,
    ) -> None:
        """Serve the metrics of these."""
        self._collector.watch(streams, models, clients, room)

    def close(self) -> None:
        """Stop serving. May be called twice."""
        self._endpoint.close()
        self._collector.close()

    def __enter__(self) -> MetricsServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
