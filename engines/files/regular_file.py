"""Reading a file whose kind and size are checked before a byte of it is read."""

from __future__ import annotations

import os
import stat
from pathlib import Path

KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}


def read_regular(path: str | Path, limit: int, *, pipes: bool = False) -> bytes:
    """The bytes of a regular file; a pipe, a device or a folder is refused without waiting for it.

    Args:
        path: The file; a symbolic link is followed.
        limit: The largest size in bytes.
        pipes: Whether a pipe, such as a shell's process substitution, is read too. It is waited for.

    Raises:
        OSError: The file cannot be read, is not a regular file or is larger; `strerror` says which.
    """
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | (0 if pipes else os.O_NONBLOCK))
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(handle)
        kind = stat.S_IFMT(status.st_mode)
        if kind != stat.S_IFREG and not (pipes and kind == stat.S_IFIFO):
            raise OSError(0, f"it is {KINDS.get(kind, 'not a file')}, not a regular file", str(path))
        data = file.read(limit + 1) if status.st_size <= limit else b""
        if status.st_size > limit or len(data) > limit:
            raise OSError(0, f"it is larger than {_size(limit)}", str(path))
        return data


def _size(count: int) -> str:
    for unit, name in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if count >= unit:
            return f"{count / unit:.4g} {name}"
    return f"{count} bytes"
