"""`meshcast bench --simulate`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edge.errors import EXIT_INPUT, EXIT_USAGE, EXIT_WHOLE
from tests.support.commands import Command
from tests.support.paths import ROOT

BOARD = ROOT / "examples" / "boards" / "orin_nano.toml"


def test_bench_simulate_prints_and_writes_a_projection(meshcast: Command, tmp_path: Path) -> None:
    said = meshcast("bench", "--simulate", BOARD, "--json", tmp_path / "b.json")
    assert (said.code, said.errors) == (EXIT_WHOLE, [])
    assert said.out.startswith("projection, not a measurement: Jetson Orin Nano")
    assert "lower bounds" in said.out
    report = json.loads((tmp_path / "b.json").read_text())
    assert report["projection"] is True
    assert report["fps"] == pytest.approx(30, rel=0.01)
    assert 0 < report["latency_ms"]["p50"] <= report["latency_ms"]["p99"]
    assert {"GPU", "copies", "interpreter", "cores"} == set(report["busy"])


@pytest.mark.parametrize("words", [("clip.mp4", "--simulate", str(BOARD)), ()])
def test_bench_needs_sources_or_a_board(meshcast: Command, words: tuple[str, ...]) -> None:
    said = meshcast("bench", *words)
    assert said.code == EXIT_USAGE
    assert said.errors == ["meshcast: bench: needs either sources to measure or --simulate BOARD.toml"]


def test_bench_simulate_with_a_broken_board_says_where(meshcast: Command, tmp_path: Path) -> None:
    path = tmp_path / "b.toml"
    path.write_text("cores = 2\n[gpu_ms]\nposes = 1\n")
    said = meshcast("bench", "--simulate", path, "--json", tmp_path / "out.json")
    assert said.code in (EXIT_INPUT, EXIT_USAGE)
    assert said.errors == [f"meshcast: {path}: unknown key gpu_ms.poses (did you mean pose?)"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["b.toml"]
    missing = meshcast("bench", "--simulate", tmp_path / "none.toml")
    assert missing.code in (EXIT_INPUT, EXIT_USAGE)
    assert len(missing.errors) == 1
