"""Output files: checked before the work starts, written under a temporary name, renamed when complete."""

from __future__ import annotations

import logging
import os
import stat
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from edge.errors import OutputError
from engines.files.atomic import AtomicFile, BusyError, write_all

log = logging.getLogger("meshcast.output")


class OutputFile:
    """An output file that appears under its name when it is complete.

    The constructor creates the temporary file, so that an unwritable folder is detected before any work is done. Links
    are followed: the target of a link is replaced, the link stays.

    salvageable: the unfinished file is useful after a crash. It is named like the file with .part appended, and one
    that a killed program left is kept under another name.

    Raises OutputError like check_writable, and if another program is writing the same salvageable file.
    """

    def __init__(self, path: str | Path, *, salvageable: bool = False) -> None:
        self.path = Path(path)
        final = check_writable(self.path)
        try:
            self._new = AtomicFile(final, visible=salvageable)
        except BusyError as error:
            raise OutputError(f"{error.filename}: another program is writing this file; choose another name") from None
        except OSError as error:
            raise self.error(error) from None
        if self._new.kept is not None:
            log.warning("%s: the unfinished file of a killed program is kept as %s", self.path, self._new.kept.name)

    @property
    def temporary(self) -> Path:
        """Path of the unfinished file."""
        return self._new.temporary

    @property
    def file(self) -> BinaryIO:
        """The unfinished file, unbuffered."""
        return self._new.file

    @property
    def kept(self) -> Path | None:
        """Path under which the unfinished file of a killed program is kept."""
        return self._new.kept

    def scratch(self) -> BinaryIO:
        """Create an unnamed, unbuffered file on the same disk, which the system deletes when closed. Raises OSError."""
        return tempfile.TemporaryFile(dir=self.temporary.parent, buffering=0)

    def reserve(self, size: int) -> None:
        """Reserve disk space for `size` bytes if the system supports it. Raises OSError."""
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(self.file.fileno(), 0, size)

    def error(self, error: OSError) -> OutputError:
        """Convert a system error of this file to an OutputError."""
        return OutputError(f"{self.path}: cannot be written: {error.strerror or error}")

    def commit(self) -> None:
        """Give the finished file its name, replacing what was there. A finished file that cannot get its name is kept
        under another one. Raises OutputError."""
        try:
            self._new.commit()
        except OSError as error:
            raise self._unnamed(error) from None

    def write(self, content: bytes) -> None:
        """Write the complete file and commit it. Raises OutputError."""
        self.write_parts((content,))

    def write_parts(self, parts: Iterable[bytes | bytearray]) -> None:
        """Write the complete file in parts and commit it. Raises OutputError."""
        try:
            for part in parts:
                write_all(self.file, part)
        except OSError as error:
            self.discard()
            raise self.error(error) from None
        self.commit()

    def discard(self) -> None:
        """Remove the unfinished file; an existing file at the path stays. No effect after commit()."""
        self._new.discard()

    def leave(self) -> None:
        """Leave the unfinished file on disk. No effect after commit()."""
        self._new.leave()

    def keep(self) -> Path:
        """Keep the unfinished file under another name, which is returned. Raises OSError."""
        return self._new.keep()

    def _unnamed(self, error: OSError) -> OutputError:
        problem = self.error(error)
        try:
            return OutputError(f"{problem}; it is kept as {self.keep().name}")
        except OSError:
            self.discard()
            return problem


def check_writable(path: Path) -> Path:
    """Check that a file can be written at a path. Returns the path with links resolved.

    Raises OutputError if the folder is missing or not writable, or if the path is read-only or not a regular file (a
    folder, a device, a pipe).
    """
    try:
        final = Path(os.path.realpath(path))
        mode = final.stat().st_mode if final.exists() else None
        if mode is None and final.is_symlink():
            raise OutputError(f"{path}: a link to itself; choose another name")
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror}") from None
    except ValueError as error:
        raise OutputError(f"{path!r}: invalid file name: {error}") from None
    if mode is not None and not stat.S_ISREG(mode):
        raise OutputError(f"{path}: not a regular file; choose another name")
    if mode is not None and not (mode & 0o222 and os.access(final, os.W_OK)):
        raise OutputError(f"{path}: the file exists and is read-only; choose another name or make it writable")
    folder = final.parent
    if not folder.exists():
        raise OutputError(f"{path}: the folder {folder} does not exist; create it first")
    if not folder.is_dir():
        raise OutputError(f"{path}: cannot be written: {folder} is not a folder")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(f"{path}: cannot be written: the folder {folder} is read-only")
    return final
