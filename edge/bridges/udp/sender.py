"""Sends datagrams to one host, from a port on."""

from __future__ import annotations

import ipaddress
import logging
import socket
from collections.abc import Iterable
from types import TracebackType

from meshcast.errors import AddressError

Datagram = tuple[int, bytes]  # how far behind the first port, and what
MAX_PORT = 65535

log = logging.getLogger("meshcast.bridge")


class UdpSender:
    """Sends to HOST:PORT, never waits, and loses what cannot be sent: a newer one follows.

    Nothing encrypts UDP: another machine is only sent to when `insecure`. Raises AddressError when the destination is
    none, cannot be resolved, or is another machine.
    """

    def __init__(self, to: str, *, insecure: bool = False) -> None:
        self._to = to
        host, self.port = _split(to)
        family, self._host = _resolve(to, host)
        if not insecure and not ipaddress.ip_address(self._host.partition("%")[0]).is_loopback:
            raise AddressError(
                f"{to}: another machine, and nothing encrypts UDP: whoever sees this network could watch; "
                "run the bridge over there, or add --insecure"
            )
        self._failing = False
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    def send(self, datagrams: Iterable[Datagram]) -> None:
        """Send each to its port. A failure is logged once, until one gets through again."""
        for offset, data in datagrams:
            reason = self._failure(self.port + offset, data)
            if reason and not self._failing:
                log.warning("%s: cannot be sent to now: %s", self._to, reason)
            self._failing = bool(reason)

    def close(self) -> None:
        """May be called twice."""
        self._socket.close()

    def __enter__(self) -> UdpSender:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _failure(self, port: int, data: bytes) -> str:
        """Send; why that was not possible, or nothing."""
        try:
            self._socket.sendto(data, (self._host, port))
        except (OSError, OverflowError) as error:
            return (error.strerror if isinstance(error, OSError) else None) or str(error)
        return ""


def _split(to: str) -> tuple[str, int]:
    host, colon, port = to.rpartition(":")
    if not colon or not host or not (port.isascii() and port.isdigit() and 0 < int(port[:6]) <= MAX_PORT):
        raise AddressError(f"{to}: not a destination; use HOST:PORT with a port from 1 to {MAX_PORT}")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise AddressError(f"{to}: not a destination; write an IPv6 address as [ADDRESS]:PORT")
    return host, int(port)


def _resolve(to: str, host: str) -> tuple[int, str]:
    """Address family and numeric address of a host."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, None, type=socket.SOCK_DGRAM)[0]
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no such name"
        raise AddressError(f"{to}: the host cannot be found ({reason})") from None
    return family, str(address[0])
