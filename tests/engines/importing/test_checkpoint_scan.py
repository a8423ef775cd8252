"""Checkpoints that declare more than they hold are rejected before torch allocates memory."""

from __future__ import annotations

import io
import pickle
import resource
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from engines.errors import ModelError  # noqa: E402
from engines.files.memory_budget import MemoryBudget  # noqa: E402
from engines.importing.checkpoint import read_checkpoint  # noqa: E402

MIB = 1 << 20
HUGE = 1 << 34


@pytest.fixture(autouse=True)
def little_address_space() -> Iterator[None]:
    """What is allocated all the same fails with another message."""
    mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (mapped + 512 * MIB, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


class Call:
    """Pickles as a call of a global."""

    def __init__(self, made: Any, *arguments: Any, state: Any = None) -> None:
        self._reduced = (made, arguments) if state is None else (made, arguments, state)

    def __reduce__(self) -> Any:
        return self._reduced


def in_zip(path: Path, content: object) -> Path:
    """A checkpoint as torch writes it, with another content in place of its own."""
    file = io.BytesIO()
    torch.save({"a": torch.zeros(4)}, file)
    path.write_bytes(file.getvalue())
    return with_pickle(path, lambda data: pickle.dumps(content, 2))


def with_pickle(path: Path, change: Any) -> Path:
    """A zip checkpoint whose pickle `change` has changed, beside the old one."""
    changed = path.with_name("changed.pth")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, change(data) if name.endswith("data.pkl") else data)
    return changed


def replaced(path: Path, old: bytes, new: bytes, *, legacy: bool) -> Path:
    """A checkpoint with other bytes in its pickle."""
    if not legacy:
        return with_pickle(path, lambda data: data.replace(old, new))
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new))
    return path


@pytest.mark.parametrize(
    "content",
    [
        {"a": Call(bytearray, HUGE)},
        {"a": Call(torch.Tensor, HUGE)},
        {"a": Call(torch.FloatTensor, 1 << 17, 1 << 17)},
    ],
    ids=["bytearray", "Tensor", "FloatTensor"],
)
def test_read_checkpoint_call_that_allocates_raises(tmp_path: Path, content: object) -> None:
    with pytest.raises(ModelError, match="reading it takes"):
        read_checkpoint(in_zip(tmp_path / "a.pth", content), budget=MemoryBudget(64 * MIB))


def test_read_checkpoint_array_with_huge_shape_raises(tmp_path: Path) -> None:
    import numpy as np
    from numpy._core.multiarray import _reconstruct

    at_once = Call(_reconstruct, np.ndarray, (HUGE,), b"d")
    later = Call(_reconstruct, np.ndarray, (0,), b"b", state=(1, (HUGE,), np.dtype("O"), False, []))
    for content in (at_once, later):
        with pytest.raises(ModelError, match="reading it takes"):
            read_checkpoint(in_zip(tmp_path / "a.pth", {"a": content}), budget=MemoryBudget(64 * MIB))


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
def test_read_checkpoint_storage_larger_than_file_raises(tmp_path: Path, legacy: bool) -> None:
    path = tmp_path / "a.pth"
    torch.save({"a": torch.zeros(1000)}, path, _use_new_zipfile_serialization=not legacy)
    count, larger = b"M" + struct.pack("<H", 1000), b"J" + struct.pack("<i", 1 << 30)
    path = replaced(path, count, larger, legacy=legacy)
    with pytest.raises(ModelError, match="its weights declare more than the"):
        read_checkpoint(path)


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
def test_read_checkpoint_tensor_larger_than_storage_raises(tmp_path: Path, legacy: bool) -> None:
    path = tmp_path / "a.pth"
    torch.save({"a": torch.zeros(7, 5)}, path, _use_new_zipfile_serialization=not legacy)
    shape = b"K\x07K\x05\x86"
    larger = b"J" + struct.pack("<i", 1 << 28) + b"K\x05\x86"
    path = replaced(path, shape, larger, legacy=legacy)
    with pytest.raises(ModelError, match="a tensor exceeds its storage"):
        read_checkpoint(path)


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
def test_read_checkpoint_expanded_tensor_counts_all_elements(tmp_path: Path, legacy: bool) -> None:
    path = tmp_path / "a.pth"
    torch.save({"a": torch.zeros(1).expand(1 << 30)}, path, _use_new_zipfile_serialization=not legacy)
    with pytest.raises(ModelError, match="reading it takes"):
        read_checkpoint(path, budget=MemoryBudget(64 * MIB))


def test_read_checkpoint_container_copies_count_toward_budget(tmp_path: Path) -> None:
    # One list of many items, of which a few bytes each ask for another copy.
    many = b"]" + b"(" + b"N" * 100_000 + b"e" + b"q\x00"
    copy = b"ccollections\nCounter\nh\x00\x85R"
    content = b"\x80\x02}" + b"(U\x01a" + b"(" + many + copy * 200 + b"tu."
    torch.save({}, tmp_path / "a.pth")
    path = with_pickle(tmp_path / "a.pth", lambda data: content)
    with pytest.raises(ModelError, match="reading it takes"):
        read_checkpoint(path, budget=MemoryBudget(64 * MIB))


@pytest.mark.parametrize("size", [50_000_000, 1 << 40])
def test_read_checkpoint_false_safetensors_header_raises(tmp_path: Path, size: int) -> None:
    path = tmp_path / "a.safetensors"
    with path.open("wb") as file:
        file.write(struct.pack("<Q", size) + b'{"a":')
        file.truncate(60_000_000)
    with pytest.raises(ModelError, match=r"damaged safetensors file|not a checkpoint"):
        read_checkpoint(path)


def test_read_checkpoint_file_larger_than_budget_raises(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    with path.open("wb") as file:
        file.write(b"PK\x03\x04")
        file.truncate(1 << 40)  # takes no place on the disk
    with pytest.raises(ModelError, match=r"reading it takes 1024\.0 GiB"):
        read_checkpoint(path)
