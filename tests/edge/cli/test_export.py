"""`meshcast export` as a command."""

from __future__ import annotations

from pathlib import Path

import pytest

from calibration.world import WorldPose
from edge.cli.export import SCENES
from edge.cli.main import main
from edge.recording.export.usd import SUFFIXES
from tests.support.exports import COMING_AND_GOING, Bvh, Glb, record


def export(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, str]:
    code = main(["export", *map(str, words)])
    return code, capsys.readouterr().err


def test_export_command_writes_each_format(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record(tmp_path / "a.mcap", COMING_AND_GOING)
    assert export(capsys, tmp_path / "a.mcap", tmp_path / "a.glb") == (0, "")
    assert len(Glb((tmp_path / "a.glb").read_bytes()).tree["skins"]) == 2
    assert export(capsys, tmp_path / "a.mcap", tmp_path / "one.glb", "--person", "1") == (0, "")
    assert len(Glb((tmp_path / "one.glb").read_bytes()).tree["skins"]) == 1
    assert export(capsys, tmp_path / "a.mcap", tmp_path / "a.usda") == (0, "")
    assert (tmp_path / "a.usda").read_text().count("def SkelRoot") == 2
    assert export(capsys, tmp_path / "a.mcap", tmp_path / "a.bvh", "--person", "1") == (0, "")
    assert len(Bvh((tmp_path / "a.bvh").read_text()).rows) == 7


def test_export_command_person_field_writes_a_file_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record(tmp_path / "a.mcap", COMING_AND_GOING)
    assert export(capsys, tmp_path / "a.mcap", tmp_path / "a-{person}.bvh") == (0, "")
    assert {path.name for path in tmp_path.iterdir()} == {"a.mcap", "a-0.bvh", "a-1.bvh"}
    assert len(Bvh((tmp_path / "a-1.bvh").read_text()).rows) == 7


def test_export_command_suffixes_are_those_of_the_writer() -> None:
    assert (".glb", *SUFFIXES) == SCENES


def test_export_command_camera_levels_the_scene(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record(tmp_path / "a.mcap", COMING_AND_GOING)
    lens = "width = 64\nheight = 48\nfx = 60\nfy = 60\ncx = 32\ncy = 24\n"
    (tmp_path / "camera.toml").write_text(f"{lens}camera_height = 2.5\ntilt = 20\n")
    assert main(["export", str(tmp_path / "a.mcap"), str(tmp_path / "a.glb")]) == 0
    assert "the camera's pose is unknown: axes are those of the camera" in capsys.readouterr().out
    words = [str(tmp_path / name) for name in ("a.mcap", "b.glb")]
    assert main(["export", *words, "--camera", str(tmp_path / "camera.toml")]) == 0
    assert "pose is unknown" not in capsys.readouterr().out
    plain, level = (Glb((tmp_path / name).read_bytes()) for name in ("a.glb", "b.glb"))
    height = level.skinned("person 0 mesh", 0)[:, 1]
    floor = WorldPose.of_height(2.5, 20).floor
    assert height == pytest.approx(floor.heights(plain.skinned("person 0 mesh", 0) * [1, -1, -1]), abs=1e-4)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["a.mcap", "x.fbx"], 1, "unknown file type; use .glb, .usd, .usda, .usdc, .bvh, .npz, .mcap or .parquet"),
        (
            ["a.mcap", "x.bvh"],
            2,
            "choose one with --person, or write x-{person}.bvh for all: 0 (7 frames), 1 (6 frames)",
        ),
        (["a.mcap", "x-{person}.glb"], 2, "this format holds all people; remove {person}"),
        (["a.mcap", "x.npz", "--person", "1"], 1, "small has 6 joints; .npz files hold bodies with 24, 52 or 55"),
        (["a.mcap", "x.glb", "--camera", "camera.toml"], 1, "has no pose of the camera; add camera_height and tilt"),
        (["a.mcap", "x.glb", "--person", "9"], 2, "no person '9' in stream cam0; choose from 0 (7 frames), 1"),
        (["a.mcap", "x.glb", "--stream", "yard"], 2, "no stream 'yard'; choose from cam0"),
        (["a.mcap", "x.glb", "--stream", "cam1"], 2, "no stream 'cam1' (did you mean cam0?); choose from cam0"),
        (["two.mcap", "x.glb"], 1, "several streams; choose one with --stream: cam0, cam1"),
        (["joints.mcap", "x.glb"], 1, "no params or mesh messages of cam0; record it with --levels params"),
        (["empty.mcap", "x.glb"], 1, "no person in stream cam0"),
        (["foreign.mcap", "x.glb"], 1, "not a recording; use an .mcap file of meshcast record"),
        (["none.mcap", "x.glb"], 1, "cannot be read: No such file"),
        (["a.mcap", "nowhere/x.glb"], 1, "does not exist"),
    ],
)
def test_export_command_unusable_input_is_one_line_without_file(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    code: int,
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    record(Path("a.mcap"), COMING_AND_GOING)
    record(Path("two.mcap"), [[0], [0]], streams=("cam0", "cam1"))
    record(Path("joints.mcap"), [[0]], level="joints")
    record(Path("empty.mcap"), [[], []])
    Path("camera.toml").write_text("width = 64\nheight = 48\nfx = 60\nfy = 60\ncx = 32\ncy = 24\n")
    Path("foreign.mcap").write_bytes(b"PK\3\4 something else")
    before = set(tmp_path.iterdir())
    found, text = export(capsys, *words)
    assert found == code
    assert said in text
    assert len(text.splitlines()) == 1
    assert set(tmp_path.iterdir()) == before
