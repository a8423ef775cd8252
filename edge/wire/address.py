"""Addresses that a person typed: checked before ZeroMQ sees them, and its errors said in one line."""

from __future__ import annotations

import errno
import os
import socket
import stat

import zmq

from edge.errors import PublishError

FORMS = "tcp://HOST:PORT, ipc://PATH or inproc://NAME"

_REASONS = {
    errno.EADDRINUSE: "address already in use; choose another port with --publish",
    errno.EADDRNOTAVAIL: "this machine has no such address; use 127.0.0.1, one of its own addresses or *",
    errno.ENODEV: "this machine has no such address or network interface; use 127.0.0.1, one of its own addresses or *",
    errno.EACCES: "no permission to use this address; choose a port from 1024 on",
    errno.ENOENT: "the folder of this socket file does not exist; create it or choose another path",
    errno.ENAMETOOLONG: "the path is too long for a socket file; choose a shorter one",
}


def check_address(address: str, *, connecting: bool = False) -> None:
    """Raises PublishError unless `address` has one of the three forms.

    To bind, the host may be * (every interface) and the port 0 or * (any free one); to connect, neither.
    """
    scheme, mark, rest = address.partition("://")
    if not mark or scheme not in ("tcp", "ipc", "inproc") or not rest:
        raise PublishError(f"{address}: not an address; use {FORMS}")
    if scheme == "tcp":
        host, colon, port = rest.rpartition(":")
        # ZeroMQ takes a number beyond 65535 modulo 65536.
        numbered = port.isascii() and port.isdigit() and int(port) <= 65535
        if not colon or not host or not (numbered or port == "*"):
            raise PublishError(f"{address}: not an address; use tcp://HOST:PORT with a port from 0 to 65535")
        if connecting and (host == "*" or port == "*" or int(port) == 0):
            raise PublishError(f"{address}: nothing can connect to this; name the publisher's host and port")


def check_socket_file(address: str) -> None:
    """Raises PublishError when binding an ipc:// address would take a file or a living socket from its owner.

    ZeroMQ deletes whatever is at the path before it binds.
    """
    path = address.removeprefix("ipc://")
    if not address.startswith("ipc://") or path.startswith("@") or not os.path.lexists(path):
        return
    if not stat.S_ISSOCK(os.lstat(path).st_mode):
        raise PublishError(f"{address}: a file is there that is not a socket; choose another path")
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(path)
        except OSError:
            return  # left behind by a process that is gone
    raise PublishError(f"{address}: address already in use; choose another path with --publish")


def address_error(address: str, error: zmq.ZMQError) -> PublishError:
    """ZeroMQ's error as one line about the address that a person typed."""
    code = error.errno if error.errno is not None else 0
    return PublishError(f"{address}: {_REASONS.get(code) or f'cannot be used ({zmq.strerror(code)}); use {FORMS}'}")


def context_for(address: str) -> tuple[zmq.Context[zmq.Socket[bytes]], bool]:
    """The context for a socket at `address`, and whether it is the socket's own, to be ended with it.

    Only an own context can be waited for until the last messages are sent; inproc:// works within the shared one.
    """
    if address.startswith("inproc://"):
        return zmq.Context.instance(), False
    return zmq.Context(), True
