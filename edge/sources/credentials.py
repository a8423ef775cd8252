"""User names and passwords of sources from a file or the environment, so that they are not on a command line."""

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
MOST_BYTES = 1 << 20

_DEFAULT_PORTS = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Login:
    """A user name and a password, as they are: nothing is percent-encoded."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Credentials:
    """Logins by host, in lower case, or host:port; other is for hosts that are not among them."""

    hosts: Mapping[str, Login] = field(default_factory=dict, repr=False)
    other: Login | None = field(default=None, repr=False)

    def login(self, host: str, port: int) -> Login | None:
        """The login for a server: that of host:port, else of the host, else the one for all others."""
        named = f"[{host}]" if ":" in host else host
        return self.hosts.get(f"{named}:{port}") or self.hosts.get(named) or self.hosts.get(host) or self.other

    def applied(self, url: str) -> tuple[str, tuple[str, ...]]:
        """The URL with a login where it has none, and the texts that must not be shown then.

        A URL with a user name and without a password gets the password, if the login is for that user.
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
    """The logins of a file, else of the file that MESHCAST_CREDENTIALS names; for all other hosts those of
    MESHCAST_USER and MESHCAST_PASSWORD. Raises SourceError for a file that cannot be used."""
    named = environment.get(FILE_VARIABLE)
    if path is None and named:
        path = Path(named)
    hosts = read_credentials(path) if path is not None else {}
    password = environment.get(PASSWORD_VARIABLE)
    other = Login(environment.get(USER_VARIABLE, ""), password) if password else None
    return Credentials(hosts, other)


def read_credentials(path: Path) -> dict[str, Login]:
    """A TOML file with a table for each host, or host:port, with `user` and `password`.

    Raises SourceError where it cannot be read, or other users of the machine can read it; no message quotes from it.
    """
    try:
        with open(path, "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise SourceError(f"{path}: is no file; credentials are a TOML file with a table for each host")
            if status.st_mode & 0o077:
                raise SourceError(f"{path}: other users can read the credentials in it; run chmod 600 {path}")
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise SourceError(f"{path}: the credentials cannot be read ({(error.strerror or '').lower()})") from None
    if len(data) > MOST_BYTES:
        raise SourceError(f"{path}: is larger than 1 MiB; credentials are a TOML file with a table for each host")
    try:
        tables = tomllib.loads(data.decode("utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError):
        raise SourceError(f'{path}: is not TOML; expected ["camera.example"], user = "...", password = "..."') from None
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
            f"{path}: every table is a host in quotation marks with user and password, "
            'as in ["camera.example"], user = "admin", password = "..."'
        )
    return Login(table.get("user", ""), table["password"])
