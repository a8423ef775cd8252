"""IUV maps drawn live, against those of rendered people."""

from __future__ import annotations

import numpy as np
import pytest

from engines.body.body import open_body
from engines.heads.base import People, RootMesh
from engines.heads.live_iuv import LiveIuv, lens_of, root_of
from engines.training.sample import COCO
from tests.support.rendered import rendered_people

BODY = open_body()


class TrueMesh:
    """A mesh head that knows the person."""

    body = BODY
    joint_names = BODY.joint_names
    crops = None
    warning = ""

    def __init__(self, number: int, usable: bool = True) -> None:
        self._sample, self._usable = rendered_people(occluded=0.0)[number], usable

    def reset(self) -> None: ...

    def __call__(self, people: People) -> RootMesh:
        landmarks = self._sample.points_3d[None, COCO, :3]
        return RootMesh(np.array([self._usable]), landmarks, landmarks, self._sample.vertices[None])


def person(number: int, region: tuple[float, float, float, float] = (0, 0, 64, 64)) -> People:
    sample = rendered_people(occluded=0.0)[number]
    keypoints = sample.points_2d[None, COCO, :2]
    rays = (keypoints - sample.K[:2, 2]) / sample.K[[0, 1], [0, 1]]
    scores = np.full((1, 17), 0.9, np.float32)
    return People(keypoints, scores, rays.astype(np.float32), regions=np.array([region], np.float32))


@pytest.mark.parametrize("number", [0, 3])
def test_live_iuv_is_that_of_the_rendered_person(number: int) -> None:
    true = rendered_people(occluded=0.0)[number]
    (made,) = LiveIuv(TrueMesh(number), (64, 64))(person(number))
    part = np.rint((made[0] + 1) / 2 * 24).astype(int)
    part[made[0] == -1] = 0
    same = part == true.parts
    assert same.mean() > 0.995
    inside = same & (true.parts > 0)
    np.testing.assert_allclose((made[1:, inside].T + 1) / 2, true.uv[inside], atol=5e-3)


def test_live_iuv_of_a_region_is_that_part_of_the_image() -> None:
    live = LiveIuv(TrueMesh(0), (64, 64))
    (whole,) = live(person(0))
    (quarter,) = live(person(0, (16, 8, 48, 40)))
    np.testing.assert_array_equal(quarter[:, ::2, ::2][0] > -1, whole[0, 8:40, 16:48] > -1)


def test_live_iuv_without_a_mesh_or_a_place_is_background() -> None:
    assert (LiveIuv(TrueMesh(0, usable=False), (32, 32))(person(0)) == -1).all()
    given = person(0)
    gathered = People(given.keypoints, given.scores, np.zeros_like(given.rays), regions=given.regions)
    assert (LiveIuv(TrueMesh(0), (32, 32))(gathered) == -1).all()


def test_root_and_lens_are_found_from_keypoints() -> None:
    rng = np.random.default_rng(0)
    landmarks, root = rng.normal(0, 0.4, (10, 3)), np.array([0.3, -0.2, 4.0])
    points = landmarks + root
    rays = points[:, :2] / points[:, 2:]
    np.testing.assert_allclose(root_of(landmarks, rays), root, atol=1e-9)
    lens = np.array([[900.0, 920.0], [640.0, 360.0]])
    np.testing.assert_allclose(lens_of(rays, rays * lens[0] + lens[1]), lens, atol=1e-6)
