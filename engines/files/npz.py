"""Reads arrays from untrusted `.npz` files.

The header of an array must match the size in the archive, that size must be possible for the packed bytes, and memory
is allocated only after it was reserved in the job's memory budget.
"""

from __future__ import annotations

import io
import math
import struct
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from engines.errors import MeshcastError, ModelError
from engines.files.memory_budget import MemoryBudget, MemoryBudgetError, current_budget
from engines.files.regular_file import open_file
from engines.files.zip_limits import BLOCK_BYTES, open_zip

HEADER_BYTES = 10_000  # numpy's own limit
SUFFIX = ".npy"
# By the version of numpy's format: the layout of the header's length, and its reader.
_VERSIONS: dict[bytes, tuple[str, Callable[..., Any]]] = {
    b"\x93NUMPY\x01\x00": ("<H", np.lib.format.read_array_header_1_0),
    b"\x93NUMPY\x02\x00": ("<I", np.lib.format.read_array_header_2_0),
}
_DAMAGE = EOFError, NotImplementedError, RuntimeError, ValueError, zipfile.BadZipFile, zlib.error, struct.error


class NpzArchive:
    """The arrays of an open `.npz` file by name; an array is read when its name is looked up."""

    def __init__(self, archive: zipfile.ZipFile, path: str | Path, budget: MemoryBudget) -> None:
        self._archive, self._path, self._budget = archive, path, budget
        self._members = {
            member.filename.removesuffix(SUFFIX): member
            for member in archive.infolist()
            if member.filename.endswith(SUFFIX)
        }

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._members)

    def __getitem__(self, name: str) -> NDArray[Any]:
        """Raises ValueError and what zipfile raises when it is damaged or holds objects, and MemoryBudgetError."""
        info = self._members[name]
        with self._archive.open(info) as member:
            start = member.read(8)
            if start not in _VERSIONS:
                raise ValueError(f"{name} is an array of an unknown version")
            layout, read_header = _VERSIONS[start]
            prefix = member.read(struct.calcsize(layout))
            (length,) = struct.unpack(layout, prefix)
            if length > HEADER_BYTES:
                raise ValueError(f"the header of {name} is too long")
            try:
                shape, fortran, dtype = read_header(io.BytesIO(prefix + member.read(length)))
            except Exception as error:  # the header is a Python literal, which fails in many ways
                raise ValueError(f"the header of {name} is damaged ({type(error).__name__})") from None
            if dtype.hasobject:
                raise ValueError(f"{name} holds Python objects; store its values as a plain array")
            size = math.prod(shape) * dtype.itemsize
            stored = info.file_size - len(start) - len(prefix) - length
            if size != stored:
                raise ValueError(f"{name} declares {size} bytes but has {stored}")
            self._budget.reserve(size, f"{self._path}: {name}")
            values: NDArray[Any] = _read(member, size).view(dtype).reshape(shape, order="F" if fortran else "C")
            return values


def _read(member: Any, size: int) -> NDArray[np.uint8]:
    values = np.empty(size, np.uint8)
    done = 0
    while done < size:
        block = member.read(min(BLOCK_BYTES, size - done))
        if not block:
            raise EOFError("the file is truncated")
        values[done : done + len(block)] = np.frombuffer(block, np.uint8)
        done += len(block)
    if member.read(1):  # also checks the checksum of the last bytes
        raise ValueError("it has more bytes than declared")
    return values


@contextmanager
def open_npz(
    path: str | Path, what: str, error: type[MeshcastError] = ModelError, budget: MemoryBudget | None = None
) -> Iterator[NpzArchive]:
    """The arrays of the `.npz` file at `path`, within the block.

    what: the expected kind of file, for the message. budget: None takes the job's. Raises `error` when the file is
    missing, damaged or something else, or when its arrays exceed the budget.
    """
    with open_file(path, error) as file:
        if not _is_zip(file):
            raise error(f"{path}: not {what}: it is not an .npz file")
        try:
            with open_zip(file) as archive:
                yield NpzArchive(archive, path, budget or current_budget())
        except MemoryBudgetError as reason:
            raise error(str(reason)) from None
        except OSError as reason:
            raise error(f"{path}: cannot be read: {reason.strerror or reason}") from None
        except _DAMAGE as reason:
            raise error(f"{path}: not {what}, or damaged: {reason}") from None


def read_npz(
    path: str | Path,
    what: str,
    error: type[MeshcastError] = ModelError,
    only: Collection[str] | None = None,
    *,
    budget: MemoryBudget | None = None,
) -> dict[str, NDArray[Any]]:
    """All arrays of an `.npz` file, or those named in `only`, without pickles. Raises as open_npz."""
    with open_npz(path, what, error, budget) as arrays:
        return {name: arrays[name] for name in arrays.names if only is None or name in only}


def _is_zip(file: BinaryIO) -> bool:
    try:
        return zipfile.is_zipfile(file)
    except OSError:
        return False
