"""Files of boards."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.benchmark.board import Board, StageTime
from edge.errors import ConfigError
from tests.support.paths import ROOT

BOARDS = sorted((ROOT / "examples" / "boards").glob("*.toml"))


@pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.stem)
def test_board_of_the_examples_loads_and_says_where_its_times_come_from(path: Path) -> None:
    board = Board.load(path)
    assert "lower bounds" in board.times
    assert "assumed" in board.times
    assert {"copy_in", "pose", "mesh", "skinning"} <= set(board.gpu)


def test_boards_are_five() -> None:
    assert [path.stem for path in BOARDS] == ["agx_orin", "agx_thor", "h200", "orin_nano", "orin_nx"]


def test_stage_time_grows_with_people(tmp_path: Path) -> None:
    path = tmp_path / "b.toml"
    path.write_text("cores = 2\n[host_ms]\ntrack = 3\nmesh = { frame = 1, person = 0.5, python = 1 }\n")
    board = Board.load(path)
    assert board.host == {"track": StageTime(3), "mesh": StageTime(1, 0.5, 1)}
    assert [board.host["mesh"].of(people) for people in (0, 4)] == [1, 3]
    assert (board.name, board.times, board.gpu) == ("b", "of unknown origin", {})


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("cores = 0", "cores: 0 is not a number from 1 to 1024"),
        ("", "cores: None is not a number"),
        ("cores = 2\ncamera = 1", "unknown key camera"),
        ("cores = 2\n[run]\nfpss = 1", "unknown key run.fpss (did you mean fps?)"),
        ("cores = 2\n[run]\nfps = true", "run.fps: True is not a number"),
        ("cores = 2\n[run]\nframes = 1e9", "run.frames: 1000000000.0 is not a number from 1 to 100000"),
        ("cores = 2\n[run]\ncameras = 0", "run.cameras: 0 is not a number from 1"),
        ("cores = 2\n[host_ms]\ntracks = 1", "unknown key host_ms.tracks (did you mean track?)"),
        ("cores = 2\n[gpu_ms]\npose = -1", "gpu_ms.pose: -1 is not a time in milliseconds"),
        ("cores = 2\n[gpu_ms]\npose = 'fast'", "gpu_ms.pose: 'fast' is not a time"),
        ("cores = 2\n[host_ms]\ntrack = { python = 2 }", "host_ms.track.python: a share from 0 to 1"),
        ("cores = 2\nhost_ms = 3", "host_ms: not a table"),
        ("cores = = 2", "not a board"),
    ],
)
def test_board_with_a_mistake_raises_one_line(text: str, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "b.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        Board.load(path)
    assert problem in str(caught.value)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)
