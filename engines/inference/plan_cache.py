"""A cache of the plans that engines build: in the user's cache folder, checked on load, rebuilt when damaged.

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
    """Everything that a plan depends on: the SHA-256 of the ONNX model, the engine and its version, the device with its
    compute capability, the precision, the input shapes and an engine's other settings. Plans with different keys are in
    different files."""

    model: str
    backend: str
    version: str
    device: str
    precision: str
    shapes: str
    settings: str = ""

    @property
    def fields(self) -> dict[str, str]:
        """The fields as they are written; without settings, which the plans of TensorRT do not have."""
        return {name: value for name, value in asdict(self).items() if name != "settings" or value}

    @property
    def file_name(self) -> str:
        return f"{self.backend}-{self.model[:12]}-{_sha256(json.dumps(self.fields).encode())[:16]}.plan"


class DamagedPlanError(Exception):
    """A file is not a plan, is damaged, or is for another key; the message names the reason."""


def plans_folder() -> Path | None:
    """The folder of the plans, which need not exist; None for a user without a home folder."""
    cache = user_folder("cache")
    return cache / "plans" if cache is not None else None


def model_digest(model: bytes) -> str:
    """The SHA-256 of an ONNX model, for a Key."""
    return _sha256(model)


def cached_plan(key: Key, name: str, build: Callable[[], bytes], folder: Path | None = None) -> bytes:
    """The plan for a key: the cached one, or the result of build(), which is then cached.

    name: the model's, for the log. Of two processes one builds and the other waits for it. Where the folder cannot be
    written, a warning is logged and the plan is built at every start.
    """
    folder = folder or plans_folder()
    if folder is None:
        log.warning("%s: the plan is built at every start; %s", name, no_folder("cache"))
        return _timed(key, name, build)
    path = folder / key.file_name
    plan = _cached(path, key, name)
    if plan is not None:
        return plan
    try:
        with _exclusive(path, name):
            plan = _cached(path, key, name)  # another process may have built it in the meantime
            return plan if plan is not None else _build_and_cache(path, key, name, build)
    except _NoFolder as error:
        log.warning("%s: plans cannot be cached in %s (%s); the plan is built at every start", name, path.parent, error)
        return _timed(key, name, build)


def forget(key: Key, folder: Path | None = None) -> None:
    """Deletes the cached plan for a key, which the engine rejected."""
    folder = folder or plans_folder()
    if folder is not None:
        (folder / key.file_name).unlink(missing_ok=True)


def pack(key: Key, plan: bytes) -> bytes:
    """Encodes a plan as a file."""
    return header_of(key, plan) + plan


def header_of(key: Key, plan: bytes) -> bytes:
    """The part of a plan's file before the plan."""
    header = json.dumps({"format": FORMAT, "sha256": _sha256(plan), "key": key.fields}).encode()
    return MAGIC + len(header).to_bytes(_LENGTH_BYTES, "little") + header


def unpack(data: bytes, key: Key) -> bytes:
    """Decodes the plan of a file. Raises DamagedPlanError when it is damaged or for another key."""
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
    for field, wanted in key.fields.items():
        if fields.get(field) != wanted:
            raise DamagedPlanError(f"for {field} {fields.get(field)}, not {wanted}")
    plan = data[end:]
    if _sha256(plan) != sha256:
        raise DamagedPlanError("damaged")
    return plan


class _NoFolder(Exception):
    """The folder of the plans cannot be used."""


def _cached(path: Path, key: Key, name: str) -> bytes | None:
    try:
        return unpack(path.read_bytes(), key)
    except OSError:
        return None
    except DamagedPlanError as error:
        log.warning("%s: the cached plan %s is %s; it is built again", name, path, error)
        with suppress(OSError):
            path.unlink(missing_ok=True)
        return None


def _build_and_cache(path: Path, key: Key, name: str, build: Callable[[], bytes]) -> bytes:
    plan = _timed(key, name, build)
    try:
        write_atomically(path, pack(key, plan))
    except OSError as error:
        log.warning("%s: the plan cannot be cached (%s); it is built at every start", path, error.strerror)
    return plan


def _timed(key: Key, name: str, build: Callable[[], bytes]) -> bytes:
    log.warning(
        "%s: building a plan for %s, %s, %s; this takes up to some minutes, once",
        name,
        key.backend,
        key.device,
        key.precision,
    )
    begin = time.monotonic()
    plan = build()
    log.info("%s: built in %.1f s, %.1f MB", name, time.monotonic() - begin, len(plan) / 1e6)
    return plan


@contextmanager
def _exclusive(path: Path, name: str) -> Iterator[None]:
    """Holds the lock file of a plan. The system releases it when the process ends."""
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
            log.warning("%s: another process is building the plan; waiting for it", name)
            fcntl.flock(handle, fcntl.LOCK_EX)
        except OSError as error:  # a file system without locks: both processes build, the last file is kept
            log.info("%s: the file system has no locks (%s)", lock, error.strerror)
        yield
    finally:
        os.close(handle)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
