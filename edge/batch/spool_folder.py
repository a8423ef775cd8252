"""Temporary local folders of a batch that are removed even when their process is killed.

A folder is locked (flock) while its process lives. One without a lock was left by a process that was killed; workers
remove those of their machine when they start, and a batch when it ends.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX = "meshcast-spool-"


@contextmanager
def spool_folder() -> Iterator[Path]:
    """An empty folder below the system's folder for temporary files (TMPDIR), removed afterwards. Raises OSError."""
    while True:
        path = Path(tempfile.mkdtemp(prefix=PREFIX))
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        with contextlib.suppress(OSError):  # a file system without locks: nothing there is taken for left
            fcntl.flock(handle, fcntl.LOCK_EX)
        if path.is_dir():  # else another process took it for a left one before it was locked
            break
        os.close(handle)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(handle)


def remove_left_spools() -> None:
    """Remove the folders of this user whose process has ended."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):  # removed, another user's, or a link
            _remove_if_left(path)


def _remove_if_left(path: Path) -> None:
    """Raises OSError."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if os.fstat(handle).st_uid == os.getuid():
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path, ignore_errors=True)
    finally:
        os.close(handle)
