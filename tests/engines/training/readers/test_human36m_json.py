"""Human3.6M's JSON files, made from rendered people whose world is turned and moved."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from engines.body.body import open_body
from engines.errors import ModelError
from engines.training.mixture import BrokenSampleError
from engines.training.readers.annotation_list import read_list
from engines.training.sample import H36M, SMPL
from meshcast.protocol.rotations import rotmat, rotvec
from tests.support.rendered import rendered_people

BODY = open_body()
SIZE = 64
NAME = "Human36M_subject1"
R = rotmat(np.array([0.3, -0.8, 0.2])).astype(np.float64)
T_MM = np.array([120.0, -340.0, 2500.0])


def files(count: int = 2) -> dict[str, Any]:
    """The content of each file by its ending; the world is that of a camera with R and T_MM."""
    people = [rendered_people(size=SIZE)[number] for number in range(count)]
    K = people[0].K
    joints, smpl = {}, {}
    for number, person in enumerate(people):
        camera_mm = (person.points_3d[H36M, :3] + person.root) * 1e3
        joints[str(number)] = ((camera_mm - T_MM) @ R).tolist()
        rotations = person.rotations.copy()
        rotations[0] = R.T.astype(np.float32) @ rotations[0]
        smpl[str(number)] = {
            "pose": rotvec(rotations).ravel().tolist(),
            "shape": person.shape.tolist(),
            "trans": [0] * 3,
        }
    images = [
        {"id": n, "file_name": f"act_02/{n}.png", "action_idx": 2, "subaction_idx": 1, "frame_idx": n, "cam_idx": 1}
        for n in range(count)
    ]
    camera = {"R": R.tolist(), "t": T_MM.tolist(), "f": [float(K[0, 0]), float(K[1, 1])], "c": K[:2, 2].tolist()}
    return {
        "data": {"images": images, "annotations": [{"id": n, "image_id": n, "bbox": BOX} for n in range(count)]},
        "camera": {"1": camera},
        "joint_3d": {"2": {"1": joints}},
        "smpl_param": {"2": {"1": smpl}},
    }


BOX = [(SIZE - 1) / 2 - SIZE / 2.4, (SIZE - 1) / 2 - SIZE / 2.4, SIZE / 1.2, SIZE / 2]


def written(folder: Path, content: dict[str, Any]) -> Path:
    (folder / "act_02").mkdir(exist_ok=True)
    for number in range(2):
        image = rendered_people(size=SIZE)[number].image
        cv2.imwrite(str(folder / "act_02" / f"{number}.png"), image[..., ::-1])
    for ending, values in content.items():
        (folder / f"{NAME}_{ending}.json").write_text(json.dumps(values))
    return folder / f"{NAME}_data.json"


def test_human36m_joints_and_poses_are_in_camera_axes(tmp_path: Path) -> None:
    people = read_list(written(tmp_path, files()), None, BODY, SIZE)
    assert len(people) == 2
    for number in range(2):
        sample, true = people[number], rendered_people(size=SIZE)[number]
        relative = (
            true.points_3d[H36M, :3] - true.points_3d[H36M.start, :3]
        )  # H36M's pelvis is the root of these joints
        np.testing.assert_allclose(sample.points_3d[H36M, :3], relative, atol=2e-5)
        assert sample.points_3d[H36M, 3].all()
        assert not sample.points_3d[SMPL, 3].any()
        np.testing.assert_allclose(sample.rotations, true.rotations, atol=2e-5)
        assert sample.shape is None
        assert sample.vertices is None
    first = people[0]
    true = rendered_people(size=SIZE)[0]
    x, y = BOX[0] + BOX[2] / 2, BOX[1] + BOX[3] / 2
    moved = true.points_2d[H36M, :2] + (SIZE - 1) / 2 - np.array([x, y])
    np.testing.assert_allclose(first.points_2d[H36M, :2], moved, atol=2e-2)


def test_human36m_without_poses_has_joints(tmp_path: Path) -> None:
    content = files()
    del content["smpl_param"]
    sample = read_list(written(tmp_path, content), None, BODY, SIZE)[0]
    assert sample.rotations is None
    assert sample.points_3d[H36M, 3].all()


def test_human36m_image_that_is_missing_is_one_broken_sample(tmp_path: Path) -> None:
    people = read_list(written(tmp_path, files()), None, BODY, SIZE)
    (tmp_path / "act_02" / "1.png").unlink()
    assert people[0].image.shape == (SIZE, SIZE, 3)
    with pytest.raises(BrokenSampleError, match=r"1\.png"):
        people[1]


def without(key: str, *path: Any) -> dict[str, Any]:
    content = files()
    entry = content[key]
    for step in path[:-1]:
        entry = entry[step]
    del entry[path[-1]]
    return content


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (without("data", "annotations"), "annotations is missing"),
        (without("data", "images", 1, "cam_idx"), r"images\[1\]: cam_idx is missing"),
        (without("data", "images", 1), r"annotations\[1\]: image_id 1 is not among the images"),
        (without("data", "annotations", 0, "bbox"), r"annotations\[0\].bbox: is missing"),
        (without("camera", "1", "t"), "camera.json: 1.t: is missing"),
        (without("camera", "1"), "cam_idx 1 is not in"),
        (without("joint_3d", "2", "1", "1"), "joint_3d.json: 2/1/1: is missing; expected 17 x 3 numbers"),
        (without("joint_3d", "2", "1", "1", 16), "of another layout; expected 17 x 3 numbers"),
        (without("smpl_param", "2", "1", "0", "pose", 71), "pose: of another layout; expected 72 numbers"),
    ],
)
def test_human36m_file_that_is_odd_is_one_line(tmp_path: Path, content: dict[str, Any], message: str) -> None:
    path = written(tmp_path, content)
    with pytest.raises(ModelError, match=message) as raised:
        read_list(path, None, BODY, SIZE)
    assert "\n" not in str(raised.value)


def test_human36m_file_that_is_missing_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, files())
    (tmp_path / f"{NAME}_camera.json").unlink()
    with pytest.raises(ModelError, match=r"_camera\.json: cannot be read"):
        read_list(path, None, BODY, SIZE)
