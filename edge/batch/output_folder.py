"""The output folder of a batch: one batch at a time, outputs that appear complete, and the check of those that exist.

Tasks write into folders of their own below WORK, on the same disk; their files are then renamed.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from edge.batch.executor import WrittenFile
from edge.batch.manifest import Manifest, Record
from edge.batch.task_files import OUTPUT, sha256_of
from edge.errors import OutputError

WORK = ".meshcast-batch"
PARTS = "parts"  # in it: those of long videos, which outlive a batch
NO_LOCKS = errno.ENOLCK, errno.ENOTSUP, errno.EINVAL, errno.EBADF  # errors of file systems without locks


class OutputFolder:
    """The folder; it exists and is locked within `opened_folder`.

    Attributes:
        path: of the folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def parts(self) -> Path:
        """Folder of the parts of long videos; it need not exist."""
        return self.path / WORK / PARTS

    def manifest(self) -> Manifest:
        """The manifest of the folder. Raises OutputError."""
        return Manifest(self.path)

    def exists(self, name: str, suffix: str) -> bool:
        """Whether there is something under the name of an output."""
        return os.path.lexists(self.output(name, suffix))

    def output(self, name: str, suffix: str) -> Path:
        """Path of an output."""
        return self.path / f"{name}{suffix}"

    def task_folder(self) -> Path:
        """Make a folder for one attempt at one video. Raises OutputError."""
        path = self.path / WORK / secrets.token_hex(8)
        try:
            path.mkdir()
        except OSError as error:
            raise _error(path, error) from None
        return path

    def remove_task(self, folder: Path) -> None:
        """Remove the folder of a task with what is left in it."""
        shutil.rmtree(folder, ignore_errors=True)

    def publish(self, folder: Path, name: str, files: Sequence[WrittenFile]) -> None:
        """Give the outputs of a task their names, replacing older ones. Raises OutputError."""
        for file in files:
            target = self.output(name, file.suffix)
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                os.replace(folder / f"{OUTPUT}{file.suffix}", target)
            except OSError as error:
                raise _error(target, error) from None
        with contextlib.suppress(OSError):  # a file system that cannot synchronize folders
            handle = os.open(self.output(name, "").parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

    def intact(self, record: Record, suffixes: Sequence[str]) -> bool:
        """Whether a video's outputs are all there as they were written. The hash is computed only for files whose time
        of change differs, for example in a copied folder."""
        files = {file.suffix: file for file in record.files}
        return set(files) == set(suffixes) and all(self._intact(record.name, file) for file in files.values())

    def remove_others(self, record: Record, suffixes: Sequence[str]) -> None:
        """Remove outputs of a record that are not written again. Raises OutputError."""
        for file in record.files:
            if file.suffix not in suffixes:
                path = self.output(record.name, file.suffix)
                try:
                    path.unlink(missing_ok=True)
                except OSError as error:
                    raise _error(path, error) from None

    def _intact(self, name: str, file: WrittenFile) -> bool:
        path = self.output(name, file.suffix)
        try:
            status = path.stat()
            if status.st_size != file.size:
                return False
            return status.st_mtime_ns == file.mtime_ns or sha256_of(path) == file.sha256
        except OSError:
            return False


@contextmanager
def opened_folder(path: Path) -> Iterator[OutputFolder]:
    """Make and lock the folder of a batch; what a killed batch left unfinished is removed, at the end everything that
    is unfinished, except for finished parts of long videos. Raises OutputError."""
    work = path / WORK
    try:
        path.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise _error(path, error) from None
    try:
        _lock(path, handle)
        _clear(work)
        try:
            work.mkdir(exist_ok=True)
        except OSError as error:
            raise _error(path, error) from None
        try:
            yield OutputFolder(path)
        finally:
            _clear(work)
    finally:
        os.close(handle)


def _clear(work: Path) -> None:
    """Remove the folders of tasks, and the whole folder where no parts of long videos are left."""
    with contextlib.suppress(OSError):
        for path in work.iterdir():
            if path.name != PARTS:
                shutil.rmtree(path, ignore_errors=True)
        for path in (work / PARTS, work):
            with contextlib.suppress(FileNotFoundError):
                path.rmdir()


def _lock(path: Path, handle: int) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise OutputError(f"{path}: another batch is writing here; wait for it or choose another --out") from None
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise _error(path, error) from None


def _error(path: Path, error: OSError) -> OutputError:
    return OutputError(f"{path}: cannot be written: {error.strerror or error}")
