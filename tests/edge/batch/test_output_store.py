"""The output place in a store, on fsspec's file system in memory: what a resumed batch finds there."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edge.batch.executor import WrittenFile
from edge.batch.manifest import NAME, Record
from edge.batch.output_store import OutputStore
from edge.batch.store import Store
from edge.errors import OutputError

fsspec = pytest.importorskip("fsspec")
PLACE = "s3://bucket/out"
CONTENT = {".npz": b"arrays", ".json": b"{}"}
SUFFIXES = tuple(CONTENT)


@pytest.fixture
def memory() -> Iterator[Any]:
    files = fsspec.filesystem("memory")
    files.store.clear()
    yield files
    files.store.clear()


def place(files: Any, spool: Path) -> OutputStore:
    spool.mkdir(exist_ok=True)
    return OutputStore(PLACE, Store(PLACE, files, pause_s=0.0), spool)


def written(files: Any) -> Record:
    """The outputs of a video, and its record."""
    for suffix, content in CONTENT.items():
        files.pipe_file(f"bucket/out/day/a{suffix}", content)
    outputs = tuple(
        WrittenFile(suffix, len(content), hashlib.sha256(content).hexdigest(), 0) for suffix, content in CONTENT.items()
    )
    return Record("day/a", "done", "a.mp4", 1, 0, outputs)


def test_output_store_intact_compares_size_and_content(memory: Any, tmp_path: Path) -> None:
    record = written(memory)
    assert place(memory, tmp_path).intact(record, SUFFIXES)
    assert not place(memory, tmp_path).intact(record, (".npz",))  # other formats are wanted now
    memory.pipe_file("bucket/out/day/a.npz", b"arrayX")
    assert not place(memory, tmp_path).intact(record, SUFFIXES)
    memory.rm_file("bucket/out/day/a.npz")
    assert not place(memory, tmp_path).intact(record, SUFFIXES)


def test_output_store_knows_what_exists_below_its_prefix_only(memory: Any, tmp_path: Path) -> None:
    written(memory)
    memory.pipe_file("bucket/out2/b.npz", b"other")
    store = place(memory, tmp_path)
    assert store.exists("day/a", ".npz")
    assert not store.exists("b", ".npz")
    assert not store.exists("../out2/b", ".npz")


def test_output_store_manifest_is_there_for_the_next_batch(memory: Any, tmp_path: Path) -> None:
    record = written(memory)
    manifest = place(memory, tmp_path / "first").manifest()
    manifest.begin({"fps": 1}, [])
    manifest.add(record)
    manifest.close()
    assert memory.exists(f"bucket/out/{NAME}")
    again = place(memory, tmp_path / "second").manifest()
    assert (again.settings, again.records) == ({"fps": 1}, {record.name: record})


def test_output_store_removes_outputs_that_are_not_written_again(memory: Any, tmp_path: Path) -> None:
    place(memory, tmp_path).remove_others(written(memory), (".json",))
    assert memory.find("bucket/out") == ["/bucket/out/day/a.json"]


def test_output_store_without_permission_is_one_line(
    memory: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: str, **options: Any) -> None:
        raise PermissionError(path)

    monkeypatch.setattr(memory, "find", refuse)
    with pytest.raises(OutputError, match=r"^s3://bucket/out/: the store gives no permission; check the credentials$"):
        place(memory, tmp_path)
