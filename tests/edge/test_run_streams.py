"""Runs of several sources: shared engines, one failing or silent stream, names and cameras."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edge.errors import EXIT_INPUT, EXIT_PARTIAL, EXIT_WHOLE
from edge.monitoring.progress import Progress
from edge.pipeline import Pipeline
from edge.types import Bodies, TrackedFrame
from engines.errors import ModelError
from tests.support.commands import Command, load, report
from tests.support.interrupts import interrupt_at
from tests.support.paths import MEDIA


def test_run_two_sources_share_engines_and_address(meshcast: Command, person_clip: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
    said = meshcast(
        *("run", person_clip, person_clip, "synthetic:?frames=5", "--publish", address),
        *("--save", tmp_path / "{stream}.npz", "--summary", tmp_path / "s.json"),
    )
    assert (said.code, said.errors) == (EXIT_WHOLE, [])
    summary = report(tmp_path / "s.json")
    assert list(summary["streams"]) == ["person-1", "person-2", "synthetic"]
    assert [stream["frames"] for stream in summary["streams"].values()] == [12, 12, 5]
    assert {path.name for path in tmp_path.iterdir()} == {"person-1.npz", "person-2.npz", "synthetic.npz", "s.json"}
    first, second = (load(tmp_path / f"person-{number}.npz") for number in (1, 2))
    np.testing.assert_array_equal(first["id"], second["id"])
    np.testing.assert_allclose(first["joints"], second["joints"], atol=0.1)
    calls = summary["engines_ms"]["detector engine"]["count"]
    # Requests at the same time share a call; each stream has a warm-up.
    assert calls <= sum(stream["stages_ms"]["detect"]["count"] for stream in summary["streams"].values()) + 3
    assert "person-2:\n12 frames" in said.out


def test_run_source_failure_keeps_other_streams(meshcast: Command, person_clip: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(person_clip.read_bytes()[: person_clip.stat().st_size * 2 // 3])
    letter = tmp_path / "letter.mp4"
    letter.write_text("This is a letter.\n" * 100)
    said = meshcast("run", person_clip, broken, "--summary", tmp_path / "s.json")
    assert said.code == EXIT_PARTIAL
    streams = report(tmp_path / "s.json")["streams"]
    assert streams["person"]["frames"] == 12
    assert 1 <= streams["broken"]["frames"] < 12
    assert streams["person"]["problems"] == []
    assert len(streams["broken"]["problems"]) == 1
    assert meshcast("run", person_clip, letter).code == EXIT_INPUT  # a wrong name is said at once, as for one source


@pytest.mark.parametrize("error", [ModelError("the engine is gone"), ZeroDivisionError("division by zero")])
def test_run_persistent_stage_errors_end_one_stream_only(
    error: Exception, meshcast: Command, person_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recover_meshes = Pipeline.recover_meshes

    def failing(self: Pipeline, seen: TrackedFrame) -> Bodies:
        if seen.frame.stream == "b" and seen.frame.index >= 4:
            raise error
        return recover_meshes(self, seen)

    monkeypatch.setattr(Pipeline, "recover_meshes", failing)
    names = ("--stream", "a", "--stream", "b", "--save", tmp_path / "{stream}.npz", "--summary", tmp_path / "s.json")
    said = meshcast("run", person_clip, person_clip, *names, "--loop", "--max-frames", "40")
    assert said.code == EXIT_PARTIAL
    streams = report(tmp_path / "s.json")["streams"]
    assert (streams["a"]["frames"], streams["b"]["frames"]) == (40, 4)
    assert len(streams["a"]["problems"]) == 0
    assert all(problem.startswith("b: ") and str(error) in problem for problem in streams["b"]["problems"])
    assert load(tmp_path / "a.npz")["frames"].item() == 40
    assert load(tmp_path / "b.npz")["frames"].item() == 4  # what was made is kept


def test_run_stage_that_always_fails_is_one_line(
    meshcast: Command, person_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(self: Pipeline, seen: TrackedFrame) -> Bodies:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(Pipeline, "recover_meshes", failing)
    said = meshcast("run", person_clip, "--save", tmp_path / "a.npz")
    assert said.code == EXIT_INPUT
    assert len(said.errors) == 1
    assert "ZeroDivisionError: division by zero; this is a bug of Meshcast" in said.errors[0]
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a camera that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"tcp://127.0.0.1:{listener.getsockname()[1]}"


def test_run_silent_camera_is_named(
    silent: str, meshcast: Command, person_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt_at(monkeypatch, 2)
    words = ("--stream", "dead", "--stream", "well", "--summary", tmp_path / "s.json")
    said = meshcast("run", silent, person_clip, "--loop", *words)
    assert said.code == EXIT_PARTIAL
    assert said.errors[0] == "meshcast: dead: no frame arrived"
    streams = report(tmp_path / "s.json")["streams"]
    assert streams["dead"]["problems"] == ["dead: no frame arrived"]
    assert streams["well"]["problems"] == []


def test_run_single_silent_camera_exits_with_input_error(
    silent: str, meshcast: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refresh = Progress.refresh
    interrupted: list[int] = []

    def interrupting(self: Progress) -> None:
        if not interrupted:
            interrupted.append(1)
            os.kill(os.getpid(), signal.SIGINT)
        refresh(self)

    monkeypatch.setattr(Progress, "refresh", interrupting)
    said = meshcast("run", silent, "--stream", "dead", "--save", tmp_path / "a.npz")
    assert said.code == EXIT_INPUT
    assert said.errors == ["meshcast: dead: no frame arrived"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--save", "a.npz"], "several sources need a path for each, for example {stream}.npz"),
        (["--stream", "left"], "2 sources and 1 names"),
        (["--stream", "left", "--stream", "left"], "two streams cannot both be called left"),
        (["--camera", str(MEDIA / "balance_cam01.toml")] * 3, "2 sources and 3 of --camera"),
    ],
)
def test_run_names_and_cameras_of_several_sources(
    words: list[str], reason: str, meshcast: Command, person_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = meshcast("run", person_clip, person_clip, *words)
    assert said.code == EXIT_INPUT
    assert len(said.errors) == 1
    assert reason in said.errors[0]
    assert list(tmp_path.iterdir()) == []
