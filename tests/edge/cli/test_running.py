"""Which runs use a configuration file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edge.cli import running
from edge.cli.running import announced, processes_with


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(running, "_folder", lambda: tmp_path / "runs")
    return tmp_path / "runs"


def test_processes_with_file_are_those_that_announce_it(folder: Path, tmp_path: Path) -> None:
    config = tmp_path / "meshcast.toml"
    assert processes_with(config) == []
    with announced(config):
        assert processes_with(config) == [os.getpid()]
        assert processes_with(tmp_path / "other.toml") == []
    assert processes_with(config) == []
    assert list(folder.iterdir()) == []


def test_processes_with_file_leave_out_the_dead(folder: Path, tmp_path: Path) -> None:
    folder.mkdir()
    (folder / "123").write_text(os.path.realpath(tmp_path / "meshcast.toml"))
    assert processes_with(tmp_path / "meshcast.toml") == []
    assert list(folder.iterdir()) == []


def test_announced_without_a_writable_folder_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(running, "_folder", lambda: tmp_path / "file" / "runs")
    with announced(tmp_path / "meshcast.toml"):
        assert processes_with(tmp_path / "meshcast.toml") == []
    with announced(None):
        pass
