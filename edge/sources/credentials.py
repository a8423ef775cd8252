"""User names and passwords of sources, read from a file or the environment instead of the command line."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from edge.errors import SourceError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FILE_VARIABLE = "MESHCAST_CREDENTIALS"
USER_VARIABLE = "MESHCAST_USER"
PASSWORD_VARIABLE = "MESHCAST_PASSWORD"
MAX_BYTES = 1 << 20

_DEFAULT_PORTS = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Login:
    """A user name and a password, not percent-encoded."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Credentials:
    """Logins by host (lower case) or host:port; `other` is the login of all other hosts."""

    hosts: Mapping[str, Login] = field(default_factory=dict, repr=False)
    other: Login | None = field(default=None, repr=False)

    def login(self, host: str, port: int) -> Login | None:
        """Return the login of host:port, else of the host, else the one of all other hosts."""
        named = f"[{host}]" if ":" in host else host
        return self.hosts.get(f"{named}:{port}") or self.hosts.get(named) or self.hosts.get(host) or self.other

    def applied(self, url: str) -> tuple[str, tuple[str, ...]]:
        """Return the URL with a login added if it has none, and the secrets to redact from messages.

        A URL with a user name but no password gets the password if the login is for that user.
        """
        parts = urlsplit(url)
        if parts.scheme not in _DEFAULT_PORTS or parts.password or not parts.hostname:
            return url, ()
        login = self.login(parts.hostname, parts.port or _DEFAULT_PORTS[parts.scheme])
        if login is None or (parts.username and login.user not in ("", unquote(parts.username))):
            return url, ()
        user = quote(unquote(parts.username) if parts.username else login.user, safe="")
        password = quote(login.password, safe="")
        server = parts.netloc.rpartition("@")[2]
        return parts._replace(netloc=f"{user}:{password}@{server}").geturl(), (login.password, password)


def find_credentials(path: Path | None, environment: Mapping[str, str] = os.environ) -> Credentials:
    """Read the logins from a file, by default the one in MESHCAST_CREDENTIALS; MESHCAST_USER and MESHCAST_PASSWORD are
    the login of all other hosts. Raises SourceError for an unusable file."""
    named = environment.get(FILE_VARIABLE)
    if path is None and named:
        path = Path(named)
    hosts = read_credentials(path) if path is not None else {}
    password = environment.get(PASSWORD_VARIABLE)
    other = Login(environment.get(USER_VARIABLE, ""), password) if password else None
    return Credentials(hosts, other)


def read_credentials(path: Path) -> dict[str, Login]:
    """Read a TOML file with one table per host or host:port, with `user` and `password`.

    Raises SourceError if it cannot be read or if other users can read it; messages never quote its content.
    """
    try:
        with open(path, "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise SourceError(f"{path}: not a regular file; credentials are a TOML file with one table per host")
            if status.st_mode & 0o077:
                raise SourceError(f"{path}: credentials are readable by other users; run chmod 600 {path}")
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise SourceError(
            f"{path}: cannot read the credentials ({(error.strerror or '').lower()}); check the path"
        ) from None
    if len(data) > MAX_BYTES:
        raise SourceError(f"{path}: larger than 1 MiB; credentials are a TOML file with one table per host")
    try:
        tables = tomllib.loads(data.decode("utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError):
        raise SourceError(
            f'{path}: not valid TOML; expected ["camera.example"], user = "...", password = "..."'
        ) from None
    return {host.lower(): _login(path, host, table) for host, table in tables.items()}


def _login(path: Path, host: str, table: object) -> Login:
    if (
        not isinstance(table, dict)
        or not set(table) <= {"user", "password"}
        or not all(isinstance(value, str) for value in table.values())
        or not table.get("password")
    ):
        # An unquoted host with dots, [camera.example], is a table in a table.
        raise SourceError(
            f"{path}: invalid table; every table needs a quoted host name, user and password, "
            'as in ["camera.example"], user = "admin", password = "..."'
        )
    return Login(table.get("user", ""), table["password"])
