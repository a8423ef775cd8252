"""Options of recordings in several files."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from edge.cli.record_options import seconds_of, size_bytes
from edge.cli.run import options_parser, run_config
from edge.errors import EXIT_USAGE, EXIT_WHOLE, UsageError
from edge.recording.file_series import Rotation
from tests.support.commands import Command


@pytest.mark.parametrize(("text", "expected"), [("90s", 90), ("10min", 600), ("1.5h", 5400), ("1 d", 86400)])
def test_duration_is_parsed(text: str, expected: float) -> None:
    assert seconds_of(text) == expected


@pytest.mark.parametrize(("text", "expected"), [("500MB", 500_000_000), ("1.5 GB", 1_500_000_000), ("2TB", 2 * 10**12)])
def test_size_is_parsed(text: str, expected: int) -> None:
    assert size_bytes(text) == expected


@pytest.mark.parametrize("text", ["", "5", "5m", "-1h", "0s", "1e9h", "1000d", "nan s", "5KB", "0.1MB"])
def test_duration_and_size_of_another_form_are_errors(text: str) -> None:
    for parse in (seconds_of, size_bytes):
        with pytest.raises(argparse.ArgumentTypeError, match="is not a"):
            parse(text)


def test_run_config_has_the_rotation() -> None:
    words = ["a.mp4", "--record", "a-{date}.mcap", "--record-every", "1h", "--record-size", "1GB"]
    rotation = run_config(options_parser().parse_args([*words, "--record-quota", "5GB"])).outputs.rotation
    assert rotation == Rotation(3600, 10**9, 5 * 10**9)
    with pytest.raises(UsageError, match=r"--record-every: needs --record 'NAME-\{date\}\.mcap'"):
        run_config(options_parser().parse_args(["a.mp4", "--record-every", "1h"]))


def test_run_recording_rotates(meshcast: Command, blank_clip: Path, tmp_path: Path) -> None:
    said = meshcast("run", blank_clip, "--record", tmp_path / "a.mcap", "--record-every", "1s", "-q")
    assert said.code == EXIT_USAGE
    assert "{date}" in said.err
    said = meshcast(
        *("run", blank_clip, "--record", tmp_path / "{stream}-{date}.mcap", "--record-every", "1s"),
        *("--loop", "--max-frames", "65"),
    )
    assert said.code == EXIT_WHOLE
    made = sorted(path.name for path in tmp_path.glob("blank-*.mcap"))
    assert len(made) >= 2
    assert any(f"wrote {tmp_path / name}" in said.out for name in made)
    assert (tmp_path / ".blank-{date}.mcap.json").is_file()
