"""Requests to a running fleet of this user, over a Unix socket in the user's cache folder."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from edge.errors import ConfigError

MAX_REQUEST_BYTES = 4096
MAX_ANSWER_BYTES = 4 << 20
REQUEST_S = 5.0
ANSWER_S = 120.0
TRIES, RETRY_S = 5, 0.02  # for a lock, which other processes take for a moment to remove what was left
LONGEST_PATH = 100  # of a Unix socket, bytes

Answer = dict[str, Any]


class ControlServer:
    """Answers requests for the fleet of a file, one at a time, until it is closed."""

    def __init__(self, config: Path, answer: Callable[[str], Answer]) -> None:
        """
        Args:
            config: file of the fleet.
            answer: called with the command on a thread of its own.

        Raises:
            ConfigError: a fleet with this file runs already, or the folder cannot be used.
        """
        path = _path(config)
        self._answer = answer
        self._stop = threading.Event()
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            for other in path.parent.glob("*.lock"):
                _sweep(other.with_suffix(""))
            lock = _locked(path)
        except OSError as error:
            raise ConfigError(f"{path.parent}: cannot be used ({error.strerror}); set XDG_CACHE_HOME") from None
        if lock is None:
            raise ConfigError(f"{config}: this fleet is running already; use meshcast fleet reload {config}, or down")
        self._lock = lock
        self._socket = socket.socket(socket.AF_UNIX)
        path.unlink(missing_ok=True)  # of a process that was killed
        self._socket.bind(str(path))
        path.chmod(0o600)
        self._socket.listen(4)
        self._socket.settimeout(0.2)
        self._path = path
        self._thread = threading.Thread(target=self._work, name="meshcast-control", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Answer no more. Idempotent."""
        if not self._stop.is_set():
            self._stop.set()
            self._thread.join()
            self._path.unlink(missing_ok=True)
            self._socket.close()
            _unlock(self._path, self._lock)

    def __enter__(self) -> ControlServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _work(self) -> None:
        while not self._stop.is_set():
            try:
                client, _ = self._socket.accept()
            except OSError:
                continue
            with client, contextlib.suppress(OSError, ValueError):
                client.settimeout(REQUEST_S)
                request = json.loads(_line(client, MAX_REQUEST_BYTES))
                command = request.get("command") if isinstance(request, dict) else None
                client.sendall(json.dumps(self._answer(str(command))).encode() + b"\n")


def ask(config: Path, command: str) -> Answer | None:
    """Ask the fleet of a file; None if none runs. Raises ConfigError when it does not answer."""
    path = _path(config)
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(ANSWER_S)
        try:
            connection.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            _sweep(path)
            return None
        except OSError as error:
            raise ConfigError(f"{config}: its fleet cannot be asked ({error.strerror})") from None
        try:
            connection.sendall(json.dumps({"command": command}).encode() + b"\n")
            answer = json.loads(_line(connection, MAX_ANSWER_BYTES))
        except (OSError, ValueError):
            raise ConfigError(f"{config}: its fleet does not answer; see its log") from None
    return answer if isinstance(answer, dict) else {}


def wait_until_down(config: Path) -> None:
    """Wait until no fleet of this file runs."""
    with contextlib.suppress(OSError), open(_path(config).with_suffix(".lock"), encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_SH)


def _locked(path: Path) -> IO[str] | None:
    """The lock of a fleet; None while another process has it. Raises OSError."""
    name = path.with_suffix(".lock")
    for _ in range(TRIES):
        file = name.open("w", encoding="utf-8")
        with contextlib.suppress(BlockingIOError, FileNotFoundError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(file.fileno()), name.stat()):
                return file
        file.close()  # another process has it, or has removed it in between
        time.sleep(RETRY_S)
    return None


def _unlock(path: Path, lock: IO[str]) -> None:
    """Remove what belongs to a fleet, and release its lock."""
    for each in (path, path.with_suffix(".lock")):
        each.unlink(missing_ok=True)
    lock.close()


def _sweep(path: Path) -> None:
    """Remove what a fleet that was killed has left."""
    if path.exists() or path.with_suffix(".lock").exists():
        with contextlib.suppress(OSError):
            lock = _locked(path)
            if lock is not None:
                _unlock(path, lock)


def _line(connection: socket.socket, limit: int) -> bytes:
    data = b""
    while not data.endswith(b"\n"):
        more = connection.recv(65536)
        if not more or len(data) + len(more) > limit:
            raise ValueError("no request")
        data += more
    return data


def _path(config: Path) -> Path:
    from platformdirs import user_cache_path

    name = hashlib.sha256(os.fsencode(os.path.realpath(config))).hexdigest()[:16]
    path = user_cache_path("meshcast") / "fleets" / name
    if len(os.fsencode(path)) > LONGEST_PATH:
        raise ConfigError(f"{path.parent}: this path is too long for a socket; set XDG_CACHE_HOME to a shorter one")
    return path
