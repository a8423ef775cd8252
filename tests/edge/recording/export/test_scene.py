"""People placed in the world of a camera's pose."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from calibration.world import WorldPose
from edge.recording.export.animation import Animation, RecordedPeople, View
from edge.recording.export.scene import floor_extent, scene_of
from meshcast.protocol.rotations import quaternion
from tests.support.exports import body
from tests.support.people import walker

VIEW = View(np.array([[60.0, 0, 31.5], [0, 50.0, 23.5], [0, 0, 1]]), (64, 48))
GLTF_OF_OPENCV = np.diag([1.0, -1.0, -1.0])


def seen_by(pose: WorldPose, person: Animation, points: NDArray[np.float64], root: NDArray[np.float64]) -> Animation:
    """The person with these root positions (T, 3) and root rotations (T, 3, 3) in the world, in the camera's frame."""
    quaternions = person.quaternions.copy()
    quaternions[:, 0] = quaternion(GLTF_OF_OPENCV @ pose.rotation @ root)
    translation = (points @ pose.rotation.T + pose.translation) @ GLTF_OF_OPENCV
    return replace(person, quaternions=quaternions, translation=translation.astype(np.float32))


@pytest.mark.parametrize(("tilt", "roll"), [(0.0, 0.0), (35.0, 0.0), (-20.0, 12.0)])
def test_scene_of_camera_pose_is_level_with_floor_at_zero(tilt: float, roll: float) -> None:
    pose = WorldPose.of_height(2.5, tilt, roll)
    person = walker(body(), frames=5)
    points = np.column_stack([np.linspace(-1, 1, 5), np.full(5, 4.0), np.full(5, 0.9)])  # z up, hips above the floor
    z_up_of_body = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])  # upright in the world
    scene = scene_of(
        RecordedPeople("cam0", [seen_by(pose, person, points, np.tile(z_up_of_body, (5, 1, 1)))], VIEW), pose
    )
    (placed,) = scene.people
    assert scene.level
    assert placed.translation == pytest.approx(np.column_stack([points[:, 0], points[:, 2], -points[:, 1]]), abs=1e-5)
    assert np.abs(placed.quaternions[:, 0, 3]) == pytest.approx(1, abs=1e-6)  # no rotation: y is up
    assert (placed.quaternions[:, 1:] == person.quaternions[:, 1:]).all()
    assert scene.camera.position == pytest.approx([0, 2.5, 0])
    forward = -scene.camera.rotation[:, 2]
    assert forward == pytest.approx([0, -np.sin(np.radians(tilt)), -np.cos(np.radians(tilt))])


def test_scene_of_unknown_pose_keeps_the_frame_of_the_camera() -> None:
    person = walker(body(), frames=5)
    scene = scene_of(RecordedPeople("cam0", [person], VIEW), None)
    assert not scene.level
    assert scene.people == (person,)
    assert (scene.camera.rotation == np.eye(3)).all()
    assert not scene.camera.position.any()


def test_floor_extent_surrounds_all_people() -> None:
    people = [
        replace(walker(body(), frames=2), translation=np.array([[x, 1, -4.2], [x + 1, 1, -3]], np.float32))
        for x in (-2.5, 6.0)
    ]
    low, high = floor_extent(people)
    assert (low.tolist(), high.tolist()) == ([-5, -7], [9, -1])
