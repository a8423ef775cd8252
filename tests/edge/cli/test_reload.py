"""Configuration files that are read again by a run."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from edge.cli import running
from edge.cli.config_merge import with_config
from edge.cli.reload import Reloader
from edge.cli.run import actions, options_parser, run_config
from edge.errors import EXIT_INPUT, EXIT_WHOLE, ConfigError
from edge.runtime.control import RunControl
from edge.runtime.schedule import Hours
from edge.stages.zones import Zone
from tests.support.commands import Command

TWO = '[[source]]\nuri = "a.mp4"\n{first}[[source]]\nuri = "b.mp4"\n'


class Control:
    """Notes what is applied."""

    streams = 2

    def __init__(self) -> None:
        self.applied: list[tuple[Any, ...]] = []

    def set_zones(self, index: int, zones: Sequence[Zone]) -> None:
        self.applied.append(("zones", index, len(zones)))

    def set_detect_every(self, frames: int) -> None:
        self.applied.append(("detect_every", frames))

    def set_image_fps(self, fps: float) -> None:
        self.applied.append(("image_fps", fps))

    def set_smoothing(self, smooth: str) -> None:
        self.applied.append(("smooth", smooth))

    def set_hours(self, output: str, hours: Hours | None) -> None:
        self.applied.append((output, hours and hours.text))


class Run:
    """A run with a configuration file."""

    def __init__(self, folder: Path, text: str, *options: str) -> None:
        self.path = folder / "meshcast.toml"
        self.path.write_text(text)
        command = options_parser().parse_args(list(options))
        command.config = self.path
        self.control = Control()
        self._reload = Reloader(command, with_config(command, actions()), actions(), run_config)

    def reload(self, text: str) -> None:
        self.path.write_text(text)
        self._reload(cast(RunControl, self.control))


def test_reload_applies_what_can_change_and_names_the_rest(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    run = Run(tmp_path, TWO.format(first=""))
    zones = "zones = [[[0, 0], [1, 0], [1, 1]]]\nfov = 50\n"
    run.reload(
        TWO.format(first=zones)
        + '[outputs]\nrerun_image_fps = 2\n[pipeline]\nsmooth = "strong"\ndetect_every = 4\n[models]\nthreads = 2\n'
    )
    assert run.control.applied == [("zones", 0, 1), ("detect_every", 4), ("smooth", "strong"), ("image_fps", 2.0)]
    assert caplog.messages == [
        "reload: source[1].zones: 1 zones; applied",
        "reload: source[1].fov: needs a restart; ignored",
        "reload: models.threads: needs a restart; ignored",
        "reload: pipeline.detect_every: 8 -> 4; applied",
        "reload: pipeline.smooth: light -> strong; applied",
        "reload: outputs.rerun_image_fps: 10.0 -> 2.0; applied",
    ]
    caplog.clear()
    run.reload(run.path.read_text())
    assert caplog.messages == ["reload: nothing has changed"]


def test_reload_removes_zones_of_all_sources(tmp_path: Path) -> None:
    run = Run(tmp_path, TWO.format(first="") + "[pipeline]\nzones = [[[0, 0], [1, 0], [1, 1]]]\n")
    run.reload(TWO.format(first=""))
    assert run.control.applied == [("zones", 0, 0), ("zones", 1, 0)]


def test_reload_options_of_the_command_line_still_win(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    run = Run(tmp_path, TWO.format(first=""), "--smooth", "off")
    run.reload(TWO.format(first="") + '[pipeline]\nsmooth = "strong"\n')
    assert run.control.applied == []
    assert caplog.messages == ["reload: nothing has changed"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (TWO.format(first="") + '[pipeline]\nsmoth = "off"\ndetect_every = 2\n', "did you mean smooth"),
        ("[[source", "meshcast.toml"),
        (TWO.format(first="tilt = 5\n") + "[pipeline]\ndetect_every = 2\n", "--tilt: needs the camera's height"),
    ],
)
def test_reload_of_a_broken_file_changes_nothing(tmp_path: Path, text: str, problem: str) -> None:
    run = Run(tmp_path, TWO.format(first=""))
    with pytest.raises(ConfigError, match=problem):
        run.reload(text)
    assert run.control.applied == []


def test_reload_other_sources_need_a_restart(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    run = Run(tmp_path, TWO.format(first=""))
    run.reload('[[source]]\nuri = "c.mp4"\nzones = [[[0, 0], [1, 0], [1, 1]]]\n')
    assert run.control.applied == []
    assert caplog.messages == ["reload: source: other sources need a restart; ignored, with the zones"]


def test_config_reload_signals_the_runs_with_the_file(
    meshcast: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "_folder", lambda: tmp_path / "runs")
    got: list[int] = []
    before = signal.signal(signal.SIGUSR1, lambda number, stack: got.append(number))
    path = tmp_path / "meshcast.toml"
    path.write_text('[[source]]\nuri = "0"\n')
    try:
        said = meshcast("config", "reload", path)
        assert (said.code, got) == (EXIT_INPUT, [])
        assert "no run of this user was started with this file" in said.err
        with running.announced(path):
            said = meshcast("config", "reload", path)
            assert (said.code, got) == (EXIT_WHOLE, [signal.SIGUSR1])
            assert said.out.startswith(f"told process {os.getpid()}")
            path.write_text('[[source]]\nuri = "0"\nfps = "x"\n')
            assert meshcast("config", "reload", path).code == EXIT_INPUT
        assert len(got) == 1
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_reload_applies_hours_of_outputs_that_can_begin_and_end(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    text = '[[source]]\nuri = "a.mp4"\n[publish]\naddress = "tcp://127.0.0.1:0"\n{publish}[outputs]\n'
    text += 'record = "a-{{date}}.mcap"\nsave = "a.npz"\n{files}'
    run = Run(tmp_path, text.format(publish="", files='record_hours = "07:00-08:00"\n'))
    hours = 'hours = "Mon 07:00-08:00"\n'
    run.reload(text.format(publish=hours, files='save_hours = "07:00-08:00"\n'))
    assert run.control.applied == [("record", None), ("publish", "Mon 07:00-08:00")]
    assert caplog.messages == [
        "reload: outputs.save_hours: needs a restart; ignored",
        "reload: outputs.record_hours: 07:00-08:00 -> None; applied",
        "reload: publish.hours: None -> Mon 07:00-08:00; applied",
    ]
