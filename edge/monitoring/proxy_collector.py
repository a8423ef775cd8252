"""The metrics of a proxy."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from importlib.metadata import version

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from edge.wire.proxy import ProxyStats

MAX_STREAMS = 1024  # with labels of their own; the sums count all


class ProxyCollector(Collector):
    """Reads the counters of a proxy at each request."""

    def __init__(self, stats: Callable[[], ProxyStats | None]) -> None:
        """stats: the counters, None while the proxy does not run."""
        self._stats = stats

    def collect(self) -> Iterator[Metric]:
        """Every metric, for prometheus_client."""
        build = {"version": version("meshcast"), "python": platform.python_version()}
        yield InfoMetricFamily("meshcast_build", "What is running", build)
        stats = self._stats()
        if stats is not None:
            yield from proxy_metrics(stats)


def proxy_metrics(stats: ProxyStats) -> Iterator[Metric]:
    """The metrics of these counters."""
    yield GaugeMetricFamily("meshcast_proxy_clients", "Clients that are subscribed", stats.clients)
    yield CounterMetricFamily("meshcast_proxy_clients_refused", "Rejected connections", stats.refused)
    messages = CounterMetricFamily("meshcast_proxy_messages", "Forwarded messages", labels=("kind",))
    size = CounterMetricFamily("meshcast_proxy_message_bytes", "Bytes of forwarded messages", labels=("kind",))
    for kind, count in stats.messages.items():
        messages.add_metric((kind,), count)
        size.add_metric((kind,), stats.message_bytes[kind])
    yield from (messages, size)
    discarded = sum(upstream.discarded for upstream in stats.upstreams)
    yield CounterMetricFamily("meshcast_proxy_discarded", "Messages that were not requested, or damaged", discarded)
    live = {name: up for upstream in stats.upstreams for name, up in upstream.streams.items()}
    yield GaugeMetricFamily("meshcast_proxy_publishers", "Publishers to connect to", len(stats.upstreams))
    yield GaugeMetricFamily("meshcast_proxy_streams", "Streams with a recent status", sum(live.values()))
    up = GaugeMetricFamily("meshcast_proxy_stream_up", "1 while status messages of a stream arrive", labels=("stream",))
    sessions = CounterMetricFamily(
        "meshcast_proxy_session_changes", "Times that a stream began again", labels=("stream",)
    )
    for name in sorted(live)[:MAX_STREAMS]:
        up.add_metric((name,), live[name])
        sessions.add_metric((name,), stats.sessions.get(name, 0))
    yield from (up, sessions)
