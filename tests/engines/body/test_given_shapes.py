"""Files with the shapes of people."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engines.body.given_shapes import GivenShapes, ShapeFileError


def test_given_shapes_of_toml_and_json_are_equal(tmp_path: Path) -> None:
    toml, text = tmp_path / "a.toml", tmp_path / "a.json"
    toml.write_text("shape = [0.5, -1]\n[people]\n3 = [1.0, 2.0, 3.0]\n")
    text.write_text('{"shape": [0.5, -1], "people": {"3": [1.0, 2.0, 3.0]}}')
    given = GivenShapes.load(toml)
    assert given == GivenShapes.load(text)
    assert given.of(1) == (0.5, -1.0)
    assert given.of(3) == (1.0, 2.0, 3.0)
    assert given.entries == 3


def test_given_shapes_of_npz_are_for_everybody_or_by_id(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", betas=np.float32([0.25, 1]))
    np.savez(tmp_path / "b.npz", ids=np.int32([4, 7]), shapes=np.float32([[1, 0], [0, 2]]))
    assert GivenShapes.load(tmp_path / "a.npz") == GivenShapes((0.25, 1.0))
    assert GivenShapes.load(tmp_path / "b.npz") == GivenShapes(None, {4: (1.0, 0.0), 7: (0.0, 2.0)})
    assert GivenShapes.load(tmp_path / "b.npz").of(1) is None


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("a.toml", "", "has no shape"),
        ("a.toml", "shape = []", "list of 1 to"),
        ("a.toml", "shape = 3", "list of 1 to"),
        ("a.toml", "shape = [[1.0]]", "list of 1 to"),
        ("a.toml", "shape = ['a']", "list of 1 to"),
        ("a.toml", "shape = [nan]", "or NaN"),
        ("a.toml", "shape = [11.0]", "beyond 10 standard deviations"),
        ("a.toml", "people = 3", "must be a table"),
        ("a.toml", "[people]\nbob = [1.0]", "keys are ids"),
        ("a.toml", "[people]\n1 = [inf]", "the shape of 1 has an entry"),
        ("a.toml", "shape = [", "not a file of shapes in TOML"),
        ("a.json", "{", "not JSON"),
        ("a.json", "[1]", "must be an object"),
        ("a.json", "[" * 100_000, "not JSON"),
        ("a.npz", "nothing", "not a file of shapes"),
    ],
)
def test_given_shapes_of_a_wrong_file_raise_in_one_line(tmp_path: Path, name: str, text: str, problem: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ShapeFileError, match=problem) as caught:
        GivenShapes.load(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_given_shapes_of_npz_with_other_sizes_raise(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", ids=np.int32([4, 7]), shapes=np.float32([[1, 0]]))
    with pytest.raises(ShapeFileError, match=r"ids must be \(N,\) and shapes \(N, B\)"):
        GivenShapes.load(tmp_path / "a.npz")
    np.savez(tmp_path / "b.npz", ids=np.float32([-1]), shapes=np.float32([[1, 0]]))
    with pytest.raises(ShapeFileError, match="keys are ids"):
        GivenShapes.load(tmp_path / "b.npz")
