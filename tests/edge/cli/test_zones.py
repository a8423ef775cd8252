"""Zones on the command line and in files."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from edge.cli.run import options_parser, run_config
from edge.cli.zones import shown_zones, zone, zones_of
from edge.errors import EXIT_INPUT, EXIT_WHOLE
from edge.stages.zones import Zone
from tests.support.commands import Command

LEFT = Zone(((0.0, 0.0), (0.3, 0.0), (0.3, 1.0), (0.0, 1.0)))


def test_zone_is_parsed() -> None:
    assert zone("0,0 .3,0  0.3,1 0,1") == LEFT
    assert shown_zones([LEFT]) == [[[0.0, 0.0], [0.3, 0.0], [0.3, 1.0], [0.0, 1.0]]]
    assert zones_of([[[0, 0], [0.3, 0], [0.3, 1], [0, 1]]]) == [LEFT]


@pytest.mark.parametrize("text", ["", "0,0 1,1", "0,0 1,0,1 1,1", "a,b 1,0 1,1", "0,0 2,0 1,1", "0,0 nan,0 1,1"])
def test_zone_that_is_none_is_a_usage_error(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="is not a zone"):
        zone(text)


@pytest.mark.parametrize("value", [1, [1], [[1, 2]], [[[0, 0], [1, 0], ["a", 1]]], [[[0, 0], [1, 0]]], [[]]])
def test_zones_of_another_value_raises(value: object) -> None:
    with pytest.raises(ValueError, match=r"polygon|zone"):
        zones_of(value)


def test_run_config_zones_of_the_command_line_are_of_all_cameras() -> None:
    args = options_parser().parse_args(["a.mp4", "b.mp4", "--ignore-zone", "0,0 .3,0 .3,1 0,1"])
    assert [camera.ignored for camera in run_config(args).camera_configs()] == [(LEFT,), (LEFT,)]


def test_config_zones_are_checked_and_shown(meshcast: Command, blank_clip: Path, tmp_path: Path) -> None:
    path = tmp_path / "meshcast.toml"
    path.write_text(
        f'[[source]]\nuri = "{blank_clip}"\nzones = [[[0, 0], [0.3, 0], [0.3, 1], [0, 1]]]\n'
        f'[[source]]\nuri = "{blank_clip}"\n[pipeline]\nzones = [[[0, 0], [1, 0], [1, 1]]]\n'
    )
    assert meshcast("config", "check", path).code == EXIT_WHOLE
    shown = meshcast("config", "show", path)
    again = tmp_path / "again.toml"
    again.write_text(shown.out)
    assert meshcast("config", "check", again).code == EXIT_WHOLE
    assert shown.out.count("zones") == 2
    path.write_text(f'[[source]]\nuri = "{blank_clip}"\nzones = [[[0, 0], [1.5, 0], [1, 1]]]\n')
    said = meshcast("config", "check", path)
    assert said.code == EXIT_INPUT
    assert "source[1].zones: polygon 1: the corners of a zone are fractions of the image" in said.out
