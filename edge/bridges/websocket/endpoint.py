"""Listen addresses, TLS, and origin checks for WebSocket upgrades."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from edge.errors import PublishError
from edge.wire.curve_auth import is_local


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A host, a port (0: any free one) and the TLS context."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None

    @staticmethod
    def parse(text: str, *, tls: ssl.SSLContext | None = None, token: bool = False, insecure: bool = False) -> Endpoint:
        """Parse HOST:PORT, [IPV6]:PORT or *:PORT. token: whether clients need one. Raises PublishError, also for a
        public address without token or TLS, unless `insecure`."""
        host, colon, port = text.rpartition(":")
        numbered = port.isascii() and port.isdigit() and len(port) <= 5 and int(port) <= 65535
        name = host[1:-1] if host.startswith("[") and host.endswith("]") else host
        if not colon or not name or not numbered or (":" in name and name == host):
            raise PublishError(f"{text}: invalid listen address; use HOST:PORT, for example 127.0.0.1:8765")
        if not token and not insecure and not is_loopback(name):
            raise PublishError(
                f"{text}: a public address needs access control; add --token-file FILE, or --insecure, or listen on "
                "127.0.0.1"
            )
        if tls is None and not insecure and not is_loopback(name):
            raise PublishError(
                f"{text}: a public address needs encryption; add --tls CERT KEY, or --insecure, or listen on 127.0.0.1"
            )
        return Endpoint("" if name == "*" else name, int(port), tls)

    def url(self, port: int) -> str:
        """Return the URL for a browser on this machine."""
        wide = self.host in ("", "0.0.0.0", "::")
        host = "127.0.0.1" if wide else f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{port}"


def is_loopback(host: str) -> bool:
    """Whether an address is reachable from this machine only; False if unknown."""
    return is_local(f"tcp://[{host}]:0" if ":" in host else f"tcp://{host}:0")


def tls_context(certificate: str, key: str) -> ssl.SSLContext:
    """Load a certificate chain and its private key, PEM files. Raises PublishError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
    except OSError as error:  # ssl.SSLError is one of them
        reason = error.strerror if error.filename or not isinstance(error, ssl.SSLError) else error.reason
        raise PublishError(
            f"{certificate}, {key}: invalid certificate or key ({reason}); use PEM files, the key without password"
        ) from None
    return context


def _no_password() -> str:
    """Prevent a password prompt."""
    return ""


class Origins:
    """Allowed origins of pages: the server's own and those of --origin.

    A browser lets every page connect to this machine and names the page in `Origin`; clients without `Origin` are not
    browsers. On loopback, `Host` must be a loopback name too, against DNS rebinding.
    """

    def __init__(self, listen: Endpoint, allowed: Sequence[str] = ()) -> None:
        """allowed: for example "https://example.org". Raises PublishError for an invalid origin."""
        for text in allowed:
            parts = urlsplit(text)
            if parts.scheme not in ("http", "https") or not parts.netloc or text.rstrip("/") != _origin(text):
                raise PublishError(f"{text}: invalid origin; use SCHEME://HOST[:PORT], for example https://example.org")
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
        own_host = not self._loopback or is_loopback(host.hostname or "")
        return own_host and origin.scheme in ("http", "https") and bool(origin.netloc) and origin.netloc == host.netloc


def _origin(text: str) -> str:
    parts = urlsplit(text)
    return f"{parts.scheme}://{parts.netloc}"
