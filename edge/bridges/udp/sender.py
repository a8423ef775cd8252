"""Sends UDP datagrams to consecutive ports of one host."""

from __future__ import annotations

import ipaddress
import logging
import socket
from collections.abc import Iterable
from types import TracebackType

from meshcast.errors import AddressError

Datagram = tuple[int, bytes]  # offset from the first port, content
MAX_PORT = 65535

log = logging.getLogger("meshcast.bridge")


class UdpSender:
    """Sends to HOST:PORT without blocking; datagrams that cannot be sent are dropped, since newer ones follow.

    UDP is not encrypted, so a remote host requires `insecure`. Raises AddressError if the destination is invalid,
    cannot be resolved, or is a remote host without `insecure`.
    """

    def __init__(self, to: str, *, insecure: bool = False) -> None:
        self._to = to
        host, self.port = _split(to)
        family, self._host = _resolve(to, host)
        if not insecure and not ipaddress.ip_address(self._host.partition("%")[0]).is_loopback:
            raise AddressError(
                f"{to}: UDP to a remote host is not encrypted; "
                "run the bridge on that host, or add --insecure to allow it"
            )
        self._failing = False
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    def send(self, datagrams: Iterable[Datagram]) -> None:
        """Send each datagram to its port. Failures are logged once until a datagram is sent again."""
        for offset, data in datagrams:
            reason = self._failure(self.port + offset, data)
            if reason and not self._failing:
                log.warning("%s: cannot send: %s; datagrams are dropped until it works again", self._to, reason)
            self._failing = bool(reason)

    def close(self) -> None:
        """Close the socket; idempotent."""
        self._socket.close()

    def __enter__(self) -> UdpSender:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _failure(self, port: int, data: bytes) -> str:
        """Send a datagram. Returns the reason of a failure, else an empty string."""
        try:
            self._socket.sendto(data, (self._host, port))
        except (OSError, OverflowError) as error:
            return (error.strerror if isinstance(error, OSError) else None) or str(error)
        return ""


def _split(to: str) -> tuple[str, int]:
    host, colon, port = to.rpartition(":")
    if not colon or not host or not (port.isascii() and port.isdigit() and 0 < int(port[:6]) <= MAX_PORT):
        raise AddressError(f"{to}: invalid destination; use HOST:PORT with a port from 1 to {MAX_PORT}")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise AddressError(f"{to}: invalid destination; write an IPv6 address as [ADDRESS]:PORT")
    return host, int(port)


def _resolve(to: str, host: str) -> tuple[int, str]:
    """Resolve a host to its address family and numeric address."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, None, type=socket.SOCK_DGRAM)[0]
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "unknown host name"
        raise AddressError(f"{to}: cannot resolve the host ({reason}); check the name") from None
    return family, str(address[0])
