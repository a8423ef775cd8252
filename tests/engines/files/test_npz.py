"""`.npz` files that declare more than they hold are rejected before any allocation."""

from __future__ import annotations

import io
import os
import struct
import tracemalloc
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from engines.errors import ModelError
from engines.files.memory_budget import MemoryBudget
from engines.files.npz import read_npz

MIB = 1 << 20
BUDGET = 8 * MIB


def header(shape: tuple[int, ...], descr: str = "<f8") -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"shape": shape, "fortran_order": False, "descr": descr})
    return file.getvalue()


def archive(path: Path, members: dict[str, bytes], packing: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", packing) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return path


@contextmanager
def little_memory(most: int = 4 * MIB) -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < most
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_read_npz_returns_what_numpy_wrote(tmp_path: Path, save: object) -> None:
    arrays = {
        "a": np.arange(12.0).reshape(3, 4),
        "fortran": np.asfortranarray(np.arange(6).reshape(2, 3)),
        "text": np.array(["left", "right"]),
        "empty": np.zeros((0, 3), np.float32),
        "scalar": np.array(5),
        "large": np.random.default_rng(0).random(300_000),
    }
    save(tmp_path / "a.npz", **arrays)  # type: ignore[operator]
    got = read_npz(tmp_path / "a.npz", "a file")
    assert list(got) == list(arrays)
    for name, value in arrays.items():
        np.testing.assert_array_equal(got[name], value)
        assert got[name].dtype == value.dtype
        assert got[name].flags.writeable


def test_read_npz_decompression_bomb_raises_before_unpacking(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.npz", {"a.npy": header((16 * MIB,), "|u1") + bytes(16 * MIB)})
    assert path.stat().st_size < MIB
    with little_memory(), pytest.raises(ModelError, match=r"a\.npz: a: reading it takes 16\.0 MiB"):
        read_npz(path, "a file", budget=MemoryBudget(BUDGET))


def test_read_npz_arrays_of_one_file_share_the_budget(tmp_path: Path) -> None:
    one = header((3 * MIB,), "|u1") + bytes(3 * MIB)
    path = archive(tmp_path / "a.npz", {f"{name}.npy": one for name in "abc"})
    with pytest.raises(ModelError, match=r": c: reading it takes 9\.0 MiB"):
        read_npz(path, "a file", budget=MemoryBudget(BUDGET))


def test_read_npz_only_requested_arrays_are_read(tmp_path: Path) -> None:
    objects = header((1,), "|O") + bytes(8)
    path = archive(tmp_path / "a.npz", {"a.npy": header((2,)) + bytes(16), "b.npy": objects, "c.txt": b"abc"})
    got = read_npz(path, "a file", only=("a", "d"))
    assert [*got] == ["a"]
    np.testing.assert_array_equal(got["a"], [0, 0])


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (header((1 << 50,)) + bytes(8), "declares 9007199254740992 bytes but has 8"),
        (header((0, 1 << 62)), "not a file, or damaged"),
        (header((1,)) + bytes(16), "declares 8 bytes but has 16"),
        (b"\x93NUMPY\x02\x00" + struct.pack("<I", 1 << 31) + b" " * 100, "too long"),
        (b"\x93NUMPY\x01\x00" + struct.pack("<H", 5000) + b"(" * 5000, "the header of a is damaged"),
        (b"\x93NUMPY\x03\x00" + bytes(100), "unknown version"),
        (b"\x93NUMPY\x01", "unknown version"),
        (header((1,), "|O") + bytes(8), "Python objects"),
    ],
    ids=["huge", "overflow", "trailing", "long-header", "nested-header", "version", "short", "objects"],
)
def test_read_npz_array_with_false_header_raises(tmp_path: Path, data: bytes, reason: str) -> None:
    with little_memory(), pytest.raises(ModelError, match=reason) as error:
        read_npz(archive(tmp_path / "a.npz", {"a.npy": data}), "a file")
    assert "\n" not in str(error.value)


def changed(path: Path, at: int, value: int, size: int = 4) -> None:
    """Change a number in the first entry of the archive's directory."""
    data = bytearray(path.read_bytes())
    place = data.index(b"PK\x01\x02") + at
    data[place : place + size] = value.to_bytes(size, "little")
    path.write_bytes(data)


def test_read_npz_impossible_compression_ratio_raises(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.npz", {"a.npy": header((8,), "|u1") + bytes(8)})
    changed(path, 24, 1 << 31)
    with little_memory(), pytest.raises(ModelError, match="declares an impossible size"):
        read_npz(path, "a file")


def test_read_npz_wrong_unpacked_size_raises(tmp_path: Path) -> None:
    for claimed, stored in ((1000, 2000), (2000, 1000)):
        path = archive(tmp_path / "a.npz", {"a.npy": header((claimed,), "|u1") + bytes(stored)})
        changed(path, 24, len(header((claimed,), "|u1")) + claimed)
        with pytest.raises(ModelError, match="not a file, or damaged"):
            read_npz(path, "a file")


def test_read_npz_overlapping_members_raise(tmp_path: Path) -> None:
    one = header((1000,), "|u1") + bytes(1000)
    path = archive(tmp_path / "a.npz", {"a.npy": one, "b.npy": one}, zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes())
    place = data.rindex(b"PK\x01\x02") + 42  # where the second one begins
    data[place : place + 4] = bytes(4)
    path.write_bytes(data)
    with pytest.raises(ModelError, match="declares an impossible size"):
        read_npz(path, "a file")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_read_npz_duplicate_member_raises(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("a.npy", header((0,)))
        file.writestr("a.npy", header((0,)))
    with pytest.raises(ModelError, match=r"a\.npy is in it twice"):
        read_npz(path, "a file")


def test_read_npz_oversized_directory_raises(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w") as file:
        for number in range(1200):
            file.writestr(f"{number}{'x' * 4000}.npy", b"")
    with little_memory(16 * MIB), pytest.raises(ModelError, match="directory is too large"):
        read_npz(path, "a file")


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_read_npz_unknown_compression_raises(tmp_path: Path, packing: int) -> None:
    with pytest.raises(ModelError, match="packed in an unknown way"):
        read_npz(archive(tmp_path / "a.npz", {"a.npy": header((0,))}, packing), "a file")


def test_read_npz_pipe_raises_without_blocking(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.npz")
    with pytest.raises(ModelError, match="not a regular file"):
        read_npz(tmp_path / "a.npz", "a file")
