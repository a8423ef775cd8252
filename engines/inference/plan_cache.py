"""Plans that engines build once and keep: in the user's cache folder, checked on load, built again when damaged.

A plan's file is MAGIC, the length of the header (4 bytes, little endian), the header (JSON: the key's fields and the
payload's SHA-256) and the payload. The folder can be deleted at any time.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from engines.files.atomic import write_atomically
from engines.files.folders import no_folder, user_folder

log = logging.getLogger("meshcast.engines")

MAGIC = b"MESHPLAN"
FORMAT = 1
_LENGTH_BYTES = 4


@dataclass(frozen=True, slots=True)
class Key:
    """All that a plan depends on: the ONNX model's SHA-256, the engine and its version, the device with its compute
    capability, the precision and the shapes that it is built for. Plans with different keys are different files."""

    model: str
    backend: str
    version: str
    device: str
    precision: str
    shapes: str

    @property
    def file_name(self) -> str:
        return f"{self.backend}-{self.model[:12]}-{_sha256(json.dumps(asdict(self)).encode())[:16]}.plan"


class DamagedPlanError(Exception):
    """A plan's file is not one, not whole or not for this key; the message says which."""


def plans_folder() -> Path | None:
    """The folder of the plans, which need not exist; None for a user without a home folder."""
    cache = user_folder("cache")
    return cache / "plans" if cache is not None else None


def model_digest(model: bytes) -> str:
    """The SHA-256 of an ONNX model, for a Key."""
    return _sha256(model)


def cached_plan(key: Key, name: str, build: Callable[[], bytes], folder: Path | None = None) -> bytes:
    """The plan for a key: the kept one, or what build() makes, which is then kept.

    name: the model's, for the log. When two processes ask at once, one builds and the other waits for it. A folder that
    cannot be written costs a warning: the plan is then built at every start.
    """
    folder = folder or plans_folder()
    if folder is None:
        log.warning("%s: its plan is built at every start: %s", name, no_folder("cache"))
        return _timed(key, name, build)
    path = folder / key.file_name
    plan = _kept(path, key, name)
    if plan is not None:
        return plan
    try:
        with _only_one(path, name):
            plan = _kept(path, key, name)  # another process may have built it meanwhile
            return plan if plan is not None else _built(path, key, name, build)
    except _NoFolder as error:
        log.warning(
            "%s: plans cannot be kept in %s (%s), so this one is built at every start", name, path.parent, error
        )
        return _timed(key, name, build)


def forget(key: Key, folder: Path | None = None) -> None:
    """Delete the plan for a key, which the engine did not accept."""
    folder = folder or plans_folder()
    if folder is not None:
        (folder / key.file_name).unlink(missing_ok=True)


def pack(key: Key, plan: bytes) -> bytes:
    """A plan as the bytes of its file."""
    header = json.dumps({"format": FORMAT, "sha256": _sha256(plan), "key": asdict(key)}).encode()
    return MAGIC + len(header).to_bytes(_LENGTH_BYTES, "little") + header + plan


def unpack(data: bytes, key: Key) -> bytes:
    """The plan in the bytes of its file. Raises DamagedPlanError when it is not whole or not for this key."""
    start = len(MAGIC) + _LENGTH_BYTES
    if len(data) < start or not data.startswith(MAGIC):
        raise DamagedPlanError("not a plan")
    end = start + int.from_bytes(data[len(MAGIC) : start], "little")
    try:
        header = json.loads(data[start:end])
        written, sha256, fields = header["format"], header["sha256"], dict(header["key"])
    except (ValueError, TypeError, KeyError, RecursionError):
        raise DamagedPlanError("damaged") from None
    if written != FORMAT:
        raise DamagedPlanError(f"of format {written}, not {FORMAT}")
    for field, wanted in asdict(key).items():
        if fields.get(field) != wanted:
            raise DamagedPlanError(f"for {field} {fields.get(field)}, not {wanted}")
    plan = data[end:]
    if _sha256(plan) != sha256:
        raise DamagedPlanError("damaged")
    return plan


class _NoFolder(Exception):
    """The folder of the plans cannot be used."""


def _kept(path: Path, key: Key, name: str) -> bytes | None:
    try:
        return unpack(path.read_bytes(), key)
    except OSError:
        return None
    except DamagedPlanError as error:
        log.warning("%s: the plan %s is %s: it is built again", name, path, error)
        with suppress(OSError):
            path.unlink(missing_ok=True)
        return None


def _built(path: Path, key: Key, name: str, build: Callable[[], bytes]) -> bytes:
    plan = _timed(key, name, build)
    try:
        write_atomically(path, pack(key, plan))
    except OSError as error:
        log.warning("%s: the plan cannot be kept (%s), so it is built at every start", path, error.strerror)
    return plan


def _timed(key: Key, name: str, build: Callable[[], bytes]) -> bytes:
    log.warning(
        "%s: building a plan for %s, %s, %s; this can take minutes, once", name, key.backend, key.device, key.precision
    )
    begin = time.monotonic()
    plan = build()
    log.info("%s: built in %.1f s, %.1f MB", name, time.monotonic() - begin, len(plan) / 1e6)
    return plan


@contextmanager
def _only_one(path: Path, name: str) -> Iterator[None]:
    """Hold the lock beside a plan's file. The system lets go of it however the process ends."""
    lock = path.with_suffix(".lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise _NoFolder(error.strerror) from None
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            log.warning("%s: another process is building its plan, waiting for it", name)
            fcntl.flock(handle, fcntl.LOCK_EX)
        except OSError as error:  # a file system without locks: both build, the last one's file stays
            log.info("%s: no locks there (%s)", lock, error.strerror)
        yield
    finally:
        os.close(handle)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
