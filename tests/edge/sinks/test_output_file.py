"""Output files are complete or not there."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from edge.errors import OutputError
from edge.sinks.npz import NpzWriter
from edge.sinks.output_file import OutputFile
from edge.sinks.overlay import OverlayWriter
from tests.support.sink_data import CAMERA, body_model, make_bodies, make_frame


@pytest.mark.parametrize(
    "make",
    [
        lambda p: OverlayWriter(p / "a.mp4", 30),
        lambda p: OverlayWriter(p / "a.png", 30),
        lambda p: NpzWriter(p / "a.npz", body_model()),
    ],
)
def test_sinks_missing_folder_raises(tmp_path: Path, make):
    with pytest.raises(OutputError, match="does not exist"):
        make(tmp_path / "nowhere")
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(OutputError, match="cannot be written"):
        make(tmp_path / "file")


def test_output_file_folder_or_device_raises(tmp_path: Path):
    (tmp_path / "a.png").mkdir()
    with pytest.raises(OutputError, match="regular file"):
        OutputFile(tmp_path / "a.png")
    with pytest.raises(OutputError, match="regular file"):
        OutputFile("/dev/null")


def test_output_file_existing_file_is_kept_until_commit(tmp_path: Path):
    target = tmp_path / "a.json"
    target.write_text("old")
    new = OutputFile(target)
    assert target.read_text() == "old"
    new.write(b"new")
    assert target.read_text() == "new"
    OutputFile(target).discard()
    assert target.read_text() == "new"
    assert list(tmp_path.iterdir()) == [target]


def test_output_file_link_is_kept(tmp_path: Path):
    (tmp_path / "real.json").write_text("old")
    (tmp_path / "link.json").symlink_to("real.json")
    OutputFile(tmp_path / "link.json").write(b"new")
    assert (tmp_path / "link.json").is_symlink()
    assert (tmp_path / "real.json").read_text() == "new"


@pytest.mark.parametrize("name", ["a.npz", "a.mp4", "a.png"])
def test_sinks_removed_folder_raises_one_line(tmp_path: Path, name: str):
    folder = tmp_path / "out"
    folder.mkdir()
    sink = NpzWriter(folder / name, body_model()) if name == "a.npz" else OverlayWriter(folder / name, 30)
    if isinstance(sink, NpzWriter):
        sink.add(make_frame(), make_bodies([1]), CAMERA)
    else:
        sink.write(make_frame(), make_frame().image)
    shutil.rmtree(folder)
    with pytest.raises(OutputError, match=rf"{name}: cannot be written: No such file or directory$"):
        sink.close()
    assert list(tmp_path.iterdir()) == []


def test_output_file_occupied_path_is_recovered_under_another_name(tmp_path: Path):
    target = OutputFile(tmp_path / "a.json")
    (tmp_path / "a.json").mkdir()
    with pytest.raises(OutputError, match=r"a\.json: cannot be written: .*; it is kept as a-recovered-1\.json"):
        target.write(b"{}")
    assert (tmp_path / "a-recovered-1.json").read_bytes() == b"{}"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a-recovered-1.json", "a.json"]
