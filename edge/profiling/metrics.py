"""What a run does, as Prometheus reads it: counters and histograms over HTTP, gathered when somebody asks."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, ProcessCollector, start_http_server

from edge.errors import ProfilingError
from edge.profiling.collector import RunCollector

if TYPE_CHECKING:
    from edge.models import LoadedModels
    from edge.runtime.stream import StreamRun


class MetricsServer:
    """Serves the metrics of a run at http://HOST:PORT/metrics until it is closed; port 0 takes any free one.

    `address` is the real one. Raises ProfilingError when the address is none or cannot be used.
    """

    def __init__(self, address: str) -> None:
        host, port = _parse(address)
        self._collector = RunCollector()
        registry = CollectorRegistry()
        registry.register(self._collector)
        ProcessCollector(registry=registry)  # resident memory and processor time, where the system says them
        try:
            self._server, self._thread = start_http_server(port, host, registry)
        except (OSError, OverflowError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise ProfilingError(f"{address}: {reason}; choose another address with --metrics") from None
        self.address = f"{host}:{self._server.server_port}"

    def watch(self, streams: Sequence[StreamRun], models: LoadedModels) -> None:
        """Serve what these do, from now on."""
        self._collector.watch(streams, models)

    def close(self) -> None:
        """Serve no more. May be called twice."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._collector.close()

    def __enter__(self) -> MetricsServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _parse(address: str) -> tuple[str, int]:
    host, colon, port = address.rpartition(":")
    numbered = port.isascii() and port.isdigit() and int(port) <= 65535
    if not colon or not host or not numbered or "/" in host:
        raise ProfilingError(f"{address}: not an address; use HOST:PORT, for example 127.0.0.1:9464")
    return host.removeprefix("[").removesuffix("]"), int(port)
