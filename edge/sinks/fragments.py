"""Fragmented MP4: a file that plays up to its last fragment when its program breaks off or its disk is full.

While it is written, a fragment follows the other, each about a second; at the end FFmpeg turns the file into an
ordinary one with a single index (its "hybrid" mode).
"""

from __future__ import annotations

import io
import os
import struct
from pathlib import Path
from typing import BinaryIO

from engines.files.atomic import write_all

OPTIONS = {"movflags": "hybrid_fragmented", "frag_duration": "1000000", "flush_packets": "1"}  # microseconds


class Recorder:
    """A file as FFmpeg writes to it. `error` is the first that the system reported, and then nothing more is written:
    what is on the disk stays as it is."""

    def __init__(self, file: BinaryIO) -> None:
        self.error: OSError | None = None
        self._file = file

    def write(self, data: bytes) -> int:
        if self.error is not None:
            raise self.error
        try:
            write_all(self._file, data)
        except OSError as error:
            self.error = error
            raise
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()


def keep_whole(file: BinaryIO) -> bool:
    """Cut a fragmented file behind its last whole fragment; False when there is none. Raises OSError."""
    size = file.seek(0, os.SEEK_END)
    start = whole = 0
    known = indexed = False  # whether there is an index of everything, and one of what comes next
    while start + 8 <= size:
        file.seek(start)
        length, kind = struct.unpack(">I4s", file.read(8))
        if length == 1:
            length = int.from_bytes(file.read(8), "big")
        end = start + length
        if length < 8 or end > size:
            break
        known |= kind == b"moov"
        indexed |= kind in (b"moov", b"moof")
        if kind == b"mdat" and indexed:
            whole, indexed = end, False
        start = end
    if known and whole:
        file.truncate(whole)
    return known and whole > 0


def recover(path: Path) -> None:
    """Cut what a killed program left behind its last whole fragment; does nothing where that cannot be done."""
    try:
        with path.open("r+b", buffering=0) as file:
            keep_whole(file)
    except OSError:
        pass
