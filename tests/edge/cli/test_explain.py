"""`meshcast explain`, on a network that was trained for two steps."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")

from edge.errors import EXIT_INPUT, EXIT_WHOLE
from engines.training.rendered.shards import ShardPlan, write_shards
from tests.support.commands import Command
from tests.support.rendered import rendered_people


@pytest.fixture(autouse=True)
def without_curves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engines.training.loop.can_draw", lambda: False)


def test_train_then_eval_then_explain(meshcast: Command, tmp_path: Path) -> None:
    plan = ShardPlan(2, 2, False, ("sample",))
    write_shards(rendered_people(40), plan, tmp_path / "people", lambda done: None, lambda: False)
    config = tmp_path / "c.toml"
    config.write_text('snapshots = true\n[network]\nbackbone = "tiny"\n[test]\npath = "rendered"\n')
    small = ("--steps", "2", "--image-batch", "2", "--size", "40", "--evaluation-samples", "2", "--quiet")
    said = meshcast("train", "pare", "--data", tmp_path / "people", "--config", config, *small, "--out", tmp_path / "o")
    assert (said.code, said.out.strip()) == (EXIT_WHOLE, f"wrote {tmp_path / 'o' / 'pare.pt'}")
    scored = meshcast("eval", tmp_path / "people", "--mesh", tmp_path / "o" / "pare.pt")
    assert scored.code == EXIT_WHOLE
    assert "PVE-T" in scored.out
    both = (tmp_path / "o" / "pare-0000002.pt", tmp_path / "o" / "pare.pt")
    words = ("--mesh", *both, "--out", tmp_path / "e", "--positions", "3", "--samples", "5")
    said = meshcast("explain", tmp_path / "people", *words)
    assert said.code == EXIT_WHOLE
    names = {path.name for path in (tmp_path / "e").iterdir()}
    assert names == {
        "sensitivity.glb",
        *(f"000{n}-{name}.png" for n in (0, 1) for name in ("occlusion", "attention", "parts", "progression")),
    }


@pytest.mark.parametrize(
    ("words", "wrong"),
    [(("--first", "9"), "choose a smaller --first"), ((), "x.pt: cannot be read")],
)
def test_explain_that_cannot_run_is_one_line(
    meshcast: Command, tmp_path: Path, words: tuple[str, ...], wrong: str
) -> None:
    plan = ShardPlan(1, 1, False, ("sample",))
    write_shards(rendered_people(40), plan, tmp_path / "people", lambda done: None, lambda: False)
    said = meshcast("explain", tmp_path / "people", "--mesh", tmp_path / "x.pt", "--out", tmp_path / "e", *words)
    assert said.code == EXIT_INPUT
    assert len(said.errors) == 1
    assert wrong in said.errors[0]


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (("train", "pare"), "--data or --poses: missing"),
        (("train", "pare", "--poses", "sample"), "is trained on images; use --data"),
        (("train", "pose2mesh", "--poses", "sample", "--data", "rendered"), "not with --data"),
    ],
)
def test_train_without_or_with_two_kinds_of_data_is_a_usage_error(
    meshcast: Command, words: tuple[str, ...], wrong: str
) -> None:
    said = meshcast(*words)
    assert said.code == 2
    assert wrong in said.err
