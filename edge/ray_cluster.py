"""The connection to a running Ray cluster."""

from __future__ import annotations

import os
import signal
import socket
import threading
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from engines.errors import MeshcastError
from engines.files.install_hint import install_hint

CONNECT_S = 10.0  # longest wait for an answer of the cluster
DETAIL_CHARACTERS = 300  # of an error of Ray


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
    except (OSError, RuntimeError, ValueError) as error:
        detail = " ".join(str(error).split())[:DETAIL_CHARACTERS]
        raise MeshcastError(f"{address}: this Ray cluster cannot be used: {detail}") from None
    finally:
        if threading.current_thread() is threading.main_thread():
            for number, handler in handlers.items():  # Ray's own would end the process without its closing steps
                signal.signal(number, handler)
    return ray


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
