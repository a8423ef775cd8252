"""Roots, proportions and heights of feet of people of unknown size."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from calibration.camera import Camera
from edge.stages.body_config import PlacementConfig
from edge.stages.body_skeleton import BodySkeleton
from edge.stages.placement import Placements, solve_placements
from engines.body.body import open_body
from engines.body.neutral import neutral_shape
from engines.heads.base import RootMesh
from tests.support import sized_people
from tests.support.sized_people import Person, meshes, person

TALL = np.array([1.3, -0.5, 0.2, 0.8, 0, 0, 0, 0, 0, 0], np.float32)


@pytest.fixture(scope="module")
def skeleton() -> BodySkeleton:
    return BodySkeleton(sized_people.model(), neutral_shape(open_body()), 10)


def solve(
    skeleton: BodySkeleton, people: list[Person], seen_by: Camera, keypoints_off_px: np.ndarray | float = 0.0
) -> Placements:
    frame = sized_people.tracked(people, seen_by, 0.0)
    rays = seen_by.rays(frame.pose.keypoints + keypoints_off_px)
    expected = np.repeat(TALL[None].astype(np.float64), len(people), 0)
    mesh = meshes(people)
    return solve_placements(skeleton, mesh, rays, frame.pose.scores, expected, seen_by.floor, PlacementConfig())


def test_placements_root_of_the_true_shape_is_the_true_root(skeleton: BodySkeleton) -> None:
    people = [person(TALL, seed=seed) for seed in range(6)]
    found = solve(skeleton, people, sized_people.camera())
    roots = found.root + found.root_dirs @ TALL
    # The landmarks of the head's body, which is the mean one, lie up to a centimeter beside those of the person.
    np.testing.assert_allclose(roots, [p.joints[0] for p in people], atol=0.06)
    small = found.root + found.root_dirs @ np.array([-2.0, *np.zeros(9)])
    assert (small[:, 2] < roots[:, 2] - 0.4).all()


@pytest.mark.parametrize("raised_m", [0.0, 0.25])
def test_placements_height_of_the_lower_foot_is_the_true_one(skeleton: BodySkeleton, raised_m: float) -> None:
    people = [person(TALL, seed=seed, raised_m=raised_m) for seed in range(6)]
    found = solve(skeleton, people, sized_people.camera())
    truth = np.array([p.joints[0] for p in people]) - (found.root + found.root_dirs @ TALL)
    heights = found.heights + found.height_dirs @ TALL + np.einsum("nfc,nc->nf", found.height_root, truth)
    np.testing.assert_allclose(heights.min(1), raised_m, atol=0.03)


def test_placements_without_a_floor_have_no_heights(skeleton: BodySkeleton) -> None:
    found = solve(skeleton, [person(TALL)], sized_people.camera(None))
    assert np.isnan(found.heights).all()
    assert np.isfinite(found.root).all()


def test_placements_without_people_are_empty(skeleton: BodySkeleton) -> None:
    found = solve_placements(
        skeleton,
        no_mesh(),
        np.empty((0, 17, 2), np.float32),
        np.empty((0, 17), np.float32),
        np.empty((0, 10)),
        None,
        PlacementConfig(),
    )
    assert found.root.shape == (0, 3)
    assert found.proportions.shape == (0, 10, 11)


def no_mesh() -> RootMesh:
    one = person(TALL).mesh
    return replace(
        one, usable=one.usable[:0], landmarks=one.landmarks[:0], joints=one.joints[:0], vertices=one.vertices[:0]
    )


def test_placements_resist_a_keypoint_on_something_else(skeleton: BodySkeleton) -> None:
    people = [person(TALL, seed=seed) for seed in range(6)]
    plain = solve(skeleton, people, sized_people.camera())
    off = np.zeros((6, 17, 2), np.float32)
    off[:, 15] = [160, -120]  # an ankle; people are about 300 px tall
    found = solve(skeleton, people, sized_people.camera(), off)
    moved = np.linalg.norm((found.root - plain.root) + (found.root_dirs - plain.root_dirs) @ TALL, axis=1)
    assert np.median(moved) < 0.06


def test_placements_ignore_unseen_keypoints_and_bad_rows(skeleton: BodySkeleton) -> None:
    people = [person(TALL, seed=seed) for seed in range(2)]
    frame = sized_people.tracked(people, sized_people.camera(), 0.0)
    rays, scores, mesh = frame.camera.rays(frame.pose.keypoints), frame.pose.scores.copy(), meshes(people)
    scores[0, 15:] = 0.01
    expected = np.zeros((2, 10))

    def solved(rays: np.ndarray, mesh: RootMesh) -> Placements:
        return solve_placements(skeleton, mesh, rays, scores, expected, frame.camera.floor, PlacementConfig())

    plain = solved(rays, mesh)
    assert np.isnan(plain.heights[0]).all()
    rays[0, 15:] = np.nan
    bad = mesh.joints.copy()
    bad[1] = np.nan
    found = solved(rays, replace(mesh, joints=bad))
    np.testing.assert_allclose(found.root[0], plain.root[0], atol=1e-3)


def test_placements_depth_is_less_certain_than_the_bearing(skeleton: BodySkeleton) -> None:
    cov = solve(skeleton, [person(TALL)], sized_people.camera()).root_cov[0]
    assert cov[2, 2] > 4 * max(cov[0, 0], cov[1, 1])
    assert 0.03 < np.sqrt(cov[2, 2]) < 0.3
