"""`meshcast export` of videos: processed and exported in one go."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest

from edge.errors import EXIT_INPUT, EXIT_USAGE, EXIT_WHOLE
from tests.support.commands import Command
from tests.support.exports import Glb, record


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary files."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_export_video_is_processed_and_exported(
    meshcast: Command, person_clip: Path, tmp_path: Path, scratch: Path
) -> None:
    said = meshcast("export", person_clip, tmp_path / "a.glb", "-q", "--camera-height", "1.2", "--max-frames", "4")
    assert (said.code, said.errors) == (EXIT_WHOLE, [])
    assert f"wrote {tmp_path / 'a.glb'}\nperson 0: 4 frames, 0.00 to " in said.out
    assert "distances assume a horizontal field of view of 60 degrees" in said.out
    file = Glb((tmp_path / "a.glb").read_bytes())
    assert any(node["name"] == "floor" for node in file.tree["nodes"])
    height = np.ptp(file.skinned("person 0 mesh", 0.1)[:, 1])
    assert 1.2 < height < 2.3
    assert not list(scratch.iterdir())


@pytest.mark.parametrize(
    ("words", "code", "problem"),
    [
        (("blank.mp4", "a.glb"), EXIT_INPUT, "blank.mp4: no person in stream blank"),
        (("none.mp4", "a.glb"), EXIT_INPUT, "none.mp4"),
        (("blank.mp4", "a.npz"), EXIT_USAGE, "a.npz: holds one person, and the source may show several; write a-{"),
        (("a.mcap", "a.glb", "--fov", "70"), EXIT_USAGE, "--fov: the camera of a recording is in it"),
        (("a.mcap", "a.glb", "--tilt", "5"), EXIT_USAGE, "--tilt: needs the camera's height above the floor too"),
    ],
)
def test_export_unusable_source_is_one_line_without_file(
    meshcast: Command,
    blank_clip: Path,
    tmp_path: Path,
    scratch: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    code: int,
    problem: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "blank.mp4").symlink_to(blank_clip)
    record(tmp_path / "a.mcap", [[0]])
    said = meshcast("export", *words, "-q")
    assert said.code == code
    assert problem in said.err
    assert len(said.err.splitlines()) == 1
    assert not (tmp_path / "a.glb").exists()
    assert not list(scratch.iterdir())


def test_export_recording_without_suffix_is_recognized(meshcast: Command, tmp_path: Path) -> None:
    record(tmp_path / "a.mcap", [[0], [0]])
    (tmp_path / "a.mcap").rename(tmp_path / "a")
    assert meshcast("export", tmp_path / "a", tmp_path / "a.glb").code == EXIT_WHOLE


@pytest.mark.parametrize("uri", ["rtsp://me:s3cret#@host/x", "rtps://me:s3cret@host/x", "me:s3cret@host/x"])
def test_export_invalid_address_redacts_password(meshcast: Command, tmp_path: Path, uri: str) -> None:
    said = meshcast("export", uri, tmp_path / "a.glb", "-q")
    assert said.code == EXIT_INPUT
    assert "s3cret" not in said.out + said.err
