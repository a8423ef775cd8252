from __future__ import annotations

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest

from edge.monitoring.proxy_collector import MAX_STREAMS, ProxyCollector
from edge.wire.proxy import ProxyStats, UpstreamStats


def exposition(stats: ProxyStats | None) -> str:
    registry = CollectorRegistry()
    registry.register(ProxyCollector(lambda: stats))
    return generate_latest(registry).decode()


def test_collector_counts_by_kind_and_stream() -> None:
    upstream = UpstreamStats("tcp://a:1", 9, 900, 2, {"door": True, "yard": False})
    text = exposition(ProxyStats(3, 1, {"mesh": 5}, {"mesh": 500}, {"door": 4}, (upstream,)))
    for line in (
        "meshcast_proxy_clients 3.0",
        "meshcast_proxy_clients_refused_total 1.0",
        'meshcast_proxy_messages_total{kind="mesh"} 5.0',
        'meshcast_proxy_message_bytes_total{kind="mesh"} 500.0',
        "meshcast_proxy_discarded_total 2.0",
        "meshcast_proxy_publishers 1.0",
        "meshcast_proxy_streams 1.0",
        'meshcast_proxy_stream_up{stream="yard"} 0.0',
        'meshcast_proxy_session_changes_total{stream="door"} 4.0',
    ):
        assert line in text.splitlines()


def test_collector_labels_are_bounded() -> None:
    upstream = UpstreamStats("tcp://a:1", 0, 0, 0, {f"s{number}": True for number in range(MAX_STREAMS + 5)})
    text = exposition(ProxyStats(upstreams=(upstream,)))
    assert text.count("meshcast_proxy_stream_up{") == MAX_STREAMS
    assert f"meshcast_proxy_streams {MAX_STREAMS + 5}.0" in text


def test_collector_without_a_proxy_has_the_build_only() -> None:
    assert "meshcast_proxy" not in exposition(None)
