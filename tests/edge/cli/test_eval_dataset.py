"""`meshcast eval DATASET`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from edge.errors import EXIT_INPUT, EXIT_USAGE, EXIT_WHOLE
from engines.training.rendered.shards import ShardPlan, write_shards
from tests.support.commands import Command
from tests.support.rendered import rendered_people


@pytest.fixture
def people(tmp_path: Path) -> Path:
    plan = ShardPlan(3, 3, True, ("sample",))
    write_shards(rendered_people(48, held_out=True), plan, tmp_path / "people", lambda done: None, lambda: False)
    return tmp_path / "people"


def test_eval_dataset_of_recorded_predictions_writes_tables(meshcast: Command, people: Path, tmp_path: Path) -> None:
    vertices = np.stack([rendered_people(48, held_out=True)[number].vertices for number in range(3)])
    np.savez(tmp_path / "p.npz", vertices=vertices + 1)
    words = ("--predictions", tmp_path / "p.npz", "--table", tmp_path / "t.csv", "--json", tmp_path / "t.json")
    said = meshcast("eval", people, *words)
    assert said.code == EXIT_WHOLE
    assert said.out.splitlines()[1].startswith("people  0.0 [0.0, 0.0]")
    assert json.loads((tmp_path / "t.json").read_text())["people"]["pve"]["count"] == 3
    assert (tmp_path / "t.csv").read_text().startswith("label,metric,mean")


def test_eval_dataset_of_the_default_model_is_near_the_truth(meshcast: Command, people: Path, tmp_path: Path) -> None:
    said = meshcast("eval", people, "--json", tmp_path / "t.json")
    assert said.code == EXIT_WHOLE
    assert json.loads((tmp_path / "t.json").read_text())["people"]["mpjpe"]["mean"] < 200


@pytest.mark.parametrize(
    ("words", "code", "wrong"),
    [
        (("--table", "t.doc"), EXIT_USAGE, "choose a name that ends in"),
        (("--predictions", "none.npz"), EXIT_INPUT, "none.npz"),
        (("--mesh", "none.pt"), EXIT_INPUT, "none.pt: cannot be read"),
    ],
)
def test_eval_dataset_that_cannot_run_is_one_line(
    meshcast: Command, people: Path, words: tuple[str, ...], code: int, wrong: str
) -> None:
    said = meshcast("eval", people, *words)
    assert said.code == code
    assert len(said.errors) == 1
    assert wrong in said.errors[0]
