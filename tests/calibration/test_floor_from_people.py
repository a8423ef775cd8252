"""floor_from_people: height, tilt and roll of a camera from standing people."""

from __future__ import annotations

import numpy as np
import pytest

from calibration.camera import Camera
from calibration.floor_from_people import FloorError, Stances, floor_from_people
from calibration.floor_image import floor_image
from calibration.world import WorldPose

ANKLE_M = 0.09
CENTER_M = 1.0  # height of a center of mass


def walkers(
    pose: WorldPose, rng: np.random.Generator, people: int = 5, stances: int = 30, near: float = 3, far: float = 9
) -> Stances:
    """People at random places in front of the camera, with errors of size, distance and lean."""
    names, feet, centers = [], [], []
    for person in range(people):
        size, lean = np.exp(rng.normal(0, 0.05)), rng.normal(0, 0.04, 2)
        for _ in range(stances):
            where = np.array([rng.uniform(-2, 2), rng.uniform(near, far), 0])
            foot = np.add(where, (0, 0, ANKLE_M + rng.normal(0, 0.015)))
            center = np.add(where, (*(CENTER_M * (lean + rng.normal(0, 0.05, 2))), CENTER_M))
            seen = np.array([foot, center]) @ pose.rotation.T + pose.translation
            seen *= size * np.exp(rng.normal(0, 0.02))
            names.append(person)
            feet.append(seen[0])
            centers.append(seen[1])
    return Stances(np.array(names), np.array(feet), np.array(centers), ANKLE_M)


@pytest.mark.parametrize(
    ("height", "tilt", "roll"), [(1.2, 0.0, 0.0), (2.4, 20.0, -3.0), (5.5, 35.0, 4.0), (1.6, -5.0, 12.0)]
)
def test_floor_from_people_several_walkers_give_the_camera(
    height: float, tilt: float, roll: float, rng: np.random.Generator
) -> None:
    found = floor_from_people(walkers(WorldPose.of_height(height, tilt, roll), rng))
    assert found.tilt_deg == pytest.approx(tilt, abs=2.5)
    assert found.roll_deg == pytest.approx(roll, abs=2.5)
    assert found.height_m == pytest.approx(height, rel=0.12)
    assert found.people == 5
    assert found.stances == 150
    np.testing.assert_allclose(found.pose.floor.height_m, found.height_m)


def test_floor_from_people_deviations_cover_the_errors() -> None:
    pose = WorldPose.of_height(2.0, 15.0, 3.0)
    off = []
    for seed in range(12):
        found = floor_from_people(walkers(pose, np.random.default_rng(seed), people=2, stances=10))
        off.append((found.tilt_deg - 15.0) / found.tilt_std_deg)
        off.append((found.roll_deg - 3.0) / found.roll_std_deg)
        off.append((found.height_m - 2.0) / found.height_std_m)
    assert np.sqrt(np.mean(np.square(off))) < 1.5


def test_floor_from_people_one_bad_person_changes_little(rng: np.random.Generator) -> None:
    pose = WorldPose.of_height(2.0, 15.0)
    good = walkers(pose, rng)
    bad = walkers(WorldPose.of_height(2.0, 60.0), rng, people=1)
    both = Stances(
        np.concatenate([good.people, bad.people + 5]),
        np.concatenate([good.feet, bad.feet]),
        np.concatenate([good.centers, bad.centers]),
        ANKLE_M,
    )
    assert floor_from_people(both).tilt_deg == pytest.approx(15.0, abs=4)


def test_floor_from_people_too_few_is_one_line(rng: np.random.Generator) -> None:
    with pytest.raises(FloorError, match="3 observations of standing people, and at least 8 are needed; use a longer"):
        floor_from_people(walkers(WorldPose.of_height(2.0), rng, people=1, stances=3))


def test_floor_image_draws_below_the_horizon_only() -> None:
    camera = Camera.from_fov((320, 240), 60)
    flat = Camera(camera.size, camera.K, camera.distortion, world=WorldPose.of_height(1.5))
    black = np.zeros((240, 320, 3), np.uint8)
    drawn = floor_image(black, flat)
    assert not black.any()
    assert not drawn[:118].any()
    assert (drawn[130:] > 0).mean() > 0.02
    with pytest.raises(ValueError, match="without a pose"):
        floor_image(black, camera)
