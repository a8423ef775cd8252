"""`meshcast eval` of a clip."""

from __future__ import annotations

import json
from pathlib import Path

from edge.errors import EXIT_USAGE, EXIT_WHOLE
from tests.support.commands import Command
from tests.support.paths import MEDIA

WORDS = ("eval", MEDIA / "balance_cam01.mp4", "--truth", MEDIA / "balance.npz")


def test_eval_known_stature_moves_the_person(meshcast: Command, tmp_path: Path) -> None:
    error_m = {}
    for height in ("1.72", "1.3"):  # he is 1.72 m tall
        out = tmp_path / f"{height}.json"
        words = ("--no-floor", "--height", height, "--max-frames", "2", "--json", out)
        assert meshcast(*WORDS, *words).code == EXIT_WHOLE
        error_m[height] = json.loads(out.read_text())["balance_cam01.mp4"]["root_error_m"]
    assert error_m["1.72"] < 0.3 < error_m["1.3"]


def test_eval_stature_beside_a_shape_is_refused(meshcast: Command, tmp_path: Path) -> None:
    said = meshcast(*WORDS, "--height", "1.72", "--shape", tmp_path / "shape.toml")
    assert (said.code, said.errors) == (
        EXIT_USAGE,
        ["meshcast: --height: contradicts --shape, which has the stature; remove one of the two"],
    )
