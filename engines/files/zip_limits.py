"""Opens untrusted zip archives: the directory is checked before anything is unpacked."""

from __future__ import annotations

import io
import zipfile
from typing import BinaryIO

DIRECTORY_BYTES = 4 << 20  # tens of thousands of members; known files have some thousands
BLOCK_BYTES = 1 << 20
# A deflate stream of n bytes unpacks to no more than 1032 n; zip adds nothing.
DEFLATE_RATIO = 1032
_LOCAL_HEADER_BYTES = 30
_TAIL_BYTES = 128 << 10
_ENCRYPTED = 1


class _SmallReads(io.RawIOBase):
    """A file that limits the size of a read: zipfile reads the directory at once, in the declared size."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def read(self, size: int = -1) -> bytes:
        if size > DIRECTORY_BYTES:
            raise zipfile.BadZipFile("its directory is too large")
        # Without a size zipfile looks for the directory's end, which a comment of at most 64 KiB follows.
        return self._file.read(size if size >= 0 else _TAIL_BYTES)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True


def open_zip(file: BinaryIO) -> zipfile.ZipFile:
    """The archive in a file, which the caller closes.

    Raises zipfile.BadZipFile when it is damaged, and when a member is encrypted, packed other than by deflate,
    duplicated, overlaps another one, or declares a size that is impossible for its packed bytes.
    """
    try:
        archive = zipfile.ZipFile(_SmallReads(file))
    except zipfile.BadZipFile:
        raise
    except Exception as error:  # a directory of arbitrary bytes fails in many ways
        raise zipfile.BadZipFile(f"its directory is damaged ({type(error).__name__})") from None
    seen: set[str] = set()
    free = 0
    for member in sorted(archive.infolist(), key=lambda member: member.header_offset):
        name = ascii(member.filename)[1:-1][:100]
        if member.flag_bits & _ENCRYPTED or member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise zipfile.BadZipFile(f"{name} is encrypted or packed in an unknown way")
        if member.filename in seen:
            raise zipfile.BadZipFile(f"{name} is in it twice")
        seen.add(member.filename)
        most = member.compress_size * (DEFLATE_RATIO if member.compress_type == zipfile.ZIP_DEFLATED else 1)
        if member.file_size > most or member.header_offset < free:
            raise zipfile.BadZipFile(f"{name} declares an impossible size or position")
        free = member.header_offset + _LOCAL_HEADER_BYTES + member.compress_size
    if free > archive.start_dir:
        raise zipfile.BadZipFile("a member goes beyond the end")
    return archive
