"""`meshcast eval DATASET`."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.errors import EXIT_INPUT, EXIT_USAGE, EXIT_WHOLE
from engines.training.readers.spin_npz import FROM, TO
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


def test_eval_dataset_of_an_annotation_list_prints_joints_and_actions(meshcast: Command, tmp_path: Path) -> None:
    sample = rendered_people(64)[0]
    names = [f"S9_Walking.1_{number}.png" for number in range(3)]
    for name in names[:2]:
        cv2.imwrite(str(tmp_path / name), sample.image[..., ::-1])
    joints = np.zeros((3, 24, 4))
    joints[:, FROM, :3], joints[:, FROM, 3] = sample.points_3d[TO, :3], 1
    arrays = {"imgname": np.array(names), "center": np.full((3, 2), 31.5), "scale": np.full(3, 64 / 200), "S": joints}
    np.savez(tmp_path / "list.npz", **arrays)
    (tmp_path / "half").mkdir()
    half = {name: array[:2] for name, array in arrays.items()}
    np.savez(tmp_path / "half" / "list.npz", **half)
    np.savez(tmp_path / "p.npz", vertices=np.stack([sample.vertices] * 2))
    words = ("--predictions", tmp_path / "p.npz", "--images", tmp_path, "--per-joint", "--per-action")
    said = meshcast("eval", tmp_path / "half" / "list.npz", *words)
    assert said.code == EXIT_WHOLE
    assert "list.npz Walking" in said.out
    assert "list.npz left_knee" in said.out


def test_eval_dataset_of_two_sets_with_one_name_has_both(meshcast: Command, people: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = (tmp_path / "other" / people.name).resolve()
    other.symlink_to(people)
    vertices = np.stack([rendered_people(48, held_out=True)[number].vertices for number in range(3)])
    np.savez(tmp_path / "p.npz", vertices=vertices)
    said = meshcast("eval", people, other, "--predictions", tmp_path / "p.npz", "--json", tmp_path / "t.json")
    assert said.code == EXIT_WHOLE
    assert set(json.loads((tmp_path / "t.json").read_text())) == {str(people), str(other)}


def test_eval_dataset_of_hands_from_results_of_freihand(meshcast: Command, tmp_path: Path) -> None:
    hand = np.random.default_rng(0).normal(0, 0.05, (2, 21, 3)).tolist()
    mesh = np.random.default_rng(1).normal(0, 0.05, (2, 40, 3)).tolist()
    for name, value in (("xyz", hand), ("K", [np.eye(3).tolist()] * 2), ("verts", mesh)):
        (tmp_path / f"evaluation_{name}.json").write_text(json.dumps(value))
    (tmp_path / "pred.json").write_text(json.dumps([hand, mesh]))
    said = meshcast("eval", tmp_path, "--predictions", tmp_path / "pred.json")
    assert said.code == EXIT_WHOLE
    assert "F@5" in said.out
    assert "1.0 [1.0, 1.0]" in said.out
    assert meshcast("eval", tmp_path).code == EXIT_USAGE
