"""FreiHAND's lists and results, made from random hands."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from engines.errors import ModelError
from engines.training.readers.freihand import is_freihand, read_freihand, read_hand_predictions


def lists(count: int = 3) -> dict[str, object]:
    rng = np.random.default_rng(0)
    return {
        "xyz": rng.normal(0, 0.1, (count, 21, 3)).tolist(),
        "K": np.tile(np.diag([500.0, 500, 1]), (count, 1, 1)).tolist(),
        "verts": rng.normal(0, 0.1, (count, 30, 3)).tolist(),
    }


def written(folder: Path, content: dict[str, object], name: str = "evaluation") -> Path:
    for key, value in content.items():
        (folder / f"{name}_{key}.json").write_text(json.dumps(value))
    return folder


def test_hands_and_their_predictions_are_read(tmp_path: Path) -> None:
    content = lists()
    hands = read_freihand(written(tmp_path, content))
    assert is_freihand(tmp_path)
    assert len(hands) == 3
    np.testing.assert_allclose(hands.joints, content["xyz"], atol=1e-7)
    assert hands.vertices is not None
    assert hands.vertices.shape == (3, 30, 3)
    assert hands.images[2] == tmp_path / "evaluation" / "rgb" / "00000002.jpg"
    (tmp_path / "pred.json").write_text(json.dumps([content["xyz"], content["verts"]]))
    joints, vertices = read_hand_predictions(tmp_path / "pred.json", hands)
    np.testing.assert_array_equal(joints, hands.joints)
    np.testing.assert_array_equal(vertices, hands.vertices)


def test_hands_without_vertices_are_read_from_the_training_set(tmp_path: Path) -> None:
    content = lists()
    del content["verts"]
    assert read_freihand(written(tmp_path, content, "training")).vertices is None


@pytest.mark.parametrize(
    ("key", "value", "wrong"),
    [
        ("K", None, "evaluation_K.json: cannot be read"),
        ("K", [[1]], "evaluation_K.json: .*expected numbers"),
        ("xyz", [[[0, 0, 0]] * 20], "evaluation_xyz.json: .*expected numbers"),
        ("xyz", [[0], [1, 2]], "differ in length or type"),
        ("xyz", [], "an empty data set"),
        ("verts", [[["a"] * 3]] * 3, "evaluation_verts.json: not numbers"),
        ("verts", [[[float("nan")] * 3]] * 3, "entry 0 is not finite"),
    ],
)
def test_hands_with_an_odd_list_are_one_line(tmp_path: Path, key: str, value: object, wrong: str) -> None:
    content = lists()
    if value is None:
        del content[key]
    else:
        content[key] = value
    with pytest.raises(ModelError, match=wrong):
        read_freihand(written(tmp_path, content))


def test_predictions_of_other_hands_are_one_line(tmp_path: Path) -> None:
    hands = read_freihand(written(tmp_path, lists()))
    (tmp_path / "pred.json").write_text(json.dumps([lists(2)["xyz"], lists(2)["verts"]]))
    with pytest.raises(ModelError, match=r"pred.json: joints: \(2, 21, 3\); expected numbers \(3, 21, 3\)"):
        read_hand_predictions(tmp_path / "pred.json", hands)
    (tmp_path / "pred.json").write_text("{}")
    with pytest.raises(ModelError, match="a list of joints and vertices"):
        read_hand_predictions(tmp_path / "pred.json", hands)
    with pytest.raises(ModelError, match="not FreiHAND"):
        read_freihand(tmp_path / "nothing")
