"""Atomic files: written under a temporary name in the same folder, and renamed when they are complete.

The unfinished file is locked (flock) while its process runs. This distinguishes the leftovers of killed processes,
which are removed or kept under another name, from files that are being written.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import secrets
import stat
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

_HIDDEN = re.compile(r"[0-9a-f]{8}")  # the random part of a hidden name
_ATTEMPTS = 100


class BusyError(OSError):
    """Another program, or another output of this one, is writing the file."""


class AtomicFile:
    """A new file that replaces `path` on commit(); without a commit the `with` block leaves no file.

    file: open for reading and writing, unbuffered. temporary: its path until commit(). kept: the path to
    which the unfinished file of a killed process was moved, None without one.

    visible: the unfinished file is useful too: its name is PATH.part, and a leftover is kept as PATH-recovered-N.
    Otherwise the name is hidden, and leftovers are removed.
    mode: permissions, before the umask.

    Raises OSError, and BusyError where a visible file is being written.
    """

    def __init__(self, path: Path, *, visible: bool = False, mode: int = 0o666) -> None:
        self.path = path
        self.kept: Path | None = None
        self._open = True
        if visible:
            self.temporary = path.with_name(f"{path.name}.part")
            self.kept = _keep_leftover(self.temporary, path)
        else:
            _remove_leftovers(path)
            self.temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
        self.file: BinaryIO = _create(self.temporary, mode)

    def commit(self, *, replace: bool = True) -> None:
        """Renames the file to its path, and synchronizes file and folder with the disk.

        replace: an existing file is replaced; otherwise FileExistsError is raised. After an error the unfinished file
        still exists, for discard() or keep().
        """
        _sync(self.file.fileno())
        if replace:
            os.replace(self.temporary, self.path)
        else:
            os.link(self.temporary, self.path)  # unlike a rename, a link never replaces a file
            self.temporary.unlink()
        self._open = False
        self.file.close()
        _sync_folder(self.path.parent)

    def keep(self) -> Path:
        """Renames the unfinished file to PATH-recovered-N; returns the new path."""
        target = _recovered(self.temporary, self.path)
        self._open = False
        self.file.close()
        return target

    def leave(self) -> None:
        """Leaves the unfinished file unchanged, as after a kill. No effect after commit()."""
        if self._open:
            self._open = False
            self.file.close()

    def discard(self) -> None:
        """Removes the unfinished file; an existing file at the path is kept. No effect after commit()."""
        if self._open:
            self._open = False
            with contextlib.suppress(OSError):  # the folder may be gone, or the disk broken
                self.temporary.unlink(missing_ok=True)
            self.file.close()

    def __enter__(self) -> AtomicFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.discard()


def write_atomically(path: Path, data: bytes) -> None:
    """Writes a file atomically. Raises OSError, and then no new file is left."""
    with AtomicFile(path) as new:
        write_all(new.file, data)
        new.commit()


def write_all(file: BinaryIO, data: bytes | bytearray | memoryview) -> None:
    """Write every byte to an unbuffered file, which may take only some of them at a time."""
    left = memoryview(data).cast("B")
    while left:
        left = left[file.write(left) :]


def _create(path: Path, mode: int) -> BinaryIO:
    """Creates and locks the file. Where another process removes it as a leftover in between, it is created again."""
    for _ in range(_ATTEMPTS):
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        with contextlib.suppress(OSError):  # a file system without locks: leftovers cannot be detected
            fcntl.flock(handle, fcntl.LOCK_EX)
        if _is_at(handle, path):
            return os.fdopen(handle, "r+b", buffering=0)
        os.close(handle)
    raise BusyError(errno.EBUSY, os.strerror(errno.EBUSY), str(path))


def _is_at(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.lstat())
    except FileNotFoundError:
        return False


def _lock_leftover(path: Path) -> int | None:
    """The locked descriptor of a file whose process has ended; None where it runs, or where that is unknown."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    with contextlib.suppress(OSError):
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if _is_at(handle, path) and stat.S_ISREG(os.fstat(handle).st_mode):
            return handle
    os.close(handle)
    return None


def _remove_leftovers(path: Path) -> None:
    with contextlib.suppress(OSError):  # a folder that cannot be listed may still be written to
        for entry in os.scandir(path.parent):
            name = entry.name
            if not (name.startswith(f".{path.name}.") and name.endswith(".part")):
                continue
            if _HIDDEN.fullmatch(name[len(path.name) + 2 : -len(".part")]):
                leftover = path.with_name(name)
                handle = _lock_leftover(leftover)
                if handle is not None:
                    leftover.unlink(missing_ok=True)
                    os.close(handle)


def _keep_leftover(part: Path, path: Path) -> Path | None:
    """Renames a leftover; an empty one is removed. Raises BusyError where it is being written."""
    if not os.path.lexists(part):
        return None
    handle = _lock_leftover(part)
    if handle is None:
        raise BusyError(errno.EBUSY, os.strerror(errno.EBUSY), str(part))
    try:
        if os.fstat(handle).st_size:
            return _recovered(part, path)
        part.unlink(missing_ok=True)
        return None
    finally:
        os.close(handle)


def _recovered(part: Path, path: Path) -> Path:
    number = 1
    while True:
        target = path.with_name(f"{path.stem}-recovered-{number}{path.suffix}")
        try:
            os.link(part, target)  # never replaces a file
        except FileExistsError:
            number += 1
            continue
        except OSError:  # a file system without links
            if target.exists():
                number += 1
                continue
            os.replace(part, target)
            return target
        part.unlink(missing_ok=True)
        return target


def _sync(handle: int) -> None:
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # a file system without a disk
            raise


def _sync_folder(folder: Path) -> None:
    """Synchronizes the new name with the disk, where the file system supports it."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            _sync(handle)
        finally:
            os.close(handle)
