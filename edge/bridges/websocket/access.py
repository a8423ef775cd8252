"""Access control of the bridge: bearer tokens and allowed host names."""

from __future__ import annotations

import hmac
import ipaddress
import os
import re
import secrets
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from edge.bridges.websocket.endpoint import Endpoint, is_loopback
from edge.errors import PublishError

SUBPROTOCOL = "meshcast"  # selected by the server; a browser sends its token as an additional subprotocol
TOKEN_SUBPROTOCOL = "meshcast.token."
TOKEN = re.compile(r"[A-Za-z0-9_-]{20,200}")
NEW_TOKEN_BYTES = 24
MAX_FILE_BYTES = 4096


def read_token(path: Path) -> str:
    """Read the token in a file; a missing file is created with a new token and mode 600. Raises PublishError."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        pass
    except OSError as error:
        raise PublishError(f"{path}: cannot be created ({error.strerror}); use a file in a writable folder") from None
    else:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(NEW_TOKEN_BYTES) + "\n")
    try:
        if not path.is_file():
            raise PublishError(f"{path}: not a regular file; use a file with a token")
        with path.open("rb") as source:
            token = source.read(MAX_FILE_BYTES).decode("ascii", "replace").strip()
    except OSError as error:
        raise PublishError(f"{path}: cannot be read ({error.strerror}); use a file with a token") from None
    if not TOKEN.fullmatch(token):
        raise PublishError(f"{path}: invalid token; use 20 to 200 letters, digits, - and _, or a new file")
    return token


class Token:
    """A secret that programs send as `Authorization: Bearer TOKEN` and pages as the WebSocket subprotocol
    `meshcast.token.TOKEN` in addition to `meshcast`: neither is part of a URL, which logs and histories keep."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def link(self, url: str) -> str:
        """Return the URL of the page with the token in the fragment, which browsers do not send to servers."""
        return f"{url}/#token={self._secret}"

    def allows(self, authorizations: Sequence[str], subprotocols: Sequence[str]) -> bool:
        """Whether the headers `Authorization` or `Sec-WebSocket-Protocol` contain the token."""
        offered = [text.removeprefix("Bearer ") for text in authorizations if text.startswith("Bearer ")]
        for names in subprotocols:
            offered += [
                name.strip().removeprefix(TOKEN_SUBPROTOCOL)
                for name in names.split(",")
                if name.strip().startswith(TOKEN_SUBPROTOCOL)
            ]
        return any(hmac.compare_digest(text.strip().encode(), self._secret.encode()) for text in offered)


class Hosts:
    """Allowed host names in requests, against DNS rebinding (a foreign name that resolves to this server).

    Allowed are loopback names, the listen address, every numeric address if that is `*`, and the names of --host.
    """

    def __init__(self, listen: Endpoint, names: Sequence[str] = ()) -> None:
        """Raises PublishError for an invalid host name."""
        for name in names:
            if _host(name) != name.lower():
                raise PublishError(
                    f"{name}: invalid host name; use the name without scheme and port, for example station.lan"
                )
        self._names = {name.lower() for name in names} | {listen.host.lower()}
        self._all_interfaces = listen.host in ("", "0.0.0.0", "::")
        self._loopback = self._all_interfaces or is_loopback(listen.host)

    def allow(self, hosts: Sequence[str]) -> bool:
        """Whether a request with these `Host` headers is for this server."""
        host = _host(hosts[0]) if len(hosts) == 1 else ""
        if not host:
            return False
        return (
            host in self._names
            or (self._loopback and is_loopback(host))
            or (self._all_interfaces and _is_ip_address(host))
        )


def _host(text: str) -> str:
    """Return the host of HOST[:PORT] in lower case; empty if invalid."""
    try:
        parts = urlsplit(f"//{text}")
        _ = parts.port
    except ValueError:
        return ""
    plain = not (parts.username or parts.password or parts.path or parts.query or parts.fragment)
    return parts.hostname or "" if plain else ""


def _is_ip_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
