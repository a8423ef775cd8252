"""`meshcast batch` as a command."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from edge.batch.manifest import NAME
from edge.batch.processing import FORMATS
from edge.cli import batch
from edge.errors import EXIT_INPUT, EXIT_PARTIAL, EXIT_USAGE, EXIT_WHOLE
from tests.support.commands import Command, report
from tests.support.paths import MEDIA

CLIPS = "tpose_cam01", "tpose_cam03"
FRAMES = 4


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    folder = tmp_path / "videos"
    folder.mkdir()
    for name in CLIPS:
        shutil.copy(MEDIA / f"{name}.mp4", folder)
    return folder


def test_batch_two_workers_write_what_one_run_writes(meshcast: Command, videos: Path, tmp_path: Path) -> None:
    (videos / "text.mp4").write_text("no video")
    out = tmp_path / "out"
    options = ("--format", "npz,mcap,parquet", "--max-frames", str(FRAMES))
    words = ("batch", videos, videos / "gone.mp4", "--out", out, *options)
    said = meshcast(*words, "--workers", "2")
    assert said.code == EXIT_PARTIAL
    assert said.errors == [
        f"meshcast: {videos / 'gone.mp4'}: cannot be read: No such file or directory",
        f"meshcast: text: failed: {videos / 'text.mp4'}: no readable video; check that it is a complete video",
    ]
    assert said.out.splitlines()[0].startswith(f"2 of 3 videos done; {2 * FRAMES} frames in ")
    assert {path.name for path in out.iterdir()} == {
        NAME,
        *(f"{name}.{form}" for name in CLIPS for form in (*FORMATS, "json")),
    }
    for name in CLIPS:
        alone = tmp_path / f"{name}.npz"
        run = meshcast("run", videos / f"{name}.mp4", "--save", alone, "--max-frames", str(FRAMES), "--quiet")
        assert run.code == EXIT_WHOLE
        assert (out / f"{name}.npz").read_bytes() == alone.read_bytes()
        assert report(out / f"{name}.json")["frames"] == FRAMES
    assert meshcast("export", out / f"{CLIPS[0]}.mcap", tmp_path / "people.glb").code == EXIT_WHOLE
    cut, name = tmp_path / "cut", CLIPS[0]
    said = meshcast("batch", videos / f"{name}.mp4", "--out", cut, *options, "--split", "0.0005", "--workers", "2")
    assert (said.code, said.errors) == (EXIT_WHOLE, [])
    assert json.loads((cut / NAME).read_text().splitlines()[1])["details"]["parts"] == 2
    # The warm-up of the second part begins with the video, so that nothing may differ.
    assert (cut / f"{name}.npz").read_bytes() == (out / f"{name}.npz").read_bytes()
    tables = [pq.read_table(folder / f"{name}.parquet").drop(["session", "t_capture_unix_ns"]) for folder in (cut, out)]
    assert tables[0].equals(tables[1])
    summary = report(cut / f"{name}.json")
    assert [summary[key] for key in ("frames", "ids", "problems")] == [
        report(out / f"{name}.json")[key] for key in ("frames", "ids", "problems")
    ]
    assert sum(part["frames"] for part in summary["parts"]) == FRAMES + 2  # and those of the warm-up
    head, *records = map(json.loads, (out / NAME).read_text().splitlines())
    assert head["settings"]["models"]["mesh"]["name"] == "pose2mesh_open"
    assert [(record["name"], record["state"]) for record in records] == [
        ("text", "failed"),
        *((name, "done") for name in CLIPS),
    ]
    assert records[1]["details"]["models"]["detector"]["device"] == "cpu"

    (videos / "text.mp4").unlink()
    again = meshcast(*(word for word in words if word != videos / "gone.mp4"))  # all are there: no worker starts
    assert (again.code, again.errors) == (EXIT_WHOLE, [])
    assert again.out.startswith("2 of 2 videos done, 2 of them before; 0 frames in ")
    other = meshcast(*words, "--second-pose", "none")
    assert other.code == EXIT_INPUT
    assert "has results of other settings (models.second_pose.name: efficientpose_i, now None)" in other.err


def test_batch_formats_are_those_of_the_package() -> None:
    assert batch.FORMATS == FORMATS


@pytest.mark.parametrize(
    ("words", "code", "problem"),
    [
        (["--format", "fbx"], EXIT_USAGE, "--format: 'fbx' is not a format; choose from mcap, npz, parquet"),
        (["--record-levels", "all"], EXIT_USAGE, "unknown level 'all' to record"),
        (["--mesh", "no_such"], EXIT_USAGE, "no_such"),
        (["--camera", "a.toml", "--camera", "b.toml"], EXIT_USAGE, "--camera: one for all videos"),
        (["--camera", "no_such.toml"], EXIT_INPUT, "no_such.toml: cannot be read"),
        (["--workers", "0"], EXIT_USAGE, "'0' is not a whole number from 1 up"),
    ],
)
def test_batch_wrong_option_is_an_error_before_the_start(
    meshcast: Command, videos: Path, tmp_path: Path, words: list[str], code: int, problem: str
) -> None:
    said = meshcast("batch", videos, "--out", tmp_path / "out", *words)
    assert said.code == code
    assert problem in said.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("place", ["az://container/out", "https://user:secret@host/out"])
def test_batch_out_of_another_scheme_is_an_error(
    meshcast: Command, videos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.chdir(tmp_path)
    said = meshcast("batch", videos, "--out", place)
    assert said.code == EXIT_USAGE
    assert "not a folder or a prefix of s3:// or gs://" in said.err
    assert "secret" not in said.err
    assert [path.name for path in tmp_path.iterdir()] == [videos.name]


def test_batch_without_a_video_is_an_error(meshcast: Command, tmp_path: Path) -> None:
    said = meshcast("batch", tmp_path, "--out", tmp_path / "out")
    assert said.code == EXIT_INPUT
    assert said.errors == [f"meshcast: {tmp_path}: no video in this folder"]
    assert "meshcast batch: no video to process" in said.err


def test_batch_same_name_twice_is_an_error(meshcast: Command, videos: Path, tmp_path: Path) -> None:
    shutil.copy(videos / "tpose_cam01.mp4", videos / "tpose_cam01.mkv")
    said = meshcast("batch", videos, "--out", tmp_path / "out")
    assert said.code == EXIT_INPUT
    assert "tpose_cam01: the outputs of " in said.err
    assert not (tmp_path / "out").exists()
