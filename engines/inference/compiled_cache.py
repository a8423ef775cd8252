"""A cache of graphs that a CPU engine has compiled: files of engines.inference.plan_cache, bounded in size.

A graph is compiled in a fraction of a second, so no process waits for another, and a cache that cannot be used costs
that time only. An engine trusts what it imports: only the user's own files that no other user can write are read.
"""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from engines.files.atomic import AtomicFile, write_all
from engines.inference.plan_cache import DamagedPlanError, Key, header_of, plans_folder, unpack

log = logging.getLogger("meshcast.engines")

SWITCH = "MESHCAST_COMPILED_CACHE"
LIMIT_BYTES = 512 << 20
"""Size of all files of an engine; the default models take 90 MB."""


def find_compiled(key: Key, name: str, folder: Path | None = None) -> bytes | None:
    """The cached graph for a key; None where there is none that may be used. name: the model's, for the log."""
    folder = _folder(folder)
    if folder is None:
        return None
    path = folder / key.file_name
    try:
        data = _read_own(path)
    except OSError:
        return None
    if data is None:
        log.warning("%s: the cached graph %s may be written by other users; it is not used", name, path)
        return None
    try:
        return unpack(data, key)
    except DamagedPlanError as error:
        log.warning("%s: the cached graph %s is %s; it is compiled again", name, path, error)
        forget_compiled(key, folder)
        return None


def keep_compiled(
    key: Key, name: str, export: Callable[[], bytes], folder: Path | None = None, limit: int = LIMIT_BYTES
) -> None:
    """Caches the graph that `export` returns; those of the same engine that were used longest ago are deleted, down to
    `limit` bytes."""
    folder = _folder(folder)
    if folder is None:
        return
    graph = export()
    header = header_of(key, graph)
    if len(header) + len(graph) > limit:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _make_room(folder, key, limit - len(header) - len(graph))
        with AtomicFile(folder / key.file_name, mode=0o600) as new:
            write_all(new.file, header)
            write_all(new.file, graph)
            new.commit()
    except OSError as error:
        log.info("%s: the compiled graph cannot be cached in %s (%s)", name, folder, error.strerror)


def forget_compiled(key: Key, folder: Path | None = None) -> None:
    """Deletes the cached graph for a key, which the engine rejected."""
    folder = _folder(folder)
    if folder is not None:
        with suppress(OSError):
            (folder / key.file_name).unlink(missing_ok=True)


def _folder(folder: Path | None) -> Path | None:
    if os.environ.get(SWITCH, "").lower() in ("off", "0", "no", "false"):
        return None
    return folder or plans_folder()


def _read_own(path: Path) -> bytes | None:
    """The content of a file of this user that no other can write, which is marked as used; None for any other file."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(handle, "rb", buffering=0) as file:
        status = os.fstat(handle)
        others = stat.S_IWGRP | stat.S_IWOTH
        if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & others:
            return None
        if status.st_size > LIMIT_BYTES:
            return b""
        with suppress(OSError):  # a read-only file system
            os.utime(handle)
        return file.read(status.st_size)


def _make_room(folder: Path, key: Key, room: int) -> None:
    """Deletes the files of the key's engine that have not been used for longest, until `room` bytes remain."""
    found = []
    for path in folder.glob(f"{key.backend}-*.plan"):
        with suppress(OSError):  # another process deletes too
            status = path.lstat()
            if path.name != key.file_name:
                found.append((status.st_mtime_ns, status.st_size, path))
    size = sum(entry[1] for entry in found)
    for _, bytes_, path in sorted(found):
        if size <= room:
            return
        path.unlink(missing_ok=True)
        size -= bytes_
