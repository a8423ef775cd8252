"""Where a server listens, and whom it may believe to be its own page."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from edge.errors import PublishError
from edge.wire.curve_auth import is_local


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A host and a port (0: any free one), and the context that encrypts what goes there."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None

    @staticmethod
    def parse(text: str, *, tls: ssl.SSLContext | None = None, token: bool = False, insecure: bool = False) -> Endpoint:
        """From HOST:PORT, [IPV6]:PORT or *:PORT. token: whether one is asked for. Raises PublishError, also when other
        machines could watch without a token or read on the way, and `insecure` does not allow it."""
        host, colon, port = text.rpartition(":")
        numbered = port.isascii() and port.isdigit() and len(port) <= 5 and int(port) <= 65535
        name = host[1:-1] if host.startswith("[") and host.endswith("]") else host
        if not colon or not name or not numbered or (":" in name and name == host):
            raise PublishError(f"{text}: not an address to listen at; use HOST:PORT, for example 127.0.0.1:8765")
        if not token and not insecure and not is_loopback(name):
            raise PublishError(
                f"{text}: anyone who reaches this machine could watch; add --token-file FILE, or --insecure, or listen "
                "at 127.0.0.1"
            )
        if tls is None and not insecure and not is_loopback(name):
            raise PublishError(
                f"{text}: others could watch on the way; add --tls CERT KEY, or --insecure, or listen at 127.0.0.1"
            )
        return Endpoint("" if name == "*" else name, int(port), tls)

    def url(self, port: int) -> str:
        """What to type into a browser on this machine."""
        wide = self.host in ("", "0.0.0.0", "::")
        host = "127.0.0.1" if wide else f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{port}"


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what listens there; in doubt it is not so."""
    return is_local(f"tcp://[{host}]:0" if ":" in host else f"tcp://{host}:0")


def tls_context(certificate: str, key: str) -> ssl.SSLContext:
    """For a certificate chain and its private key, PEM files. Raises PublishError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
    except OSError as error:  # ssl.SSLError is one of them
        reason = error.strerror if error.filename or not isinstance(error, ssl.SSLError) else error.reason
        raise PublishError(
            f"{certificate}, {key}: not a certificate and its key ({reason}); use PEM files, the key without password"
        ) from None
    return context


def _no_password() -> str:
    """A server must not stop and ask."""
    return ""


class Origins:
    """Which pages may connect: those of the server itself, and those that the user named.

    A browser sends every page's WebSockets to this machine, and says with `Origin` whose page it is. What does not say
    it is no browser. On loopback the name that the page was asked for by counts as well: a stranger's name can be made
    to lead here (DNS rebinding).
    """

    def __init__(self, listen: Endpoint, allowed: Sequence[str] = ()) -> None:
        """allowed: such as "https://example.org". Raises PublishError for what is no origin."""
        for text in allowed:
            parts = urlsplit(text)
            if parts.scheme not in ("http", "https") or not parts.netloc or text.rstrip("/") != _origin(text):
                raise PublishError(f"{text}: not an origin; use SCHEME://HOST[:PORT], for example https://example.org")
        self._allowed = {_origin(text).lower() for text in allowed}
        self._loopback = is_loopback(listen.host)

    def allow(self, origins: Sequence[str], hosts: Sequence[str]) -> bool:
        """Whether a request with these `Origin` and `Host` headers may connect."""
        if not origins:
            return True
        if len(origins) != 1 or len(hosts) != 1:
            return False
        try:
            origin, host = urlsplit(origins[0].lower()), urlsplit(f"//{hosts[0].lower()}")
        except ValueError:
            return False
        if _origin(origins[0]).lower() in self._allowed:
            return True
        ours = not self._loopback or is_loopback(host.hostname or "")
        return ours and origin.scheme in ("http", "https") and bool(origin.netloc) and origin.netloc == host.netloc


def _origin(text: str) -> str:
    parts = urlsplit(text)
    return f"{parts.scheme}://{parts.netloc}"
