"""A target for output files whose disk is full after a given number of bytes."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import BinaryIO, cast

from edge.sinks.output_file import OutputFile


class SmallDisk(OutputFile):
    """Like a Target, on a disk with `room` bytes; `error` is what the system says when they are used up.

    Bytes that are written again in the same place count once.
    """

    def __init__(self, path: Path, room: int, *, salvageable: bool = False, error: int = errno.ENOSPC) -> None:
        self.room = room
        self._error = error
        super().__init__(path, salvageable=salvageable)
        self._small = cast(BinaryIO, _SmallFile(super().file, self))

    @property
    def file(self) -> BinaryIO:
        return self._small

    def scratch(self) -> BinaryIO:
        return cast(BinaryIO, _SmallFile(super().scratch(), self))

    def reserve(self, size: int) -> None:
        more = size - os.fstat(self.file.fileno()).st_size
        if more > self.room:
            raise OSError(self._error, os.strerror(self._error))
        if more > 0:
            self.room -= more
            os.truncate(self.file.fileno(), size)

    def take(self, wanted: int) -> int:
        """How many of so many bytes fit. Raises OSError when none does."""
        taken = min(wanted, self.room)
        if wanted and not taken:
            raise OSError(self._error, os.strerror(self._error))
        self.room -= taken
        return taken


class _SmallFile:
    def __init__(self, file: BinaryIO, disk: SmallDisk) -> None:
        self._file, self._disk = file, disk
        self.seek, self.tell, self.read, self.fileno, self.close = (
            file.seek,
            file.tell,
            file.read,
            file.fileno,
            file.close,
        )
        self.readinto = file.readinto  # type: ignore[attr-defined]
        self.closed = False

    def write(self, data: bytes | memoryview) -> int:
        view = memoryview(data).cast("B")
        place, size = self._file.tell(), os.fstat(self._file.fileno()).st_size
        over = max(0, min(place + len(view), size) - place)  # bytes that are there already
        more = self._disk.take(len(view) - over) if len(view) > over else 0
        return self._file.write(view[: over + more])

    def truncate(self, size: int) -> int:
        self._disk.room += max(0, os.fstat(self._file.fileno()).st_size - size)
        return self._file.truncate(size)

    def readable(self) -> bool:
        return True

    writable = seekable = readable
