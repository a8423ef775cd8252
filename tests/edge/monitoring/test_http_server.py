"""The HTTP server of metrics and health checks, and hostile clients."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from http import HTTPStatus
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from edge.errors import ProfilingError
from edge.monitoring.clients import Clients
from edge.monitoring.http_server import MAX_CONNECTIONS, MAX_REQUEST_BYTES, Answer, HttpServer, Request
from edge.monitoring.metrics_endpoint import read_token
from edge.monitoring.prometheus_server import MetricsServer
from edge.runtime.health import FRESH_S, RunHealth
from edge.timing import Timings

TOKEN = b"0123456789abcdef"
PATIENCE_S = 20.0  # a limit for failures only


def echo(request: Request) -> Answer:
    if request.path == "/broken":
        raise ValueError
    return Answer(HTTPStatus.OK, f"{request.method} {request.path}\n".encode())


@pytest.fixture
def server() -> Iterator[HttpServer]:
    serving = HttpServer("127.0.0.1", 0, echo)
    yield serving
    serving.close()


def get(port: int, path: str, method: str = "GET", **headers: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def raw(port: int, request: bytes) -> bytes:
    """The whole answer to some bytes."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as client:
        client.sendall(request)
        return b"".join(iter(lambda: client.recv(65536), b""))


def test_http_server_get_and_head_are_answered(server: HttpServer) -> None:
    assert get(server.port, "/a?b=c") == (200, "GET /a\n")
    assert get(server.port, "/a", "HEAD") == (200, "")


def test_http_server_other_method_is_rejected(server: HttpServer) -> None:
    assert get(server.port, "/a", "POST")[0] == 405


def test_http_server_error_in_handler_is_500(server: HttpServer) -> None:
    assert get(server.port, "/broken")[0] == 500


@pytest.mark.parametrize("line", [b"GET", b"GET / HTTP/2.0", b"GET a HTTP/1.1", b"GET / HTTP/1.1\r\nno colon"])
def test_http_server_malformed_request_is_400(server: HttpServer, line: bytes) -> None:
    assert raw(server.port, line + b"\r\n\r\n").startswith(b"HTTP/1.1 400 ")


def test_http_server_large_request_is_rejected(server: HttpServer) -> None:
    request = b"GET / HTTP/1.1\r\nX: " + b"a" * (MAX_REQUEST_BYTES - 100) + b"\r\n\r\n"
    assert raw(server.port, request).startswith(b"HTTP/1.1 200 ")
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S) as client:
        client.sendall(b"GET / HTTP/1.1\r\nX: " + b"a" * 2 * MAX_REQUEST_BYTES)
        client.shutdown(socket.SHUT_WR)
        try:
            answer = client.recv(65536)
        except ConnectionResetError:  # it was cut off before it had sent everything
            answer = b""
    assert answer == b"" or answer.startswith(b"HTTP/1.1 431 ")


def test_http_server_idle_connections_block_no_request(server: HttpServer) -> None:
    threads = threading.active_count()
    with ExitStack() as idle:
        for _ in range(200):
            idle.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S))
        assert get(server.port, "/a") == (200, "GET /a\n")
        assert threading.active_count() <= threads  # threads of other tests may end


def test_http_server_oldest_idle_connection_is_closed(server: HttpServer) -> None:
    with ExitStack() as idle:
        first = idle.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S))
        for _ in range(MAX_CONNECTIONS):
            latest = idle.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S))
        with suppress(ConnectionResetError):
            assert first.recv(1) == b""
        latest.sendall(b"GET /a HTTP/1.1\r\n\r\n")
        assert latest.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_http_server_slow_request_is_closed() -> None:
    serving = HttpServer("127.0.0.1", 0, echo, request_s=0.05)
    with socket.create_connection(("127.0.0.1", serving.port), timeout=PATIENCE_S) as client:
        client.sendall(b"GET / HTTP/1.1\r\nX: a")
        with suppress(ConnectionResetError):
            assert client.recv(1) == b""
    serving.close()
    serving.close()


# Metrics and probes


class Stream:
    """As much of a stream as probes look at."""

    def __init__(self, name: str, *, live: bool = True, latest_s: float | None = None) -> None:
        self.name, self.live, self.running, self.error = name, live, True, None
        self.frames, self.dropped, self.fps = 0, 0, 0.0
        self.frames_with_people = self.people = 0
        source = SimpleNamespace(reconnects=0, decode_level=0)
        reader = SimpleNamespace(latest_s=latest_s, pace="realtime" if live else "fast", source=source)
        pipeline = SimpleNamespace(dropped_people=0, device_counts=None, timings=Timings())
        self.results = SimpleNamespace(captured=0, reader=reader, pipeline=pipeline, drops={}, waiting={})


@pytest.fixture
def clock() -> list[float]:
    return [1000.0]


@pytest.fixture
def health(clock: list[float]) -> RunHealth:
    return RunHealth(lambda: clock[0])


