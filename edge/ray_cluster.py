"""The connection to a running Ray cluster."""

from __future__ import annotations

import os
import re
import signal
import socket
import threading
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from engines.errors import MeshcastError
from engines.files.install_hint import install_hint

MAX_REASON = 200
SAFETY = "docs/scaling.md"
CONNECT_S = 10.0  # longest wait for an answer of the cluster


def connected(address: str, remedy: str) -> Any:
    """The module ray, connected.

    Args:
        address: HOST:PORT of the head node, "auto" for the cluster on this machine.
        remedy: what to do if no cluster answers there.

    Raises:
        MeshcastError: Ray is not installed, or no cluster can be used.
    """
    host, port = _endpoint(address, remedy)
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if ip_address(host).is_loopback:  # else Ray replaces the address by the one of a network card
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
    try:
        import ray
    except ImportError:
        raise MeshcastError(f"Ray is not installed; run {install_hint('ray')}") from None
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        ray.init(address=f"{host}:{port}", log_to_driver=False, configure_logging=False, include_dashboard=False)
    except (OSError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        raise MeshcastError(f"{address}: this Ray cluster cannot be used: {_reason(str(error))}") from None
    finally:
        if threading.current_thread() is threading.main_thread():
            for number, handler in handlers.items():  # Ray's own would end the process without its closing steps
                signal.signal(number, handler)
    return ray


def _reason(text: str) -> str:
    """Ray's message in one line: of several, those on versions are needed whole."""
    versions = re.findall(r"Ray: (\S+)\s+Python: (\S+)", text)
    if len(versions) == 2:
        theirs, ours = (f"Ray {ray} with Python {python}" for ray, python in versions)
        return f"it runs {theirs}, this process {ours}; install the same versions on all nodes"
    if "connect" in text:
        return f"{_first(text)}; if it needs a token or TLS, set RAY_AUTH_MODE and RAY_USE_TLS here too ({SAFETY})"
    if "token" in text:
        return f"there is no token; set RAY_AUTH_TOKEN_PATH to its file ({SAFETY})"
    return _first(text)


def _first(text: str) -> str:
    return (text.strip().splitlines() or ["unknown reason"])[0][:MAX_REASON]


def _endpoint(address: str, remedy: str) -> tuple[str, int]:
    """IP address and port where a cluster listens. Raises MeshcastError."""
    target = address
    if address == "auto":
        target = os.environ.get("RAY_ADDRESS", "")
        current = Path(os.environ.get("RAY_TMPDIR", "/tmp"), "ray", "ray_current_cluster")
        if not target and current.is_file():
            target = current.read_text(encoding="utf-8").strip()
        if not target:
            raise MeshcastError(f"auto: no Ray cluster runs on this machine; {remedy}")
    host, _, port = target.rpartition(":")
    if not host or not port.isdigit():
        raise MeshcastError(f"{target}: not the address of a Ray cluster; use HOST:PORT or auto")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), CONNECT_S) as connection:
            return connection.getpeername()[0], int(port)
    except (OSError, OverflowError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise MeshcastError(f"{target}: no Ray cluster answers: {reason}; {remedy}") from None
