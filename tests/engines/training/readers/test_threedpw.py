"""Sequences in 3DPW's layout, made from a body before a moving camera."""

from __future__ import annotations

import os
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from engines.body.body import open_body
from engines.errors import ModelError
from engines.training.mixture import BrokenSampleError
from engines.training.readers.threedpw import read_3dpw
from engines.training.sample import SMPL
from meshcast.protocol.rotations import rotmat

BODY = open_body()
FRAMES = 3
K = np.array([[900.0, 0, 150], [0, 900, 100], [0, 0, 1]])


def sequence(folder: Path) -> dict[str, Any]:
    """One person over three frames, the second without a valid camera; images of the first alone."""
    rng = np.random.default_rng(0)
    poses, shape, translation = rng.normal(0, 0.3, (FRAMES, 72)), rng.normal(0, 1, 10), rng.normal(0, 0.2, (FRAMES, 3))
    cameras = np.tile(np.eye(4), (FRAMES, 1, 1))
    cameras[:, :3, :3] = rotmat(rng.normal(0, 0.2, (FRAMES, 3))) @ np.diag([1, -1, -1])
    cameras[:, 2, 3] = 5
    _, joints = BODY.skin(rotmat(poses.reshape(FRAMES, 24, 3)), np.repeat(shape[None], FRAMES, 0).astype(np.float32))
    world = joints + translation[:, None]
    (folder / "walk").mkdir()
    cv2.imwrite(str(folder / "walk" / "image_00000.jpg"), np.full((200, 300, 3), 90, np.uint8))
    return {
        "sequence": "walk",
        "cam_intrinsics": K,
        "cam_poses": cameras,
        "poses": [poses],
        "betas": [shape],
        "trans": [translation],
        "jointPositions": [world.reshape(FRAMES, 72)],
        "campose_valid": [np.array([1, 0, 1], np.uint8)],
    }


def written(folder: Path, table: object) -> Path:
    path = folder / "walk.pkl"
    path.write_bytes(pickle.dumps(table, protocol=2))
    return path


def test_sequence_gives_poses_joints_and_cameras_in_camera_axes(tmp_path: Path) -> None:
    table = sequence(tmp_path)
    other = replace(BODY, v_template=BODY.v_template * np.float32(1.00001))
    people = read_3dpw(written(tmp_path, table), tmp_path, other, 96)
    assert len(people) == 2  # of three frames, one has no camera
    sample = people[0]
    _, joints = BODY.skin(sample.rotations[None], sample.shape[None])
    np.testing.assert_allclose(sample.points_3d[SMPL, :3], joints[0] - joints[0, 0], atol=1e-4)
    world = table["jointPositions"][0][0].reshape(24, 3)
    camera = world @ table["cam_poses"][0][:3, :3].T + table["cam_poses"][0][:3, 3]
    np.testing.assert_allclose(sample.root, camera[0], atol=1e-5)
    points = sample.points_3d[SMPL, :3] + sample.root
    np.testing.assert_allclose(sample.points_2d[SMPL, :2], (points / points[:, 2:] @ sample.K.T)[:, :2], atol=1e-2)
    assert sample.image.shape == (96, 96, 3)
    assert sample.vertices.shape == (6890, 3)
    with pytest.raises(BrokenSampleError, match=r"image_00002.jpg"):
        people[1]


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (lambda t: t.pop("cam_poses"), "cam_poses is missing"),
        (lambda t: t.update(poses=[]), "poses: missing or empty"),
        (lambda t: t.update(poses=[np.zeros((3, 66))]), r"poses\[0\]: \(3, 66\) float64; expected numbers \(3, 72\)"),
        (lambda t: t.update(campose_valid=[]), r"campose_valid\[0\] is missing"),
        (lambda t: t.update(cam_intrinsics=np.eye(4)), r"cam_intrinsics: \(4, 4\)"),
    ],
)
def test_sequence_with_an_odd_entry_is_one_line(tmp_path: Path, change: Any, wrong: str) -> None:
    table = sequence(tmp_path)
    change(table)
    with pytest.raises(ModelError, match=wrong):
        read_3dpw(written(tmp_path, table), tmp_path, BODY, 64)


class Harmful:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("touch harmed",)


def test_sequence_runs_no_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError):
        read_3dpw(written(tmp_path, {"poses": Harmful()}), tmp_path, BODY, 64)
    assert not (tmp_path / "harmed").exists()
    with pytest.raises(ModelError, match="a dictionary is expected"):
        read_3dpw(written(tmp_path, [1]), tmp_path, BODY, 64)
