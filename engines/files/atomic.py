"""Files that appear whole or not at all: written under another name beside their place, renamed when they are done.

The unfinished file is locked (flock) for as long as its program lives. So the leftovers of programs that were killed
can be told from files that are being written: the former are removed, or kept under a name that says so.
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
    """A new file that takes the place of `path` on commit(); leaving the `with` block without it leaves nothing.

    file: open for reading and writing, unbuffered. temporary: where it is until commit(). kept: where the unfinished
    file of a program that was killed has been kept, None where there was none.

    visible: the unfinished file is of use too. It is called PATH.part, and one that was left there is kept as
    PATH-recovered-N. Otherwise the name is hidden, and leftovers are removed.
    mode: permissions, of which the umask takes its part.

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
        """Put the file in its place, on the disk itself: file and folder are synchronized.

        replace: what is there may be replaced; otherwise FileExistsError is raised. After an error the unfinished file
        is still there, for discard() or keep().
        """
        _sync(self.file.fileno())
        if replace:
            os.replace(self.temporary, self.path)
        else:
            os.link(self.temporary, self.path)  # unlike a rename, this never replaces what is there
            self.temporary.unlink()
        self._open = False
        self.file.close()
        _sync_folder(self.path.parent)

    def keep(self) -> Path:
        """Leave the unfinished file under a name of its own, PATH-recovered-N; returns the name."""
        place = _recovered(self.temporary, self.path)
        self._open = False
        self.file.close()
        return place

    def leave(self) -> None:
        """Leave the unfinished file as it is, as a program does that is killed. Harmless after commit()."""
        if self._open:
            self._open = False
            self.file.close()

    def discard(self) -> None:
        """Remove the unfinished file; what was at the path before stays. Harmless after commit()."""
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
    """Write a whole file. Raises OSError, and then leaves nothing behind."""
    with AtomicFile(path) as new:
        write_all(new.file, data)
        new.commit()


def write_all(file: BinaryIO, data: bytes | bytearray | memoryview) -> None:
    """Write every byte to an unbuffered file, which may take only some of them at a time."""
    left = memoryview(data).cast("B")
    while left:
        left = left[file.write(left) :]


def _create(path: Path, mode: int) -> BinaryIO:
    """Create the file and lock it. Another program may take it for a leftover in between: then it is created again."""
    for _ in range(_ATTEMPTS):
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        with contextlib.suppress(OSError):  # a file system without locks: no program can tell leftovers there
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
    """The locked descriptor of a file whose program has ended; None where it lives, or where that cannot be told."""
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
    """Give a leftover a name of its own; an empty one is removed. Raises BusyError where it is being written."""
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
        place = path.with_name(f"{path.stem}-recovered-{number}{path.suffix}")
        try:
            os.link(part, place)  # never replaces what is there
        except FileExistsError:
            number += 1
            continue
        except OSError:  # a file system without links
            if place.exists():
                number += 1
                continue
            os.replace(part, place)
            return place
        part.unlink(missing_ok=True)
        return place


def _sync(handle: int) -> None:
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # a file system that has no disk
            raise


def _sync_folder(folder: Path) -> None:
    """Bring the new name to the disk, where the file system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            _sync(handle)
        finally:
            os.close(handle)
