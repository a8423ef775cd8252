"""The files in a task's folder, and their hashes."""

from __future__ import annotations

import hashlib
from pathlib import Path

from edge.batch.executor import WrittenFile
from edge.errors import OutputError

OUTPUT = "output"  # name of the outputs in a task's folder
CHUNK_BYTES = 1 << 20


def hashed(folder: Path, suffix: str) -> WrittenFile:
    """The output of a task with this suffix. Raises OutputError when it cannot be read."""
    path = folder / f"{OUTPUT}{suffix}"
    try:
        status = path.stat()
        return WrittenFile(suffix, status.st_size, sha256_of(path), status.st_mtime_ns)
    except OSError as error:
        raise OutputError(f"{path}: cannot be read again: {error.strerror}") from None


def sha256_of(path: Path) -> str:
    """Hash of a file, hexadecimal. Raises OSError."""
    total = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            total.update(chunk)
    return total.hexdigest()
