"""COCO's person keypoints, made from a rendered person."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from engines.errors import ModelError
from engines.training.readers.coco_json import read_coco_json
from engines.training.sample import COCO
from tests.support.rendered import rendered_people


def table(folder: Path) -> dict[str, Any]:
    sample = rendered_people()[0]
    cv2.imwrite(str(folder / "a.png"), sample.image[..., ::-1])
    person = {
        "image_id": 7,
        "bbox": [2.0, 2.0, 60.0, 50.0],
        "keypoints": sample.points_2d[COCO].ravel().tolist(),
        "iscrowd": 0,
    }
    few = {**person, "keypoints": [0.0] * 51}
    return {
        "images": [{"id": 7, "file_name": "a.png"}],
        "annotations": [person, {**person, "iscrowd": 1}, few, {"image_id": 7, "bbox": [0, 0, 1, 1]}],
    }


def written(folder: Path, content: object) -> Path:
    path = folder / "person_keypoints.json"
    path.write_text(json.dumps(content))
    return path


def test_coco_people_are_cropped_around_their_boxes(tmp_path: Path) -> None:
    people = read_coco_json(written(tmp_path, table(tmp_path)), tmp_path, 72)
    assert len(people) == 1  # crowds, people with few keypoints and without any are left out
    sample, true = people[0], rendered_people()[0]
    scale = 72 / 72  # the box is 60 px, with a margin of 1.2
    expected = (true.points_2d[COCO, :2] - [32, 27]) * scale + 35.5
    np.testing.assert_allclose(sample.points_2d[COCO, :2], expected, atol=1e-3)
    np.testing.assert_array_equal(sample.points_2d[COCO, 2], true.points_2d[COCO, 2])
    assert sample.rotations is None


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (lambda t: t.pop("images"), "images is missing"),
        (lambda t: t["images"][0].pop("file_name"), r"images\[0\]: id or file_name is missing"),
        (lambda t: t["annotations"][0].update(keypoints=[1, 2]), r"annotations\[0\].keypoints: expected 51 numbers"),
        (lambda t: t["annotations"][0].update(bbox=["a"] * 4), r"annotations\[0\].bbox: expected 4 numbers"),
        (lambda t: t["annotations"][0].update(image_id=8), "image_id 8 is not among the images"),
    ],
)
def test_coco_file_with_an_odd_entry_is_one_line(tmp_path: Path, change: Any, wrong: str) -> None:
    content = table(tmp_path)
    change(content)
    with pytest.raises(ModelError, match=wrong):
        read_coco_json(written(tmp_path, content), tmp_path, 64)


def test_coco_file_that_is_not_json_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("{")
    with pytest.raises(ModelError, match="not JSON"):
        read_coco_json(path, tmp_path, 64)
    with pytest.raises(ModelError, match="an object is expected"):
        read_coco_json(written(tmp_path, [1]), tmp_path, 64)
