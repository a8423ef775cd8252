"""Who may connect to the bridge: by a token, and by the name that the server was asked for."""

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

SUBPROTOCOL = "meshcast"  # what the server selects; a browser's token comes as another one beside it
TOKEN_SUBPROTOCOL = "meshcast.token."
TOKEN = re.compile(r"[A-Za-z0-9_-]{20,200}")
NEW_TOKEN_BYTES = 24
MAX_FILE_BYTES = 4096


def read_token(path: Path) -> str:
    """The token in a file; a new one, in a file for this user's eyes only, where there is none. Raises PublishError."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        pass
    except OSError as error:
        raise PublishError(f"{path}: cannot be made ({error.strerror}); name a file in a folder of yours") from None
    else:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(NEW_TOKEN_BYTES) + "\n")
    try:
        if not path.is_file():
            raise PublishError(f"{path}: is not an ordinary file; name a file with a token")
        with path.open("rb") as source:
            token = source.read(MAX_FILE_BYTES).decode("ascii", "replace").strip()
    except OSError as error:
        raise PublishError(f"{path}: cannot be read ({error.strerror}); name a file with a token") from None
    if not TOKEN.fullmatch(token):
        raise PublishError(f"{path}: holds no token; use 20 to 200 letters, digits, - and _, or name a file to be made")
    return token


class Token:
    """A secret that programs send as `Authorization: Bearer TOKEN`, and pages as the WebSocket subprotocol
    `meshcast.token.TOKEN` beside `meshcast`: neither is part of an address, which logs and histories keep."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def link(self, url: str) -> str:
        """The page's address with the token behind #, which browsers send to no server."""
        return f"{url}/#token={self._secret}"

    def allows(self, authorizations: Sequence[str], subprotocols: Sequence[str]) -> bool:
        """Whether the headers `Authorization` or `Sec-WebSocket-Protocol` hold the token."""
        offered = [text.removeprefix("Bearer ") for text in authorizations if text.startswith("Bearer ")]
        for names in subprotocols:
            offered += [
                name.strip().removeprefix(TOKEN_SUBPROTOCOL)
                for name in names.split(",")
                if name.strip().startswith(TOKEN_SUBPROTOCOL)
            ]
        return any(hmac.compare_digest(text.strip().encode(), self._secret.encode()) for text in offered)


class Hosts:
    """By which names the server may be asked for: a stranger's name can be made to lead here (DNS rebinding).

    Loopback names, the address that is listened at, where it is `*` every number, and the names that the user gave.
    """

    def __init__(self, listen: Endpoint, names: Sequence[str] = ()) -> None:
        """Raises PublishError for what is no host name."""
        for name in names:
            if _host(name) != name.lower():
                raise PublishError(
                    f"{name}: not a host name; use the name without scheme and port, such as station.lan"
                )
        self._names = {name.lower() for name in names} | {listen.host.lower()}
        self._everywhere = listen.host in ("", "0.0.0.0", "::")
        self._loopback = self._everywhere or is_loopback(listen.host)

    def allow(self, hosts: Sequence[str]) -> bool:
        """Whether a request with these `Host` headers is meant for this server."""
        host = _host(hosts[0]) if len(hosts) == 1 else ""
        if not host:
            return False
        return host in self._names or (self._loopback and is_loopback(host)) or (self._everywhere and _is_number(host))


def _host(text: str) -> str:
    """The host of HOST[:PORT] in lower case; empty where it is none."""
    try:
        parts = urlsplit(f"//{text}")
        _ = parts.port
    except ValueError:
        return ""
    plain = not (parts.username or parts.password or parts.path or parts.query or parts.fragment)
    return parts.hostname or "" if plain else ""


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
