"""Servers that browsers and monitoring talk to, for fuzzing: damaged requests, after which a right one is answered."""

from __future__ import annotations

import asyncio
import base64
import functools
import socket
import threading
from pathlib import Path

from tests.campaign.fuzz_mutation import Sample, plain

ANSWER_S = 20.0  # for a request that is right
DAMAGED_S = 0.05  # for one that is not: a server may wait for the rest of it
HOST = "127.0.0.1"


def _exchange(port: int, request: bytes, patience_s: float) -> bytes:
    """The first piece of what a server answers, b"" when nothing comes or it hangs up."""
    with socket.create_connection((HOST, port), ANSWER_S) as connection:
        try:
            connection.settimeout(ANSWER_S)
            connection.sendall(request)
            connection.settimeout(patience_s)
            return connection.recv(1 << 16)
        except OSError:
            return b""


def _metrics_request(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nAccept: text/plain\r\nContent-Length: 0\r\n\r\n".encode()


def _upgrade() -> bytes:
    key = base64.b64encode(bytes(16)).decode()
    return (
        f"GET /stream?levels=mesh HTTP/1.1\r\nHost: {HOST}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()


def _frame(code: int, payload: bytes) -> bytes:
    """A short frame as a browser sends it, masked with zeros."""
    return bytes([0x80 | code, 0x80 | len(payload)]) + bytes(4) + payload


def metrics_samples() -> tuple[Sample, ...]:
    return plain(_metrics_request("/metrics")), plain(_metrics_request("/healthz?a=b"))


def websocket_samples() -> tuple[Sample, ...]:
    frames = _frame(9, b"ping"), _frame(1, b"text"), _frame(8, b"\x03\xe8")
    return Sample((_upgrade(), *frames)), plain(_metrics_request("/"))


@functools.cache
def _metrics_port() -> int:
    from edge.monitoring.prometheus_server import MetricsServer

    return int(MetricsServer(f"{HOST}:0").address.rpartition(":")[2])


@functools.cache
def _bridge_port() -> int:
    from edge.bridges.websocket.endpoint import Endpoint
    from edge.bridges.websocket.server import Bridge

    ports: list[int] = []
    ready = threading.Event()

    async def serve() -> None:
        async with Bridge("tcp://127.0.0.1:9", Endpoint(HOST, 0)) as bridge:
            ports.append(int(bridge.url.split("/")[2].rpartition(":")[2]))
            ready.set()
            await bridge.run()

    threading.Thread(target=lambda: asyncio.run(serve()), daemon=True).start()
    assert ready.wait(ANSWER_S)
    return ports[0]


def _still_answers(port: int, request: bytes) -> None:
    answer = _exchange(port, request, ANSWER_S)
    if not answer.startswith(b"HTTP/1."):
        raise ConnectionError(f"a right request is no longer answered: {answer[:100]!r}")


def ask_metrics(path: Path) -> object:
    _exchange(_metrics_port(), path.read_bytes(), DAMAGED_S)
    return _still_answers(_metrics_port(), _metrics_request("/metrics"))


def ask_bridge(path: Path) -> object:
    _exchange(_bridge_port(), path.read_bytes(), DAMAGED_S)
    return _still_answers(_bridge_port(), _upgrade())
