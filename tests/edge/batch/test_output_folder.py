"""The output folder is locked, and its files are compared with the manifest."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edge.batch.manifest import Record
from edge.batch.output_folder import WORK, OutputFolder, opened_folder
from edge.batch.task_files import OUTPUT, hashed
from edge.errors import OutputError


def published(folder: OutputFolder, content: str = "content") -> Record:
    task = folder.task_folder()
    (task / f"{OUTPUT}.npz").write_text(content)
    files = (hashed(task, ".npz"),)
    folder.publish(task, "day/a", files)
    return Record("day/a", "done", "/v/a.mp4", 1, 2, files)


def test_opened_folder_is_made_and_cleared(tmp_path: Path) -> None:
    place = tmp_path / "new" / "out"
    (place / WORK / "left").mkdir(parents=True)  # by a batch that was killed
    with opened_folder(place) as folder:
        assert list((place / WORK).iterdir()) == []
        published(folder)
        (folder.task_folder() / "half").touch()
    assert [path.relative_to(place).as_posix() for path in place.rglob("*")] == ["day", "day/a.npz"]


def test_opened_folder_in_use_raises_and_leaves_it_alone(tmp_path: Path) -> None:
    with opened_folder(tmp_path) as folder:
        task = folder.task_folder()
        with pytest.raises(OutputError, match="another batch is writing here"), opened_folder(tmp_path):
            pass
        assert task.is_dir()
    with opened_folder(tmp_path):
        pass


def test_opened_folder_that_is_a_file_raises(tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    with pytest.raises(OutputError, match=r"out: cannot be written: "), opened_folder(tmp_path / "out"):
        pass


def test_output_folder_intact_compares_size_time_and_hash(tmp_path: Path) -> None:
    with opened_folder(tmp_path) as folder:
        record = published(folder)
        path = folder.output("day/a", ".npz")
        assert folder.intact(record, (".npz",))
        assert not folder.intact(record, (".npz", ".json"))
        os.utime(path, ns=(1, 1))  # copied
        assert folder.intact(record, (".npz",))
        path.write_text("cOntent")
        assert not folder.intact(record, (".npz",))
        path.write_text("longer content")
        assert not folder.intact(record, (".npz",))
        path.unlink()
        assert not folder.intact(record, (".npz",))


def test_output_folder_remove_others_keeps_what_is_written_again(tmp_path: Path) -> None:
    with opened_folder(tmp_path) as folder:
        record = published(folder)
        folder.remove_others(record, (".npz",))
        assert folder.output("day/a", ".npz").exists()
        folder.remove_others(record, (".mcap",))
        assert not folder.output("day/a", ".npz").exists()
