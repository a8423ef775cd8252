"""Files from others as bytes: regular files only, and never more of them than the job's memory budget has left."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

from engines.errors import MeshcastError, ModelError
from engines.files.memory_budget import MemoryBudget, MemoryBudgetError, current_budget


def open_file(path: str | Path, error: type[MeshcastError] = ModelError) -> BinaryIO:
    """Open a regular file for reading. Raises `error` when it cannot be opened, or is a folder, pipe or device."""
    try:
        # A pipe that nothing writes into would hold an ordinary open without end.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        mode = os.fstat(handle).st_mode
        if not stat.S_ISREG(mode):
            os.close(handle)
            what = os.strerror(errno.EISDIR) if stat.S_ISDIR(mode) else "it is not a regular file"
            raise error(f"{path}: cannot be read: {what}")
        return os.fdopen(handle, "rb")
    except (OSError, ValueError) as reason:  # ValueError: a null character in the path
        raise error(f"{path}: cannot be read: {getattr(reason, 'strerror', None) or reason}") from None


def read_file(
    path: str | Path,
    error: type[MeshcastError] = ModelError,
    *,
    limit_bytes: int | None = None,
    budget: MemoryBudget | None = None,
) -> bytes:
    """A regular file's bytes, reserved in the budget (None: the job's) before they are read.

    limit_bytes: more than a file of this kind ever has. Raises `error` when the file cannot be read or is too large.
    """
    budget = budget or current_budget()
    with open_file(path, error) as file:
        size = os.fstat(file.fileno()).st_size
        if limit_bytes is not None and size > limit_bytes:
            raise error(f"{path}: too large: {size} bytes, where {limit_bytes} are the most that such a file has")
        try:
            budget.reserve(size, str(path))
        except MemoryBudgetError as reason:
            raise error(str(reason)) from None
        try:
            return file.read(size)
        except OSError as reason:
            raise error(f"{path}: cannot be read: {reason.strerror or reason}") from None
