"""Metrics of a process over HTTP: /metrics for Prometheus, /healthz and /readyz for service managers and balancers."""

from __future__ import annotations

import hmac
import os
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Protocol

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from edge.errors import ProfilingError
from edge.monitoring.http_server import Answer, HttpServer, Request
from edge.runtime.health import STALL_S
from edge.wire.curve_auth import is_local

MIN_TOKEN, MAX_TOKEN = 16, 512  # characters


class Probes(Protocol):
    """What /healthz and /readyz answer."""

    @property
    def started(self) -> bool:
        """Whether start-up is complete."""
        ...

    def missing(self) -> list[str]:
        """Names of the sources without frames."""
        ...

    def stalled(self, limit_s: float) -> list[str]:
        """Names of what made no progress for longer than `limit_s`."""
        ...


class MetricsEndpoint:
    """Serves a collector and the process's own metrics at http://HOST:PORT until it is closed; port 0 takes any free
    one.

    With a token, /metrics answers only requests with `Authorization: Bearer TOKEN`, and /readyz names the missing
    sources only to these. `address` is the real one.
    """

    def __init__(
        self,
        address: str,
        collector: Collector,
        probes: Probes,
        *,
        token: bytes | None = None,
        insecure: bool = False,
    ) -> None:
        """token: needed unless only this machine reaches the address, or `insecure`.

        Raises ProfilingError when the address is invalid, needs a token or cannot be bound.
        """
        host, port = check_address(address, protected=token is not None or insecure)
        self._token = token
        self._probes = probes
        self._registry = CollectorRegistry()
        self._registry.register(collector)
        ProcessCollector(registry=self._registry)  # resident memory and processor time, where available
        try:
            self._server = HttpServer(host, port, self._answer)
        except (OSError, OverflowError, UnicodeError) as error:
            raise ProfilingError(f"{address}: {_reason(error)}; choose another address with --metrics") from None
        self.address = f"{address.rpartition(':')[0]}:{self._server.port}"

    def close(self) -> None:
        """Stop serving. May be called twice."""
        self._server.close()

    def __enter__(self) -> MetricsEndpoint:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _answer(self, request: Request) -> Answer:
        known = self._token is None or _bears(request, self._token)
        if request.path == "/healthz":
            stalled = self._probes.stalled(STALL_S)
            return _probe("stalled", stalled if known else ["a part of it"]) if stalled else _probe("ok")
        if request.path == "/readyz":
            if not self._probes.started:
                return _probe("starting", [])
            missing = self._probes.missing()
            return _probe("no frames from", missing if known else ["a source"]) if missing else _probe("ok")
        if request.path != "/metrics":
            return Answer(HTTPStatus.NOT_FOUND, b"/metrics, /healthz, /readyz\n")
        if not known:
            return Answer(HTTPStatus.UNAUTHORIZED, headers=(("WWW-Authenticate", "Bearer"),))
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        return Answer(HTTPStatus.OK, encode(self._registry), content_type)


def read_token(path: Path) -> bytes:
    """The bearer token in a file: its one line.

    Raises:
        ProfilingError: the file cannot be read, or holds no token that is long enough.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a FIFO must not hold the start up
        with open(descriptor, "rb") as file:
            token = file.read(MAX_TOKEN + 3).strip()
    except OSError as error:
        raise ProfilingError(f"{path}: cannot be read ({error.strerror}); it should hold the token") from None
    if not MIN_TOKEN <= len(token) <= MAX_TOKEN or not all(0x21 <= byte <= 0x7E for byte in token):
        raise ProfilingError(
            f"{path}: holds no token; write {MIN_TOKEN} to {MAX_TOKEN} letters, digits or signs into it, for example "
            "with openssl rand -hex 32"
        )
    return token


def _reason(error: Exception) -> str:
    """Why an address cannot be used, in the system's words."""
    if isinstance(error, OSError) and error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)
    return getattr(error, "strerror", None) or str(error)


def _bears(request: Request, token: bytes) -> bool:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    return hmac.compare_digest(given.strip().encode("latin-1"), token) and scheme.lower() == "bearer"


def _probe(word: str, names: Sequence[str] | None = None) -> Answer:
    """200 without names, else 503 with them in the body."""
    status = HTTPStatus.OK if names is None else HTTPStatus.SERVICE_UNAVAILABLE
    body = f"{word}: {', '.join(names)}\n" if names else f"{word}\n"
    return Answer(status, body.encode())


def check_address(address: str, *, protected: bool) -> tuple[str, int]:
    """The host and the port of HOST:PORT.

    protected: a token protects the metrics, or they are declared public.

    Raises:
        ProfilingError: the address is invalid, or other machines could read the metrics.
    """
    host, colon, port = address.rpartition(":")
    numbered = port.isascii() and port.isdigit() and int(port[:6]) <= 65535
    if not colon or not host or not numbered or "/" in host:
        raise ProfilingError(f"{address}: not an address; use HOST:PORT, for example 127.0.0.1:9464")
    if not protected and not is_local(f"tcp://{address}"):
        raise ProfilingError(
            f"{address}: anyone who reaches this machine could read the metrics; add --metrics-token-file FILE, or "
            "--insecure"
        )
    return host.removeprefix("[").removesuffix("]"), int(port)
