"""Regular files of other people, whose kind and size are checked before a byte of them is read."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

from engines.errors import MeshcastError, ModelError
from engines.files.memory_budget import MemoryBudget, MemoryBudgetError, current_budget

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}
_UNITS = ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))


def open_file(path: str | Path, error: type[MeshcastError] = ModelError, *, pipes: bool = False) -> BinaryIO:
    """Opens a regular file for reading; a pipe, a device or a folder is refused without waiting for it.

    Args:
        path: The file; a symbolic link is followed.
        error: The type of error to raise.
        pipes: Whether a pipe, such as a shell's process substitution, is opened too. The call waits for its writer.

    Raises:
        MeshcastError: `error`, when the file cannot be opened or is not a regular file.
    """
    try:
        # Opening a pipe blocks until it has a writer, unless O_NONBLOCK is given.
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | (0 if pipes else os.O_NONBLOCK))
        mode = os.fstat(handle).st_mode
        if not (stat.S_ISREG(mode) or (pipes and stat.S_ISFIFO(mode))):
            os.close(handle)
            kind = _KINDS.get(stat.S_IFMT(mode), "a file of an unknown kind")
            raise error(f"{path}: cannot be read: it is {kind}, not a regular file")
        return os.fdopen(handle, "rb")
    except (OSError, ValueError) as reason:  # ValueError: a null character in the path
        raise error(f"{path}: cannot be read: {getattr(reason, 'strerror', None) or reason}") from None


def read_file(
    path: str | Path,
    error: type[MeshcastError] = ModelError,
    *,
    limit_bytes: int | None = None,
    budget: MemoryBudget | None = None,
    pipes: bool = False,
) -> bytes:
    """Reads a whole regular file, whose size is reserved in a memory budget first.

    Args:
        path: The file; a symbolic link is followed.
        error: The type of error to raise.
        limit_bytes: The largest size that a file of this kind has; None leaves the limit to the budget.
        budget: None takes the job's.
        pipes: Whether a pipe is read too; it needs `limit_bytes`.

    Raises:
        MeshcastError: `error`, when the file cannot be read, is not a regular file, or is too large.
    """
    with open_file(path, error, pipes=pipes) as file:
        size = os.fstat(file.fileno()).st_size
        if limit_bytes is not None and size > limit_bytes:
            raise error(_too_large(path, limit_bytes))
        try:
            (budget or current_budget()).reserve(size, str(path))
        except MemoryBudgetError as reason:
            raise error(str(reason)) from None
        try:
            data = file.read(size if limit_bytes is None else limit_bytes + 1)  # a pipe has the size 0
        except OSError as reason:
            raise error(f"{path}: cannot be read: {reason.strerror or reason}") from None
    if limit_bytes is not None and len(data) > limit_bytes:
        raise error(_too_large(path, limit_bytes))
    return data


def _too_large(path: str | Path, limit_bytes: int) -> str:
    size, unit = next(((size, unit) for size, unit in _UNITS if limit_bytes >= size), (1, "bytes"))
    return f"{path}: cannot be read: it is larger than {limit_bytes / size:.4g} {unit}"
