"""CURVE keys: their files, and a socket that uses them (ZeroMQ RFC 26, CurveZMQ; docs/how-to/security.md)."""

from __future__ import annotations

import logging
import os
import re
import stat
import struct
from dataclasses import dataclass, field
from pathlib import Path

import zmq
from zmq.utils import z85

from meshcast.errors import KeyFileError

MAX_FILE_BYTES = 1 << 14  # key files with metadata are shorter; larger files are rejected unread
KEY_LENGTH = 40

# Within a section. A comment may follow; it is unambiguous, as no key holds a quotation mark.
_PROPERTY = re.compile(r"""\s+(?P<name>[\w-]+)\s*=\s*(?P<quote>["'])(?P<value>[^"']*)(?P=quote)\s*(#.*)?""")

log = logging.getLogger("meshcast.keys")


@dataclass(frozen=True, slots=True)
class Keys:
    """A key pair; `repr` omits the secret key.

    Attributes:
        public: 40 characters of Z85 (ZeroMQ RFC 32).
        secret: 40 characters of Z85.
    """

    public: bytes
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Curve:
    """The keys of an encrypted subscription.

    Attributes:
        keys: The client's own pair.
        server: The public key of the publisher, 40 characters of Z85.
    """

    keys: Keys
    server: bytes


def secure_client(socket: zmq.Socket[bytes], curve: Curve) -> None:
    """Encrypt the socket, and authenticate the publisher as `curve.server`; call before connect()."""
    socket.set(zmq.CURVE_SERVERKEY, curve.server)
    socket.set(zmq.CURVE_PUBLICKEY, curve.keys.public)
    socket.set(zmq.CURVE_SECRETKEY, curve.keys.secret)


def read_keys(path: str | os.PathLike[str]) -> Keys:
    """Read the key pair of a secret key file, as `meshcast keys new`, czmq and zmq.auth write them.

    Logs a warning when other users of the machine can read the file.

    Args:
        path: The file, usually NAME.key.

    Returns:
        The pair.

    Raises:
        KeyFileError: The file is missing or damaged, or holds a public key only.
    """
    path = Path(path)
    found = _properties(path)
    public = _key(path, found, "public-key")
    if "secret-key" not in found:
        raise KeyFileError(f"{path}: holds a public key only; name the secret file of the pair, NAME.key")
    keys = Keys(public, _key(path, found, "secret-key"))
    if _public_of(path, keys.secret) != keys.public:
        raise KeyFileError(f"{path}: damaged, its public key is not that of its secret key; make new ones")
    if os.name == "posix" and path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
        log.warning("%s: other users of this machine can read this secret key; use chmod 600", path)
    return keys


def read_public(path: str | os.PathLike[str]) -> bytes:
    """Read the public key of a public or secret key file.

    Args:
        path: The file, usually NAME.pub.

    Returns:
        The key, 40 characters of Z85.

    Raises:
        KeyFileError: The file is missing or damaged.
    """
    path = Path(path)
    return _key(path, _properties(path), "public-key")


def _properties(path: Path) -> dict[str, str]:
    """The properties of section `curve` (ZeroMQ RFC 4, ZPL)."""
    try:
        if path.exists() and not path.is_file():
            raise KeyFileError(f"{path}: is not an ordinary file; name a key file")
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
        text = data.decode("utf-8-sig")
    except FileNotFoundError:
        raise KeyFileError(f"{path}: there is no such file; make keys with meshcast keys new") from None
    except OSError as error:
        raise KeyFileError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError:
        raise _foreign(path) from None
    if len(data) > MAX_FILE_BYTES:
        raise _foreign(path)
    section = ""
    found: dict[str, str] = {}
    for line in text.split("\n"):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not line[0].isspace():
            section = line.strip()
        elif section == "curve":
            match = _PROPERTY.fullmatch(line)
            if match is None or match["name"] in found:
                raise _foreign(path)
            found[match["name"]] = match["value"]
    return found


def _key(path: Path, found: dict[str, str], name: str) -> bytes:
    """The validated key. Error messages never contain it."""
    if name not in found:
        raise _foreign(path)
    text = found[name]
    if len(text) != KEY_LENGTH:
        raise KeyFileError(f"{path}: damaged, its {name} has {len(text)} characters instead of {KEY_LENGTH}")
    try:
        z85.decode(text)
        return text.encode("ascii")
    except (KeyError, ValueError, struct.error):
        raise KeyFileError(f"{path}: damaged, its {name} is not Z85 text; make new keys") from None


def _public_of(path: Path, secret: bytes) -> bytes:
    try:
        public: bytes = zmq.curve_public(secret)
    except zmq.ZMQError as error:
        raise KeyFileError(f"{path}: this ZeroMQ cannot use keys ({error}); install pyzmq from its wheel") from None
    return public


def _foreign(path: Path) -> KeyFileError:
    return KeyFileError(f"{path}: not a key file, or damaged; make keys with meshcast keys new")
