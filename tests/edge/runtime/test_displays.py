"""Displays of a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.errors import EXIT_INPUT, EXIT_USAGE, EXIT_WHOLE
from edge.runtime.displays import with_displays
from edge.runtime.outputs import StreamFiles
from edge.sinks.rerun_target import RerunConfig
from tests.support.commands import Command


def test_with_displays_streams_have_their_files_and_one_recording() -> None:
    files = [StreamFiles(rerun=RerunConfig(f"{name}.rrd")) for name in ("a", "b")]
    shown = [each.rerun for each in with_displays([*files, StreamFiles()])]
    assert shown[2] is None
    assert [config.target for config in shown[:2] if config] == ["a.rrd", "b.rrd"]
    assert len({config.recording for config in shown if config}) == 1


def test_run_rerun_file_of_each_stream(meshcast: Command, blank_clip: Path, tmp_path: Path) -> None:
    said = meshcast("run", blank_clip, blank_clip, "--rerun", tmp_path / "{stream}.rrd", "-q", "--max-frames", "3")
    assert (said.code, said.errors) == (EXIT_WHOLE, [])
    assert {path.name for path in tmp_path.iterdir()} == {"blank-1.rrd", "blank-2.rrd"}


@pytest.mark.parametrize(
    ("target", "code", "problem"),
    [
        ("nowhere/a.rrd", EXIT_INPUT, "the folder"),
        ("127.0.0.1:1", EXIT_INPUT, "no Rerun viewer listens there"),
        ("blank.mp4", EXIT_USAGE, "is none of OUT.rrd"),
    ],
)
def test_run_unusable_rerun_target_is_one_line(
    meshcast: Command, blank_clip: Path, target: str, code: int, problem: str
) -> None:
    said = meshcast("run", blank_clip, "--rerun", target)
    assert said.code == code
    assert problem in said.err
