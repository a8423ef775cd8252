"""Annotation lists in SPIN's layout, made from rendered people."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from engines.body.body import open_body
from engines.errors import ModelError
from engines.training.readers.spin_npz import FROM, HIPS, SPIN_24, TO, read_spin_npz
from engines.training.sample import POINTS, SEEN, UNKNOWN
from meshcast.protocol.rotations import rotvec
from tests.support.rendered import rendered_people

BODY = open_body()


def arrays(folder: Path, count: int = 2) -> dict[str, np.ndarray]:
    """A list of rendered people whose images are crops of 64 px."""
    part, joints, pose, shape = np.zeros((count, 24, 3)), np.zeros((count, 24, 4)), [], []
    for n in range(count):
        sample = rendered_people()[n]
        cv2.imwrite(str(folder / f"{n}.png"), sample.image[..., ::-1])
        part[n, FROM, :2], part[n, FROM, 2] = sample.points_2d[TO, :2], 1
        joints[n, FROM, :3], joints[n, FROM, 3] = sample.points_3d[TO, :3] + 2, 1
        pose.append(rotvec(sample.rotations).ravel())
        shape.append(sample.shape)
    part[0, 0, 2] = 0  # the right ankle is not annotated
    return {
        "imgname": np.array([f"{n}.png" for n in range(count)]),
        "center": np.full((count, 2), 31.5),
        "scale": np.full(count, 64 / 200),
        "part": part,
        "S": joints,
        "pose": np.array(pose),
        "shape": np.array(shape),
        "has_smpl": np.array([1, 0][:count]),
    }


def test_list_gives_back_the_annotations(tmp_path: Path) -> None:
    np.savez(tmp_path / "list.npz", **arrays(tmp_path))
    other = replace(BODY, v_template=BODY.v_template * np.float32(1.0001))  # not the bundled body
    people = read_spin_npz(tmp_path / "list.npz", tmp_path, other, 64)
    made, true = people[0], rendered_people()[0]
    assert len(people) == 2
    np.testing.assert_array_equal(made.image, true.image)
    np.testing.assert_allclose(made.points_2d[TO, :2], true.points_2d[TO, :2], atol=1e-3)
    ankle = POINTS.index("coco_right_ankle")
    assert made.points_2d[ankle, 2] == UNKNOWN
    assert (made.points_2d[TO, 2] == SEEN).sum() == len(TO) - 1
    np.testing.assert_allclose(made.rotations, true.rotations, atol=1e-5)
    np.testing.assert_allclose(made.vertices, true.vertices, atol=1e-3)
    hips = [POINTS.index(SPIN_24[k]) for k in HIPS]
    expected = true.points_3d[TO, :3] - true.points_3d[hips, :3].mean(0)
    np.testing.assert_allclose(made.points_3d[TO, :3], expected, atol=1e-5)
    assert people[1].rotations is None


def test_list_with_the_bundled_body_has_no_shape_of_smpl(tmp_path: Path) -> None:
    np.savez(tmp_path / "list.npz", **arrays(tmp_path, 1))
    made = read_spin_npz(tmp_path / "list.npz", tmp_path, BODY, 64)[0]
    assert made.rotations is not None
    assert made.shape is None
    assert made.vertices is None


@pytest.mark.parametrize(
    ("name", "value", "wrong"),
    [
        ("center", None, "center is missing"),
        ("part", np.zeros((2, 24)), r"part: \(2, 24\) float64; expected numbers \(2, 24, 3\)"),
        ("pose", np.zeros((1, 72)), r"pose: \(1, 72\)"),
        ("scale", np.array([0.3, 0.0]), "scale: row 1 is not positive"),
        ("scale", np.array([np.nan, 1.0]), "scale: row 0 is not positive"),
        ("imgname", np.zeros(2), r"imgname: \(2,\) float64; expected text"),
        ("shape", np.array(["a", "b"]), "shape: "),
    ],
)
def test_list_with_an_odd_array_is_one_line(tmp_path: Path, name: str, value: np.ndarray | None, wrong: str) -> None:
    given = arrays(tmp_path)
    if value is None:
        del given[name]
    else:
        given[name] = value
    np.savez(tmp_path / "list.npz", **given)
    with pytest.raises(ModelError, match=wrong):
        read_spin_npz(tmp_path / "list.npz", tmp_path, BODY, 64)
