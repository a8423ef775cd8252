"""The saved stream of a room against the truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge.evaluation.room import evaluate_room
from edge.evaluation.truth import TruthError
from engines.body.body import open_body
from engines.heads.landmarks import Landmarks
from engines.joint_sets import COCO17
from tests.support.rooms import look_at

FRAMES = 12


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A room with a still and a walking person, of whom the second one is in the truth."""
    body = open_body()
    camera = look_at((4, -3, 2), (0, 0, 1))
    assert camera.world is not None
    upright = np.array([[0, 0, 1], [1, 0, 0], [0, 1, 0]], np.float32)
    vertices = (body.v_template @ upright.T + [0, 0, 1]).astype(np.float32)
    joints = (body.joint_regressor @ vertices).astype(np.float32)
    step = np.linspace(0, 0.5, FRAMES, dtype=np.float32)[:, None, None] * np.array([1, 0, 0], np.float32)
    walking, still = vertices + step, np.repeat(vertices[None] + np.array([0, 2, 0], np.float32), FRAMES, 0)
    points = Landmarks(body, COCO17.joint_names)(walking, joints + step)
    seen = points @ camera.world.rotation.T + camera.world.translation
    truth, room = tmp_path / "truth.npz", tmp_path / "room.npz"
    np.savez(
        truth,
        joint_names=np.array(COCO17.joint_names),
        cam1_joints_cam_m=seen.astype(np.float32),
        cam1_K=camera.K,
        cam1_dist=np.zeros(4),
        cam1_R=camera.world.rotation,
        cam1_t=camera.world.translation,
    )
    offset = np.array([0, 0, 0.03], np.float32)  # of the room's walking person
    np.savez(
        room,
        frame=np.tile(np.arange(FRAMES), 2),
        t_s=np.tile(np.arange(FRAMES) / 30, 2),
        vertices=np.concatenate([still, walking + offset]),
        joints=np.concatenate([still[:, : len(joints)], joints + step + offset]),
        cameras=np.array(["a", "b"]),
    )
    return room, truth


def test_evaluate_room_finds_the_person_of_the_truth(files: tuple[Path, Path]) -> None:
    score = evaluate_room(*files)
    assert (score.frames, score.matched) == (FRAMES, FRAMES)
    assert score.mpjpe_mm < 0.1
    assert score.root_error_m == pytest.approx(0.03, abs=1e-3)


def test_evaluate_room_of_another_file_is_an_error(files: tuple[Path, Path], tmp_path: Path) -> None:
    room, truth = files
    np.savez(tmp_path / "cam.npz", frame=np.arange(3))
    with pytest.raises(TruthError, match=r"has no t_s, joints, vertices, cameras; give the room\.npz"):
        evaluate_room(tmp_path / "cam.npz", truth)
    with pytest.raises(TruthError, match="no camera 'cam9'"):
        evaluate_room(room, truth, "cam9")


def test_evaluate_room_truth_without_poses_is_an_error(files: tuple[Path, Path], tmp_path: Path) -> None:
    room, truth = files
    with np.load(truth) as arrays:
        np.savez(tmp_path / "bare.npz", **{key: arrays[key] for key in arrays if key[-2:] not in ("_R", "_t")})
    with pytest.raises(TruthError, match="its cameras have no poses"):
        evaluate_room(room, tmp_path / "bare.npz")
