"""The place of an output file: checked before the work starts, written under another name, renamed when it is whole."""

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
    """The place of an output file.

    The unfinished file is created by the constructor, so that a folder that cannot be written to is found before any
    work is done. Links are followed: what a link points to is replaced, the link stays.

    salvageable: the unfinished file is of use when the program breaks off. It is called like the file with .part at the
    end, and one that a killed program left is kept under another name.

    Raises OutputError as check_place does, and where a salvageable file is being written by another program.
    """

    def __init__(self, path: str | Path, *, salvageable: bool = False) -> None:
        self.path = Path(path)
        final = check_place(self.path)
        try:
            self._new = AtomicFile(final, visible=salvageable)
        except BusyError as error:
            raise OutputError(f"{error.filename}: another program is writing it; choose another name") from None
        except OSError as error:
            raise self.error(error) from None
        if self._new.kept is not None:
            log.warning("%s: what a killed program had left unfinished is kept as %s", self.path, self._new.kept.name)

    @property
    def temporary(self) -> Path:
        """Where the unfinished file is."""
        return self._new.temporary

    @property
    def file(self) -> BinaryIO:
        """The unfinished file, unbuffered."""
        return self._new.file

    @property
    def kept(self) -> Path | None:
        """Where the unfinished file of a killed program has been kept."""
        return self._new.kept

    def scratch(self) -> BinaryIO:
        """An unnamed file on the same disk, unbuffered, which vanishes by itself whatever happens. Raises OSError."""
        return tempfile.TemporaryFile(dir=self.temporary.parent, buffering=0)

    def reserve(self, size: int) -> None:
        """Make sure that so many bytes of the file fit on the disk, where the system can. Raises OSError."""
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(self.file.fileno(), 0, size)

    def error(self, error: OSError) -> OutputError:
        """What to say of an error that the system reports for this file."""
        return OutputError(f"{self.path}: cannot be written: {error.strerror or error}")

    def commit(self) -> None:
        """Give the finished file its name, replacing what was there. A finished file that cannot get its name is kept
        under another one. Raises OutputError."""
        try:
            self._new.commit()
        except OSError as error:
            raise self._unnamed(error) from None

    def write(self, content: bytes) -> None:
        """Write the whole file and commit it. Raises OutputError."""
        self.write_parts((content,))

    def write_parts(self, parts: Iterable[bytes | bytearray]) -> None:
        """Write the whole file, part by part, and commit it. Raises OutputError."""
        try:
            for part in parts:
                write_all(self.file, part)
        except OSError as error:
            self.discard()
            raise self.error(error) from None
        self.commit()

    def discard(self) -> None:
        """Remove the unfinished file; what was at the path before stays. Harmless after commit()."""
        self._new.discard()

    def leave(self) -> None:
        """Leave the unfinished file as it is. Harmless after commit()."""
        self._new.leave()

    def keep(self) -> Path:
        """Leave the unfinished file under a name of its own, which is returned. Raises OSError."""
        return self._new.keep()

    def _unnamed(self, error: OSError) -> OutputError:
        said = self.error(error)
        try:
            return OutputError(f"{said}; it is kept as {self.keep().name}")
        except OSError:
            self.discard()
            return said


def check_place(path: Path) -> Path:
    """Whether a file can be written at a path: returns the path that it will have, links followed.

    Raises OutputError when the folder is missing or not writable, the path is no ordinary file (a folder, a device, a
    pipe) or is one that must not be replaced.
    """
    try:
        final = Path(os.path.realpath(path))
        mode = final.stat().st_mode if final.exists() else None
        if mode is None and final.is_symlink():
            raise OutputError(f"{path}: is a link that leads to itself; choose another name")
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror}") from None
    except ValueError as error:
        raise OutputError(f"{path!r}: is no name for a file: {error}") from None
    if mode is not None and not stat.S_ISREG(mode):
        raise OutputError(f"{path}: is not an ordinary file; choose another name")
    if mode is not None and not (mode & 0o222 and os.access(final, os.W_OK)):
        raise OutputError(f"{path}: exists and is read-only; choose another name, or make it writable")
    folder = final.parent
    if not folder.exists():
        raise OutputError(f"{path}: the folder {folder} does not exist; make it first")
    if not folder.is_dir():
        raise OutputError(f"{path}: cannot be written: {folder} is not a folder")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(f"{path}: cannot be written: the folder {folder} is read-only")
    return final
