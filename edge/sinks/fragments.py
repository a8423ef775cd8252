"""Fragmented MP4: files that play up to their last fragment after a crash or on a full disk.

During writing, the file is a sequence of fragments of about a second; when it is closed, FFmpeg converts it to an
ordinary file with a single index (its "hybrid" mode).
"""

from __future__ import annotations

import io
import os
import struct
from pathlib import Path
from typing import BinaryIO

from engines.files.atomic import write_all

OPTIONS = {"movflags": "hybrid_fragmented", "frag_duration": "1000000", "flush_packets": "1"}  # microseconds


class FragmentFile:
    """The file object that FFmpeg writes to. `error` is the first error of the system; after it nothing is written, so
    the data on disk stays intact."""

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


def truncate_to_complete(file: BinaryIO) -> bool:
    """Truncate a fragmented file after its last complete fragment; False if there is none. Raises OSError."""
    size = file.seek(0, os.SEEK_END)
    start = complete = 0
    has_index = has_fragment_index = False  # of the file (moov), and of the next media data (moov or moof)
    while start + 8 <= size:
        file.seek(start)
        length, kind = struct.unpack(">I4s", file.read(8))
        if length == 1:
            length = int.from_bytes(file.read(8), "big")
        end = start + length
        if length < 8 or end > size:
            break
        has_index |= kind == b"moov"
        has_fragment_index |= kind in (b"moov", b"moof")
        if kind == b"mdat" and has_fragment_index:
            complete, has_fragment_index = end, False
        start = end
    if has_index and complete:
        file.truncate(complete)
    return has_index and complete > 0


def recover(path: Path) -> None:
    """Truncate the file of a killed program after its last complete fragment; ignores errors."""
    try:
        with path.open("r+b", buffering=0) as file:
            truncate_to_complete(file)
    except OSError:
        pass
