"""Runs that continue after failures: outputs of NaN, full disks, frames of another size."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import edge
import edge.models
import edge.run
from calibration.camera import Camera
from edge.errors import EXIT_PARTIAL, EXIT_WHOLE, OutputError
from edge.sinks.npz import NpzWriter
from edge.types import U8, Array, Bodies, Frame
from tests.support.clips import read_clip
from tests.support.commands import Command, load, report
from tests.support.paths import MEDIA


class Spoilt:
    """An engine whose outputs a function may change; it gets the number of earlier calls."""

    def __init__(self, session: Any, spoil: Callable[[int, tuple[Array, ...]], None]) -> None:
        self._session = session
        self._spoil = spoil
        self._calls = 0
        self.backend, self.device, self.precision = session.backend, session.device, session.precision

    def __call__(self, *inputs: Array) -> tuple[Array, ...]:
        outputs = tuple(output.copy() for output in self._session(*inputs))
        self._spoil(self._calls, outputs)
        self._calls += 1
        return outputs


def spoil(
    monkeypatch: pytest.MonkeyPatch,
    engines: Callable[..., Any],
    task: str,
    how: Callable[[int, tuple[Array, ...]], None],
) -> None:
    def opened(card: Any, **options: Any) -> Any:
        session = engines(card, **options)
        return Spoilt(session, how) if card.task == task else session

    monkeypatch.setattr(edge.models, "open_session", opened)


@pytest.mark.parametrize("task", ["pose", "mesh"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_run_drops_person_of_nan_only(
    task: str,
    value: float,
    meshcast: Command,
    engines: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = ("run", MEDIA / "pedestrians.mp4", "--max-frames", "6", "--smooth", "off", "--summary", tmp_path / "s.json")
    assert meshcast(*run, "--save", tmp_path / "clean.npz").code == EXIT_WHOLE
    clean = load(tmp_path / "clean.npz")
    assert report(tmp_path / "s.json")["stages_ms"]["pose"]["count"] == 6
    before = 1  # the first call is a trial on nothing

    def one_person(call: int, outputs: tuple[Array, ...]) -> None:
        if call - before in (2, 3):
            outputs[0][0, 3] = value

    spoil(monkeypatch, engines, task, one_person)
    said = meshcast(*run, "--save", tmp_path / "spoilt.npz")
    assert (said.code, said.errors) == (EXIT_WHOLE, [])
    spoilt = load(tmp_path / "spoilt.npz")
    assert report(tmp_path / "s.json")["dropped_people"] == 2
    for name in ("keypoints", "joints", "vertices", "translation"):
        assert np.isfinite(spoilt[name]).all()
    for index in range(6):
        seen, there = spoilt["id"][spoilt["frame"] == index], clean["id"][clean["frame"] == index]
        assert len(there) >= 3
        if index in (2, 3):  # the tracker may find the person in the crop of another one
            assert seen[seen != there[0]].tolist() == there[1:].tolist()
        else:
            assert seen.tolist() == there.tolist()


def test_run_ignores_boxes_of_nan(
    meshcast: Command,
    engines: Callable[..., Any],
    photo: U8,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def all_boxes(call: int, outputs: tuple[Array, ...]) -> None:
        for output in outputs:
            output[:] = np.nan

    cv2.imwrite(str(tmp_path / "a.png"), photo)
    spoil(monkeypatch, engines, "detector", all_boxes)
    said = meshcast("run", tmp_path / "a.png", "--save", tmp_path / "a.npz")
    assert (said.code, said.errors) == (EXIT_WHOLE, [])
    assert len(load(tmp_path / "a.npz")["frame"]) == 0


@pytest.mark.parametrize("value", [0.5, 1e12])
def test_run_keypoints_without_person_do_not_end_it(
    value: float,
    meshcast: Command,
    engines: Callable[..., Any],
    person_clip: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def all_on_one_spot(call: int, outputs: tuple[Array, ...]) -> None:
        outputs[0][..., :2] = value
        outputs[0][..., 2] = 0.9

    spoil(monkeypatch, engines, "pose", all_on_one_spot)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
    words = ("--save", tmp_path / "a.npz", "--overlay", tmp_path / "o.mp4", "--publish", address)
    said = meshcast("run", person_clip, "--max-frames", "3", *words)
    assert (said.code, said.errors) == (EXIT_WHOLE, [])
    assert np.isfinite(load(tmp_path / "a.npz")["vertices"]).all()


def test_run_full_disk_keeps_other_files(
    meshcast: Command, person_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    add = NpzWriter.add

    def full(self: NpzWriter, frame: Frame, bodies: Bodies, camera: Camera, posed: Any) -> None:
        if frame.index == 2:
            raise OutputError("a.npz: cannot be written: No space left on device")
        add(self, frame, bodies, camera, posed)

    monkeypatch.setattr(NpzWriter, "add", full)
    words = ("--overlay", tmp_path / "o.mp4", "--summary", tmp_path / "s.json")
    said = meshcast("run", person_clip, "--save", tmp_path / "a.npz", *words)
    assert said.code == EXIT_PARTIAL
    problem = "a.npz: cannot be written: No space left on device; the frames before are kept"
    assert caplog.messages == [problem]  # once, when it happens
    assert said.errors == [f"meshcast: {problem}", "meshcast: partial output was kept"]
    assert f"wrote {tmp_path / 'a.npz'}" in said.out
    assert load(tmp_path / "a.npz")["frames"].item() == 2
    assert len(read_clip(tmp_path / "o.mp4")) == 12
    assert report(tmp_path / "s.json")["problems"] == [problem]
    assert report(tmp_path / "s.json")["frames"] == 12


def test_run_ends_when_all_outputs_failed(
    meshcast: Command, person_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: Any) -> None:
        raise OutputError("a.npz: cannot be written: No space left on device")

    monkeypatch.setattr(NpzWriter, "add", full)
    words = ("--loop", "--save", tmp_path / "a.npz", "--summary", tmp_path / "s.json")
    assert meshcast("run", person_clip, *words).code == EXIT_PARTIAL
    assert report(tmp_path / "s.json")["frames"] == 1
    assert {path.name for path in tmp_path.iterdir()} == {"s.json"}


def test_run_file_size_limit_keeps_earlier_frames(person_clip: Path, tmp_path: Path) -> None:
    program = (
        "import resource, sys; from edge.cli.main import main;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000)); sys.exit(main(sys.argv[1:]))"
    )
    words = ("run", str(person_clip), "-q", "--save", "a.npz", "--summary", "s.json")
    done = subprocess.run([sys.executable, "-c", program, *words], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == EXIT_PARTIAL
    said = [line for line in done.stderr.splitlines() if "a.npz" in line]
    assert said == ["meshcast: a.npz: cannot be written: File too large; the frames before are kept"]
    assert {path.name for path in tmp_path.iterdir()} == {"a.npz", "s.json"}
    assert 1 <= load(tmp_path / "a.npz")["frames"].item() < 12


def test_run_frame_of_other_size_is_left_out(
    meshcast: Command, photo: U8, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder, camera = tmp_path / "photos", tmp_path / "camera.toml"
    folder.mkdir()
    for number in range(4):
        cv2.imwrite(str(folder / f"{number}.png"), photo if number != 2 else photo[:, 50:])
    camera.write_text("width = 405\nheight = 720\nfx = 700\nfy = 700\ncx = 202\ncy = 360\n")
    words = ("--camera", camera, "--save", tmp_path / "a.npz", "--summary", tmp_path / "s.json")
    said = meshcast("run", folder, *words)
    assert said.code == EXIT_PARTIAL
    assert said.errors[0].startswith("meshcast: photos: a frame was left out: frame 2: the camera file is for ")
    assert said.errors[1].startswith("meshcast: photos: 1 frame was left out; ")
    assert len(caplog.messages) == 1
    summary = report(tmp_path / "s.json")
    assert (summary["frames"], summary["drops"]["failed"], summary["dropped_frames"]) == (3, 1, 1)
    assert set(load(tmp_path / "a.npz")["frame"].tolist()) == {0, 1, 3}
