"""Parquet files have the rows of the `.npz`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from edge.batch import columns
from edge.batch.columns import write_columns
from edge.errors import OutputError

parquet = pytest.importorskip("pyarrow.parquet")

ROWS, JOINTS, VERTICES = 11, 3, 5


def arrays(path: Path, rows: int = ROWS, *, rig: bool = True) -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    values = {
        "frame": np.arange(rows),
        "t_s": random.random(rows),
        "id": np.arange(rows, dtype=np.int32),
        "score": random.random(rows).astype(np.float32),
        "translation": random.random((rows, 3)).astype(np.float32),
        "joints": random.random((rows, JOINTS, 3)).astype(np.float32),
        "vertices": random.random((rows, VERTICES, 3)).astype(np.float32),
        "joint_names": np.array(["a", "b", "c"]),
        "frames": np.array(ROWS),
    }
    if rig:
        values["rotations"] = random.random((rows, 2, 3)).astype(np.float32)
        values["shape"] = random.random((rows, 4)).astype(np.float32)
    np.savez(path, **values)
    return values


@pytest.mark.parametrize("vertices", [False, True])
def test_write_columns_has_rows_of_the_arrays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, vertices: bool) -> None:
    monkeypatch.setattr(columns, "BLOCK_ROWS", 4)
    values = arrays(tmp_path / "a.npz")
    assert write_columns(tmp_path / "a.npz", tmp_path / "a.parquet", vertices=vertices) == ROWS
    table = parquet.read_table(tmp_path / "a.parquet")
    expected = ["frame", "t_s", "id", "score", "root", "joints", "rotations", "shape"]
    assert table.column_names == expected + ["vertices"] * vertices
    for field in table.schema:
        shape = tuple(json.loads(field.metadata.get(b"shape", b"[]")))
        column = np.array(table[field.name].to_pylist()).reshape(-1, *shape)
        array = values[{"root": "translation"}.get(field.name, field.name)]
        assert np.array_equal(column.astype(array.dtype), array), field.name
    assert table.schema.field("joints").metadata[b"unit"] == b"m"
    assert json.loads(table.schema.metadata[b"joint_names"]) == ["a", "b", "c"]
    assert table.schema.metadata[b"frames"] == str(ROWS).encode()


def test_write_columns_no_people_and_no_rig(tmp_path: Path) -> None:
    arrays(tmp_path / "a.npz", 0, rig=False)
    assert write_columns(tmp_path / "a.npz", tmp_path / "a.parquet") == 0
    assert parquet.read_table(tmp_path / "a.parquet").column_names == ["frame", "t_s", "id", "score", "root", "joints"]


def test_write_columns_full_disk_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object, **rest: object) -> None:
        raise OSError(28, "No space left on device")

    arrays(tmp_path / "a.npz")
    monkeypatch.setattr(parquet.ParquetWriter, "write_table", full)
    with pytest.raises(OutputError, match=r"a\.parquet: cannot be written: No space left on device"):
        write_columns(tmp_path / "a.npz", tmp_path / "a.parquet")
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]
