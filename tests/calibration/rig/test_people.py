"""Poses of cameras from people."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from calibration.camera import Camera
from calibration.intrinsics import CalibrationError
from calibration.rig.board_poses import project
from calibration.rig.people import Sighting, refine, stature
from calibration.world import WorldPose
from tests.support.rigs import aligned_errors, ring

F64 = NDArray[np.float64]
STANDING = np.array(
    [
        *([0, 0.1, 1.65], [0.03, 0.1, 1.68], [-0.03, 0.1, 1.68], [0.07, 0, 1.66], [-0.07, 0, 1.66]),
        *([0.18, 0, 1.42], [-0.18, 0, 1.42], [0.3, 0, 1.15], [-0.3, 0, 1.15], [0.35, 0.1, 0.92], [-0.35, 0.1, 0.92]),
        *([0.1, 0, 0.92], [-0.1, 0, 0.92], [0.12, 0.03, 0.5], [-0.12, 0.03, 0.5], [0.12, 0, 0.08], [-0.12, 0, 0.08]),
    ]
)


def turned(axis: int, angles: F64) -> F64:
    """Rotations (F, 3, 3) about an axis."""
    return np.asarray(Rotation.from_rotvec(angles[:, None] * np.eye(3)[axis]).as_matrix())


def walking(frames: int, seed: int, center: F64) -> F64:
    """Keypoints (F, 17, 3) of a person who walks in a circle, swinging arms and legs."""
    rng = np.random.default_rng(seed)
    time = np.arange(frames) / 15
    points = np.repeat(STANDING[None], frames, axis=0)
    for shoulder, elbow, wrist, sign in ((5, 7, 9, 1), (6, 8, 10, -1), (11, 13, 15, -1), (12, 14, 16, 1)):
        swing = turned(0, 0.6 * sign * np.sin(5 * time))
        for joint in (elbow, wrist):
            limb = STANDING[joint] - STANDING[shoulder]
            points[:, joint] = points[:, shoulder] + swing @ limb
    turn = turned(2, 0.8 * time + rng.uniform(0, 6))
    place = 0.6 * np.stack([np.cos(0.8 * time), np.sin(0.8 * time), 0 * time], 1)
    return np.asarray(np.einsum("fij,fkj->fki", turn, points) + place[:, None] + center)


def sightings(cameras: dict[str, Camera], people: list[F64], noise_px: float) -> dict[str, list[Sighting]]:
    rng = np.random.default_rng(5)
    seen = {}
    for number, (name, camera) in enumerate(cameras.items()):
        assert camera.world is not None
        order = list(reversed(range(len(people)))) if number % 2 else list(range(len(people)))  # ids differ by camera
        frames = []
        for frame in range(len(people[0])):
            world = np.stack([people[index][frame] for index in order])
            pixels = project(camera, world @ camera.world.rotation.T + camera.world.translation)
            pixels = pixels + rng.normal(0, noise_px, pixels.shape)
            pixels[rng.random(pixels.shape[:2]) < 0.02] += 80
            frames.append(Sighting(np.arange(len(order)), pixels, np.full(pixels.shape[:2], 0.8)))
        seen[name] = frames
    return seen


def rough(cameras: dict[str, Camera], degrees: float, shift_m: float) -> dict[str, Camera]:
    rng = np.random.default_rng(2)
    result = {}
    for name, camera in cameras.items():
        assert camera.world is not None
        axis, shift = rng.normal(size=(2, 3))
        axis, shift = axis / np.linalg.norm(axis), shift_m * shift / np.linalg.norm(shift)
        rotation = Rotation.from_rotvec(np.radians(degrees) * axis).as_matrix() @ camera.world.rotation
        result[name] = replace(camera, world=WorldPose(rotation, -rotation @ (camera.world.position + shift)))
    return result


def matrices(cameras: dict[str, Camera]) -> F64:
    found = np.tile(np.eye(4), (len(cameras), 1, 1))
    for pose, camera in zip(found, cameras.values(), strict=True):
        assert camera.world is not None
        pose[:3, :3], pose[:3, 3] = camera.world.rotation, camera.world.translation
    return found


def test_rough_poses_are_refined_by_two_people() -> None:
    cameras = ring(3, radius_m=3.5)
    people = [walking(40, 0, np.array([-0.5, 0, 0])), walking(40, 1, np.array([0.9, 0.4, 0]))]
    seen, start = sightings(cameras, people, 3.0), rough(cameras, 5.0, 0.1)
    true_stature = stature(people[0])
    found = refine(start, seen, true_stature)
    before, _ = aligned_errors(matrices(cameras), matrices(start))
    rotation, position = aligned_errors(matrices(cameras), matrices(found.cameras))
    assert before.max() > 3
    assert rotation.max() < 0.6
    assert position.max() < 0.05
    assert stature(found.points) == pytest.approx(true_stature, rel=1e-3)
    assert all(spread.rotation_deg < 1 for spread in found.uncertainty.values())


def test_too_few_people_are_an_error() -> None:
    cameras = ring(2)
    empty = Sighting(np.zeros(0, int), np.zeros((0, 17, 2)), np.zeros((0, 17)))
    with pytest.raises(CalibrationError, match="no person is seen by two cameras at once"):
        refine(cameras, {name: [empty] * 5 for name in cameras})
    short = [walking(3, 0, np.zeros(3))]
    with pytest.raises(CalibrationError, match="seen by two cameras at once"):
        refine(cameras, sightings(cameras, short, 1.0))
