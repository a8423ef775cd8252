"""Hours of outputs on the command line and in files."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import pytest

from edge.cli.hours import explained, schedules_from
from edge.cli.run import options_parser, run_config
from edge.errors import EXIT_INPUT, EXIT_USAGE, EXIT_WHOLE, UsageError
from tests.support.commands import Command

NOW = datetime(2026, 11, 30, 12)
FILE = """\
[[source]]
uri = "synthetic:"
[outputs]
record = "{stream}-{date}.mcap"
record_every = "1h"
record_quota = "20GB"
record_hours = "Mon-Fri 07:00-19:00"
[publish]
address = "tcp://127.0.0.1:0"
hours = "22:00-06:00"
"""


def test_schedules_from_options_have_their_hours() -> None:
    words = ["a.mp4", "--record", "a-{date}.mcap", "--record-hours", "mon-fri 07:00-19:00"]
    schedules = run_config(options_parser().parse_args(words)).outputs.schedules
    assert schedules.record.active(datetime(2026, 11, 30, 7))
    assert not schedules.record.active(datetime(2026, 11, 29, 7))
    assert schedules.publish.active(datetime(2026, 11, 29, 7))


def test_schedules_from_hours_without_their_output_are_an_error() -> None:
    with pytest.raises(UsageError, match="--save-hours: needs --save"):
        schedules_from(options_parser().parse_args(["a.mp4", "--save-hours", "07:00-19:00"]))


def test_explained_says_what_hours_and_rotation_mean() -> None:
    words = ["--record", "a-{date}.mcap", "--record-every", "1h", "--record-size", "2GB", "--record-quota", "9GB"]
    args = options_parser().parse_args(["a.mp4", *words, "--record-hours", "07:00-13:00"])
    first, second = explained(args, NOW)
    says = r"07:00-13:00 local time; now within, ends Mon 2026-11-30 13:00 \(.*, UTC[+-]\d{4}\)"
    assert re.fullmatch(rf"outputs\.record_hours: {says}", first)
    assert second == "outputs.record: a new file after 1h or 2GB, the oldest files are deleted beyond 9GB"
    assert explained(options_parser().parse_args(["a.mp4"]), NOW) == []


def test_config_check_explains_hours_and_names_their_problems(
    meshcast: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "meshcast.toml"
    path.write_text(FILE)
    said = meshcast("config", "check", path.name)
    assert said.code == EXIT_WHOLE
    assert [line.split(": ")[1] for line in said.out.splitlines()] == [
        "no problems; 1 source",
        "publish.hours",
        "outputs.record_hours",
        "outputs.record",
    ]
    path.write_text(FILE.replace("07:00-19:00", "7-19").replace("-{date}", ""))
    said = meshcast("config", "check", path.name)
    assert said.code == EXIT_INPUT
    assert "outputs.record_hours: '7' is not a time from 00:00 to 24:00" in said.out
    path.write_text(FILE.replace("-{date}", "").replace('record_every = "1h"\nrecord_quota = "20GB"\n', ""))
    assert "need {date} in their name" in meshcast("config", "check", path.name).out


def test_run_command_refuses_hours_of_another_form(meshcast: Command) -> None:
    said = meshcast("run", "a.mp4", "--publish", "tcp://127.0.0.1:0", "--publish-hours", "Mo 07:00-08:00")
    assert said.code == EXIT_USAGE
    assert "did you mean Mon?" in said.err
