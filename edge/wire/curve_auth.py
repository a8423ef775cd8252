"""Who may watch: what an address needs before it is bound, and the guard that lets only known keys in."""

from __future__ import annotations

import ipaddress
import logging
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import zmq
from zmq.auth.thread import ThreadAuthenticator

from edge.errors import PublishError
from meshcast.errors import KeyFileError
from meshcast.transport.curve import Keys, read_public

DOMAIN = "meshcast"
SUFFIXES = (".pub", ".key")
HANDSHAKE_BYTES = 512  # the least MAXMSGSIZE of a secured socket: a client's part of the handshake is longer than 256
MAX_REMEMBERED = 1000  # strangers' keys: new ones cost nothing to make, so memory must not grow with them

log = logging.getLogger("meshcast.security")


@dataclass(frozen=True, slots=True)
class Security:
    """How a publisher is protected.

    keys: the publisher's own; with them everything is encrypted. allowed: the folder with the public keys of the
    clients that may watch. insecure: the user said that anyone may.
    """

    keys: Keys | None = None
    allowed: Path | None = None
    insecure: bool = False


def is_local(address: str) -> bool:
    """Whether only this machine can reach what is bound at `address`; in doubt it is not so.

    ipc, inproc, and tcp at 127.0.0.0/8, [::1] or localhost. Names of interfaces and of other hosts are in doubt.
    """
    scheme, _, rest = address.partition("://")
    if scheme in ("ipc", "inproc"):
        return bool(rest)
    host, colon, _ = rest.rpartition(":")
    if scheme != "tcp" or not colon:
        return False
    try:
        if host.startswith("[") and host.endswith("]"):
            return ipaddress.IPv6Address(host[1:-1]) == ipaddress.IPv6Address("::1")
        return host.lower() == "localhost" or ipaddress.IPv4Address(host).is_loopback
    except ValueError:
        return False


def check_access(address: str, security: Security) -> None:
    """Raises PublishError unless `address` may be bound: for this machine only, for known clients, or --insecure."""
    if security.keys is None:
        if not is_local(address) and not security.insecure:
            raise PublishError(
                f"{address}: anyone who reaches this machine could watch; add --curve server.key --allow clients/ "
                "(see meshcast keys new), or --insecure"
            )
    elif security.allowed is None:
        raise PublishError(f"{address}: nobody is known; add --allow clients/, a folder with the .pub files of clients")
    else:
        try:
            known = KnownClients(security.allowed).keys()
        except OSError as error:
            raise PublishError(
                f"{security.allowed}: cannot be listed ({error.strerror}); --allow takes a folder with the .pub files "
                "of clients"
            ) from None
        if not known:
            raise PublishError(f"{security.allowed}: no client's key is in there; put the clients' .pub files into it")


class KnownClients:
    """The public keys in a folder. It is read each time: a key that is put there or taken away counts at once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._unreadable: set[Path] = set()
        self._strangers: set[bytes] = set()
        self._failing = False

    def keys(self) -> set[bytes]:
        """All of them; a file that holds none is left out and warned of once. Raises OSError without the folder."""
        found = set()
        for path in self._folder.iterdir():
            if path.suffix not in SUFFIXES:
                continue
            try:
                found.add(read_public(path))
            except KeyFileError as error:
                if path not in self._unreadable:
                    self._unreadable.add(path)
                    log.warning("%s; lets nobody in", error)
        return found

    def callback(self, domain: str, key: bytes) -> bool:
        """ZAP's question (ZeroMQ RFC 27), asked at each connection: may the client with this public key come in?"""
        try:
            known = key in self.keys()
        except Exception as error:  # whatever it is: let out, it would end the thread that asks
            if not self._failing:
                log.error("%s: cannot be read (%s); nobody is let in", self._folder, error)
            self._failing = True
            return False
        self._failing = False
        if not known and key not in self._strangers and len(self._strangers) < MAX_REMEMBERED:
            self._strangers.add(key)
            log.warning("refused a client with the unknown key %s (known ones: %s)", key.decode(), self._folder)
        return known


class CurveAuthenticator:
    """Asks who connects to the secured sockets of a context, in a thread of its own, until it is closed.

    Make it before any of these sockets binds; one a context. Close the sockets first, then the guard, then the context,
    which would wait for the guard. A secured socket without a living guard lets nobody in. known: reads the folder.
    Raises PublishError when the context has a guard already.
    """

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], keys: Keys, allowed: Path) -> None:
        clients = KnownClients(allowed)
        self.known = clients.keys
        self._keys = keys
        self._authenticator = ThreadAuthenticator(context)
        self._authenticator.configure_curve_callback(DOMAIN, clients)
        try:
            self._authenticator.start()
        except zmq.ZMQError:
            self._authenticator.stop()
            raise PublishError("this ZeroMQ context has a guard already; use one for all of its sockets") from None

    def secure_server(self, socket: zmq.Socket[bytes]) -> None:
        """Let the socket encrypt everything and talk to known clients only; call before bind().

        Where the socket limits what it receives, MAXMSGSIZE must be HANDSHAKE_BYTES or more.
        """
        socket.set(zmq.CURVE_SERVER, 1)
        socket.set(zmq.CURVE_SECRETKEY, self._keys.secret)
        socket.set_string(zmq.ZAP_DOMAIN, DOMAIN)
        socket.set(zmq.ZAP_ENFORCE_DOMAIN, 1)  # otherwise everybody is let in when the guard is gone

    def close(self) -> None:
        """End the thread. May be called twice."""
        self._authenticator.stop()

    def __enter__(self) -> CurveAuthenticator:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