@pytest.fixture
def probe(health: RunHealth) -> Iterator[Callable[..., tuple[int, str]]]:
    with MetricsServer("127.0.0.1:0", token=TOKEN, health=health) as serving:
        yield lambda path, **headers: get(int(serving.address.rpartition(":")[2]), path, **headers)


BEARER = {"Authorization": f"Bearer {TOKEN.decode()}"}


def test_metrics_server_metrics_need_token(probe: Callable[..., tuple[int, str]]) -> None:
    assert probe("/metrics")[0] == 401
    assert probe("/metrics", Authorization="Bearer 0123456789abcdeX")[0] == 401
    assert probe("/metrics", Authorization=f"Basic {TOKEN.decode()}")[0] == 401
    status, text = probe("/metrics", **BEARER)
    assert status == 200
    assert "meshcast_build_info" in text
    assert probe("/other", **BEARER)[0] == 404


def test_metrics_server_readiness_names_missing_sources(
    probe: Callable[..., tuple[int, str]], health: RunHealth, clock: list[float]
) -> None:
    assert probe("/readyz") == (503, "starting\n")
    streams: list[Any] = [Stream("cam0", latest_s=clock[0]), Stream("cam1"), Stream("clip", live=False)]
    health.watch(streams)
    assert probe("/readyz", **BEARER) == (503, "no frames from: cam1, clip\n")
    assert probe("/readyz") == (503, "no frames from: a source\n")
    for stream in streams:
        stream.results.reader.latest_s = clock[0]
    assert probe("/readyz") == (200, "ok\n")
    clock[0] += FRESH_S + 1
    assert probe("/readyz", **BEARER) == (503, "no frames from: cam0, cam1\n")  # a file is read as fast as it can be
    streams[2].running, streams[2].error = False, ValueError()
    assert probe("/readyz", **BEARER) == (503, "no frames from: cam0, cam1, clip\n")


def test_metrics_server_stalled_loop_or_stream_is_unhealthy(
    probe: Callable[..., tuple[int, str]], health: RunHealth, clock: list[float]
) -> None:
    assert probe("/healthz") == (200, "ok\n")
    silent, stuck = Stream("silent"), Stream("stuck")
    streams: list[Any] = [silent, stuck]
    health.watch(streams)
    stuck.results.captured = 2
    for _ in range(100):
        clock[0] += 1
        health.beat()
        stuck.frames = min(stuck.frames + 1, 1)  # the first frame came through, the second does not
    assert health.stalled(30) == ["stuck"]
    assert probe("/healthz", **BEARER) == (503, "stalled: stuck\n")
    stuck.frames = 2
    health.beat()
    assert probe("/healthz") == (200, "ok\n")
    clock[0] += 100
    assert probe("/healthz", **BEARER) == (503, "stalled: main loop, silent, stuck\n")


def test_metrics_server_unreachable_camera_is_down(health: RunHealth, clock: list[float]) -> None:
    with MetricsServer("127.0.0.1:0", health=health) as serving:
        streams: list[Any] = [Stream("cam0"), Stream("cam1", latest_s=clock[0])]
        streams[0].results.reader.source.reconnects = 7
        streams[1].results.captured = 1
        serving.watch(streams, clients=Clients(lambda: 3, lambda: 5))
        text = get(int(serving.address.rpartition(":")[2]), "/metrics")[1]
    for sample in (
        'meshcast_stream_running{stream="cam0"} 0.0',
        'meshcast_stream_running{stream="cam1"} 1.0',
        'meshcast_source_up{stream="cam0"} 0.0',
        'meshcast_source_up{stream="cam1"} 1.0',
        'meshcast_source_reconnects_total{stream="cam0"} 7.0',
        "meshcast_subscribers 3.0",
        "meshcast_clients_refused_total 5.0",
    ):
        assert f"\n{sample}\n" in text


@pytest.mark.parametrize("address", ["0.0.0.0:0", "[::]:0", "192.0.2.1:9464"])
def test_metrics_server_public_address_needs_token(address: str) -> None:
    with pytest.raises(ProfilingError, match=r"anyone who reaches this machine could read the metrics; add --metrics-"):
        MetricsServer(address)


def test_metrics_server_insecure_needs_no_token() -> None:
    with MetricsServer("0.0.0.0:0", insecure=True) as serving:
        assert get(int(serving.address.rpartition(":")[2]), "/metrics")[0] == 200


@pytest.mark.parametrize("content", [b"", b"short", b"two words of a token", b"x" * 513, b"\xff" * 32])
def test_read_token_invalid_file_raises(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_bytes(content)
    with pytest.raises(ProfilingError, match="holds no token"):
        read_token(path)
    path.write_bytes(TOKEN + b"\n")
    assert read_token(path) == TOKEN
    with pytest.raises(ProfilingError, match="cannot be read"):
        read_token(tmp_path / "none")
