"""Creates the two files of a new pair of CURVE keys; `meshcast.transport.curve` reads them."""

from __future__ import annotations

import os
from pathlib import Path

import zmq

from edge.errors import OutputError
from engines.files.atomic import AtomicFile, write_all

SECRET_MODE = 0o600
PUBLIC_MODE = 0o644

SECRET_HEAD = "# CURVE secret key: keep it on the machine that uses it, readable by its user only.\n"
PUBLIC_HEAD = "# CURVE public key: give it to the peers of its owner.\n"


def new_keys(stem: Path) -> tuple[Path, Path]:
    """Write a new pair: `stem`.key with both keys, readable by this user only, and `stem`.pub with the public key.

    Returns the two paths. Raises OutputError when one of them exists or cannot be written; then neither file is new.
    """
    try:
        public, secret = zmq.curve_keypair()
    except zmq.ZMQError as error:
        raise OutputError(f"this ZeroMQ cannot make keys ({error}); install pyzmq from its wheel") from None
    key, pub = stem.with_name(f"{stem.name}.key"), stem.with_name(f"{stem.name}.pub")
    _write_new(key, SECRET_HEAD + _section(stem.name, public, secret), SECRET_MODE)
    try:
        _write_new(pub, PUBLIC_HEAD + _section(stem.name, public), PUBLIC_MODE)
    except BaseException:
        key.unlink()
        raise
    return key, pub


def _section(name: str, public: bytes, secret: bytes = b"") -> str:
    lines = ["metadata", f'    name = "{name}"', "curve", f'    public-key = "{public.decode()}"']
    if secret:
        lines.append(f'    secret-key = "{secret.decode()}"')
    return "\n".join(lines) + "\n"


def _write_new(path: Path, text: str, mode: int) -> None:
    """Write a file atomically, without replacing another. Raises OutputError."""
    try:
        with AtomicFile(path, mode=SECRET_MODE) as new:  # readable by this user only while it is written
            write_all(new.file, text.encode())
            os.fchmod(new.file.fileno(), mode)
            new.commit(replace=False)
    except FileExistsError:
        raise OutputError(f"{path}: exists already and is kept; choose another name") from None
    except FileNotFoundError:
        raise OutputError(f"{path}: the folder {path.parent} does not exist; make it first") from None
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror}") from None
