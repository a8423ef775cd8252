"""Validates addresses, and reports the errors of ZeroMQ about them in one line."""

from __future__ import annotations

import errno

import zmq

from meshcast.errors import AddressError

FORMS = "tcp://HOST:PORT, ipc://PATH or inproc://NAME"

_REASONS = {
    errno.EADDRINUSE: "address already in use; choose another port",
    errno.EADDRNOTAVAIL: "this machine has no such address; use 127.0.0.1, one of its own addresses or *",
    errno.ENODEV: "this machine has no such address or network interface; use 127.0.0.1, one of its own addresses or *",
    errno.EACCES: "no permission to use this address; choose a port from 1024 on",
    errno.ENOENT: "the folder of this socket file does not exist; create it or choose another path",
    errno.ENAMETOOLONG: "the path is too long for a socket file; choose a shorter one",
}


def check_address(address: str, *, connecting: bool = False) -> None:
    """Raises AddressError unless `address` has one of the three forms.

    To bind, the host may be * (every interface) and the port 0 or * (any free one); to connect, neither.
    """
    scheme, mark, rest = address.partition("://")
    if not mark or scheme not in ("tcp", "ipc", "inproc") or not rest:
        raise AddressError(f"{address}: not an address; use {FORMS}")
    if scheme == "tcp":
        host, colon, port = rest.rpartition(":")
        # ZeroMQ reduces a number beyond 65535 modulo 65536.
        numbered = port.isascii() and port.isdigit() and int(port) <= 65535
        if not colon or not host or not (numbered or port == "*"):
            raise AddressError(f"{address}: not an address; use tcp://HOST:PORT with a port from 0 to 65535")
        if connecting and (host == "*" or port == "*" or int(port) == 0):
            raise AddressError(
                f"{address}: invalid connect address (wildcard host or port 0); use the publisher's host and port"
            )


def address_error(address: str, error: zmq.ZMQError) -> AddressError:
    """An error of ZeroMQ as one line about the address."""
    code = error.errno if error.errno is not None else 0
    return AddressError(f"{address}: {_REASONS.get(code) or f'cannot be used ({zmq.strerror(code)}); use {FORMS}'}")


def context_for(address: str) -> tuple[zmq.Context[zmq.Socket[bytes]], bool]:
    """The context for a socket at `address`, and whether the socket owns it and has to terminate it.

    Terminating a context waits until the last messages are sent; inproc:// works only within the shared context.
    """
    if address.startswith("inproc://"):
        return zmq.Context.instance(), False
    return zmq.Context(), True
