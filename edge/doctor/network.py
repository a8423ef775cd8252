"""Checks of the ports that are used by default."""

from __future__ import annotations

import socket
from collections.abc import Iterator

from edge.doctor.finding import Finding

PORTS = {5556: "--publish in the examples", 8765: "meshcast bridge websocket"}


def ports() -> Iterator[Finding]:
    """Whether the usual ports are free on the loopback interface."""
    taken = []
    for port, use in PORTS.items():
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                taken.append(port)
                yield Finding(
                    "ports", "note", f"port {port} is in use ({use})", f"choose another, or: ss -ltnp 'sport = :{port}'"
                )
    if not taken:
        yield Finding("ports", "ok", f"{', '.join(map(str, PORTS))} are free")
