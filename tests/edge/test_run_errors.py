"""Runs with unusable models, cameras, outputs or addresses: one error line, exit code 1, no partial file."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

import pytest

import edge
import edge.models
import edge.run
from edge.errors import EXIT_INPUT, EXIT_PARTIAL, EXIT_USAGE, EXIT_WHOLE, OutputError
from edge.sinks.output_file import OutputFile
from engines.cards.card import ZOO
from tests.support.commands import Command
from tests.support.paths import MEDIA


def test_run_missing_file_is_an_error(meshcast: Command, tmp_path: Path) -> None:
    said = meshcast("run", tmp_path / "no.mp4", "--save", tmp_path / "a.npz", "--summary", tmp_path / "s.json")
    assert said.code == EXIT_INPUT
    assert len(said.errors) == 1
    assert "no.mp4: no such file or folder" in said.errors[0]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"This is a letter.\n" * 100])
def test_run_file_without_video_is_an_error(content: bytes, meshcast: Command, tmp_path: Path) -> None:
    letter = tmp_path / "letter.mp4"
    letter.write_bytes(content)
    said = meshcast("run", letter, "--save", tmp_path / "a.npz", "--overlay", tmp_path / "o.mp4")
    assert said.code == EXIT_INPUT
    assert len(said.err.splitlines()) == 1
    assert "letter.mp4" in said.err
    assert list(tmp_path.iterdir()) == [letter]


def test_run_folder_without_images_is_an_error(meshcast: Command, tmp_path: Path) -> None:
    said = meshcast("run", tmp_path)
    assert said.code == EXIT_INPUT
    assert "no readable image" in said.errors[0]


def copied_card(name: str, folder: Path) -> Path:
    """A model of the zoo in a folder of its own, which a test may damage."""
    text = (ZOO / f"{name}.toml").read_text()
    for path in ZOO.iterdir():
        if path.is_file() and (path.name.startswith(name) or path.name in text):
            shutil.copy(path, folder / path.name)
            (folder / path.name).chmod(0o644)
    return folder / f"{name}.toml"


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    for place in range(len(data) // 2, len(data) // 2 + 64):
        data[place] ^= 0xFF
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("task", "name", "damaged"),
    [
        ("detector", "nanodet_g", ".onnx"),
        ("pose", "movenet_thunder", ".onnx"),
        ("mesh", "pose2mesh_open", ".onnx"),
        ("mesh", "pose2mesh_open", ".npz"),
        ("pose", "movenet_thunder", ".toml"),
    ],
)
def test_run_damaged_model_is_an_error(
    task: str, name: str, damaged: str, meshcast: Command, blank_clip: Path, tmp_path: Path
) -> None:
    folder, out = tmp_path / "models", tmp_path / "out"
    folder.mkdir()
    out.mkdir()
    card = copied_card(name, folder)
    assert meshcast("run", blank_clip, f"--{task}", card, "--max-frames", "1").code == EXIT_WHOLE
    card = copied_card(name, Path(shutil.move(folder, tmp_path / "damaged")))
    for path in card.parent.glob(f"*{damaged}"):
        flip(path)
    said = meshcast("run", blank_clip, f"--{task}", card, "--save", out / "a.npz", "--summary", out / "s.json")
    assert said.code == EXIT_INPUT
    assert len(said.err.splitlines()) == 1
    assert str(card.parent) in said.err
    assert list(out.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "cannot be read"),
        ("width = = 3", "not a TOML file"),
        ("width = 160\nheight = 120\n", "'K' is missing|'fx' is missing"),
        ("width = 160\nheight = 120\nfx = -1\nfy = 1\ncx = 1\ncy = 1\n", "K must be"),
    ],
)
def test_run_unusable_camera_file_is_an_error(
    text: str | None, says: str, meshcast: Command, blank_clip: Path, tmp_path: Path
) -> None:
    camera, out = tmp_path / "camera.toml", tmp_path / "out"
    out.mkdir()
    if text is not None:
        camera.write_text(text)
    said = meshcast("run", blank_clip, "--camera", camera, "--save", out / "a.npz")
    assert said.code == EXIT_INPUT
    assert len(said.err.splitlines()) == 1
    assert any(part in said.err for part in says.split("|"))
    assert list(out.iterdir()) == []


def test_run_camera_of_other_image_size_is_an_error(meshcast: Command, blank_clip: Path, tmp_path: Path) -> None:
    said = meshcast("run", blank_clip, "--camera", MEDIA / "balance_cam01.toml", "--save", tmp_path / "a.npz")
    assert said.code == EXIT_INPUT
    assert len(said.errors) == 1
    assert "1080 x 1920" in said.err
    assert "160 x 120" in said.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("degrees", ["0", "180", "-60", "nan", "inf"])
def test_run_invalid_field_of_view_is_an_error(degrees: str, meshcast: Command, blank_clip: Path) -> None:
    said = meshcast("run", blank_clip, f"--fov={degrees}")
    assert said.code == EXIT_INPUT
    assert "is not between 0 and 180 degrees" in said.errors[0]
    assert len(said.err.splitlines()) == 1


@pytest.mark.parametrize("option", ["--save", "--overlay", "--summary"])
@pytest.mark.parametrize("place", ["missing/a", "file/a", "folder"])
def test_run_unwritable_output_is_an_error(
    option: str, place: str, meshcast: Command, blank_clip: Path, tmp_path: Path
) -> None:
    suffix = {"--save": ".npz", "--overlay": ".mp4", "--summary": ".json"}[option]
    (tmp_path / "file").write_text("in the way")
    (tmp_path / f"folder{suffix}").mkdir()
    before = sorted(tmp_path.rglob("*"))
    others = {"--save": tmp_path / "b.npz", "--overlay": tmp_path / "b.mp4", "--summary": tmp_path / "b.json"}
    words = [word for pair in {**others, option: tmp_path / f"{place}{suffix}"}.items() for word in pair]
    said = meshcast("run", blank_clip, *words)
    assert said.code == EXIT_INPUT
    assert len(said.err.splitlines()) == 1
    assert f"{place}{suffix}: " in said.err
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(("option", "name"), [("--save", "a.npy"), ("--overlay", "o.gif")])
def test_run_unknown_output_suffix_is_an_error(
    option: str, name: str, meshcast: Command, blank_clip: Path, tmp_path: Path
) -> None:
    said = meshcast("run", blank_clip, option, tmp_path / name, "--summary", tmp_path / "s.json")
    assert said.code == EXIT_INPUT
    assert name in said.errors[0]
    assert list(tmp_path.iterdir()) == []


def test_run_occupied_port_is_an_error(meshcast: Command, blank_clip: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
        said = meshcast("run", blank_clip, "--publish", address, "--save", tmp_path / "a.npz")
    assert said.code == EXIT_INPUT
    assert len(said.err.splitlines()) == 1
    assert address in said.err
    assert list(tmp_path.iterdir()) == []


def test_run_unwritable_summary_is_one_line(
    meshcast: Command, blank_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: OutputFile, content: bytes) -> None:
        self.discard()
        raise OutputError(f"{self.path}: cannot be written: No space left on device")

    monkeypatch.setattr(OutputFile, "write", full)
    said = meshcast("run", blank_clip, "--save", tmp_path / "a.npz", "--summary", tmp_path / "s.json")
    assert said.code == EXIT_PARTIAL
    assert said.errors[0] == f"meshcast: {tmp_path / 's.json'}: cannot be written: No space left on device"
    assert {path.name for path in tmp_path.iterdir()} == {"a.npz"}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--save", "a.npz", "--overlay", "clip.mp4"], "clip.mp4: is an input of this run"),
        (["--overlay", "./link.mp4"], "link.mp4: is an input of this run"),
        (["--summary", "camera.toml", "--camera", "camera.toml"], "camera.toml: is an input of this run"),
        (["--summary", "a.json", "--trace", "./a.json"], "a.json: two outputs have this path"),
        (["--save", "folder.npz"], "folder.npz: not a regular file"),
        (["--save", "pipe.npz"], "pipe.npz: not a regular file"),
        (["--summary", "/dev/null"], "/dev/null: not a regular file"),
        (["--summary", "readonly.json"], "readonly.json: the file exists and is read-only"),
        (["--overlay", "a.mp4", "--overlay-encoder", "gif"], "encoder gif does not work here"),
    ],
)
def test_run_conflicting_outputs_fail_before_models_load(
    words: list[str], says: str, meshcast: Command, blank_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(blank_clip, "clip.mp4")
    shutil.copy(MEDIA / "balance_cam01.toml", "camera.toml")
    Path("link.mp4").symlink_to("clip.mp4")
    Path("folder.npz").mkdir()
    os.mkfifo("pipe.npz")
    Path("readonly.json").write_text("{}")
    Path("readonly.json").chmod(0o444)
    before = sorted(tmp_path.iterdir())
    monkeypatch.setattr(edge.run, "LoadedModels", None)  # raises when it is called
    said = meshcast("run", "clip.mp4", *words)
    assert said.code == EXIT_INPUT
    assert len(said.err.splitlines()) == 1
    assert says in said.err
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("name", ["../escaped", "..", ".", "a/b", "", "a b", "x" * 31, "\u0430", "a\n"])
def test_run_invalid_stream_name_is_an_error(name: str, meshcast: Command, blank_clip: Path, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    said = meshcast("run", blank_clip, "--stream", name, "--save", folder / "{stream}.npz")
    assert said.code == EXIT_USAGE
    assert "the stream's name" in said.errors[0]
    assert len(said.err.splitlines()) == 1
    assert list(tmp_path.rglob("*")) == [folder]
