"""Access control: what an address needs before it is bound, and the authenticator that accepts only known keys."""

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
HANDSHAKE_BYTES = 512  # smallest MAXMSGSIZE of a secured socket: the client's handshake message is longer than 256
MAX_REMEMBERED = 1000  # unauthorized keys: clients can make any number of them, so memory must not grow with them

log = logging.getLogger("meshcast.security")


@dataclass(frozen=True, slots=True)
class Security:
    """Access control of a publisher.

    Attributes:
        keys: The publisher's own pair; with it all connections are encrypted.
        allowed: Folder with the public keys of the authorized clients.
        insecure: Allows any client on any network, without encryption (--insecure).
    """

    keys: Keys | None = None
    allowed: Path | None = None
    insecure: bool = False


def is_local(address: str) -> bool:
    """Whether only this machine can connect to `address`; False in doubt.

    True for ipc, inproc, and tcp at 127.0.0.0/8, [::1] or localhost; False for names of interfaces and other hosts.
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
    """Raises PublishError unless `address` is local, has authorized clients, or is declared insecure."""
    if security.keys is None:
        if not is_local(address) and not security.insecure:
            raise PublishError(
                f"{address}: refusing to bind a public address without encryption; add --curve server.key --allow "
                "clients/ (see meshcast keys new), or --insecure"
            )
    elif security.allowed is None:
        raise PublishError(
            f"{address}: no client is authorized; add --allow clients/, a folder with the .pub files of clients"
        )
    else:
        try:
            known = KnownClients(security.allowed).keys()
        except OSError as error:
            raise PublishError(
                f"{security.allowed}: cannot be listed ({error.strerror}); --allow takes a folder with the .pub files "
                "of clients"
            ) from None
        if not known:
            raise PublishError(f"{security.allowed}: contains no key of a client; copy the clients' .pub files into it")


class KnownClients:
    """The public keys in a folder, which is read for every check: an added or removed key takes effect immediately."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._unreadable: set[Path] = set()
        self._unauthorized: set[bytes] = set()
        self._failing = False

    def keys(self) -> set[bytes]:
        """All keys. Skips files without a key, with one warning each. Raises OSError when the folder cannot be read."""
        found = set()
        for path in self._folder.iterdir():
            if path.suffix not in SUFFIXES:
                continue
            try:
                found.add(read_public(path))
            except KeyFileError as error:
                if path not in self._unreadable:
                    self._unreadable.add(path)
                    log.warning("%s; ignored, no client is authorized by it", error)
        return found

    def callback(self, domain: str, key: bytes) -> bool:
        """The ZAP callback (ZeroMQ RFC 27) of a connection: whether the client with this key is authorized."""
        try:
            known = key in self.keys()
        except Exception as error:  # of any type: it would end the authenticator's thread
            if not self._failing:
                log.error("%s: cannot be read (%s); all clients are refused", self._folder, error)
            self._failing = True
            return False
        self._failing = False
        if not known and key not in self._unauthorized and len(self._unauthorized) < MAX_REMEMBERED:
            self._unauthorized.add(key)
            log.warning(
                "refused a client with the unauthorized key %s (authorized keys: %s)", key.decode(), self._folder
            )
        return known


class CurveAuthenticator:
    """Authenticates the clients of the secured sockets of a context, in a thread of its own, until it is closed.

    Create one per context, before any of these sockets binds. Close the sockets first, then the authenticator, then the
    context, which would otherwise wait for the authenticator. A secured socket without a running authenticator refuses
    every client. known: reads the folder. Raises PublishError when the context has an authenticator already.
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
            raise PublishError(
                "this ZeroMQ context already has an authenticator; use one for all of its sockets"
            ) from None

    def secure_server(self, socket: zmq.Socket[bytes]) -> None:
        """Encrypt the socket and accept only authorized clients; call before bind().

        A MAXMSGSIZE of the socket must be HANDSHAKE_BYTES or more.
        """
        socket.set(zmq.CURVE_SERVER, 1)
        socket.set(zmq.CURVE_SECRETKEY, self._keys.secret)
        socket.set_string(zmq.ZAP_DOMAIN, DOMAIN)
        socket.set(zmq.ZAP_ENFORCE_DOMAIN, 1)  # otherwise every client is accepted when the authenticator has ended

    def close(self) -> None:
        """End the thread. Idempotent."""
        self._authenticator.stop()

    def __enter__(self) -> CurveAuthenticator:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
