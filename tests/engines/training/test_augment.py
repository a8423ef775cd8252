"""Every annotation of a varied sample is that of the varied person: compared by projection and skinning."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engines.body.body import open_body
from engines.body.visible_surface import SurfaceFinder
from engines.training.augment import AugmentConfig, Augmenter, transformed
from engines.training.body_points import BodyPoints
from engines.training.sample import COCO, HIDDEN, POINTS, SEEN, SMPL, Sample
from tests.support.rendered import rendered_people

BODY = open_body()
AUGMENTER = Augmenter(BODY, AugmentConfig())
SIZE = 96


def projected(sample: Sample, points: np.ndarray) -> np.ndarray:
    camera = points + sample.root
    return (camera / camera[:, 2:] @ sample.K.T)[:, :2]


def check(sample: Sample) -> None:
    """Keypoints, joints, mesh, rotations, maps and camera of one person agree."""
    np.testing.assert_allclose(projected(sample, sample.points_3d[:, :3]), sample.points_2d[:, :2], atol=0.02)
    vertices, joints = BODY.skin(sample.rotations[None], sample.shape[None])
    # Skinning weights of the body's sides differ a little; its surface does not.
    np.testing.assert_allclose(vertices[0] - joints[0, 0], sample.vertices, atol=4e-3)
    np.testing.assert_allclose(joints[0] - joints[0, 0], sample.points_3d[SMPL, :3], atol=4e-3)
    points = BodyPoints(BODY)(sample.vertices, sample.points_3d[SMPL, :3])
    np.testing.assert_allclose(points[COCO], sample.points_3d[COCO, :3], atol=3e-3)
    check_maps(sample)


def check_maps(sample: Sample) -> None:
    """The maps are those of the mesh, but for pixels at its edges."""
    size = sample.image.shape[0]
    camera = sample.vertices + sample.root
    screen = np.column_stack([projected(sample, sample.vertices), camera[:, 2]]).astype(np.float32)
    surface = SurfaceFinder(BODY.faces, (size, size))(screen)
    inside = surface.covered & sample.silhouette
    assert inside.sum() > 0.85 * (surface.covered | sample.silhouette).sum()
    assert BODY.uv is not None
    uv = np.asarray(surface.paint(np.asarray(surface.mix(BODY.uv.coordinates, BODY.uv.faces), np.float32)))
    off = np.abs(uv - sample.uv).max(-1)[inside]
    assert np.median(off) < 0.02
    assert (off < 0.05).mean() > 0.75


@pytest.mark.parametrize("number", [0, 3])
def test_flip_exchanges_left_and_right_in_every_annotation(number: int) -> None:
    sample = rendered_people(SIZE)[number]
    flipped = AUGMENTER.flipped(sample)
    check(flipped)
    left, right = (POINTS.index(f"coco_{side}_wrist") for side in ("left", "right"))
    np.testing.assert_allclose(flipped.points_2d[left, 0], SIZE - 1 - sample.points_2d[right, 0], atol=1e-3)
    np.testing.assert_array_equal(flipped.image, sample.image[:, ::-1])
    twice = AUGMENTER.flipped(flipped)
    for name in ("points_2d", "points_3d", "rotations", "vertices", "K", "root", "silhouette", "occluded", "parts"):
        np.testing.assert_allclose(getattr(twice, name), getattr(sample, name), atol=1e-4, err_msg=name)


@pytest.mark.parametrize(("angle", "scale"), [(0.5, 0.8), (-1.2, 1.3), (0.0, 1.0)])
def test_rotation_and_scale_move_every_annotation(angle: float, scale: float) -> None:
    sample = rendered_people(SIZE, occluded=0.0)[1]
    moved = transformed(sample, angle, scale)
    np.testing.assert_allclose(projected(moved, moved.points_3d[:, :3]), moved.points_2d[:, :2], atol=0.02)
    middle = (SIZE - 1) / 2
    offset = sample.points_2d[:, :2] - middle
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    np.testing.assert_allclose(moved.points_2d[:, :2], offset @ turn.T + middle, atol=1e-3)
    vertices, joints = BODY.skin(moved.rotations[None], moved.shape[None])
    np.testing.assert_allclose(vertices[0] - joints[0, 0], moved.vertices, atol=1e-4)
    shown = (moved.points_2d[:, :2] > -0.5).all(1) & (moved.points_2d[:, :2] < SIZE - 0.5).all(1)
    assert (moved.points_2d[~shown, 2] != SEEN).all()
    if scale <= 1:
        check_maps(moved)


def test_crop_moves_its_center_to_the_middle() -> None:
    sample = rendered_people(SIZE)[2]
    x, y = sample.points_2d[24, :2].tolist()
    moved = transformed(sample, 0.3, 2.0, (x, y))
    np.testing.assert_allclose(moved.points_2d[24, :2], (SIZE - 1) / 2, atol=1e-3)
    np.testing.assert_allclose(projected(moved, moved.points_3d[:, :3]), moved.points_2d[:, :2], atol=0.05)


def test_occluders_hide_the_keypoints_under_them() -> None:
    sample = rendered_people(SIZE, occluded=0.0)[1]
    vary = Augmenter(BODY, AugmentConfig(0, 0, 0, 0, 0, 0, occluded=1.0))
    hidden = 0
    for seed in range(6):
        made = vary(sample, np.random.default_rng(seed))
        covered = made.occluded & ~sample.occluded
        touched = (made.image != sample.image).any(-1)
        assert (touched & ~covered).mean() < 0.05  # soft edges
        changed = (made.points_2d[:, 2] == HIDDEN) & (sample.points_2d[:, 2] == SEEN)
        column, row = np.rint(made.points_2d[changed, :2]).astype(int).T
        assert covered[row, column].all()
        hidden += int(changed.sum())
    assert hidden


def test_variation_follows_from_its_random_numbers_and_keeps_what_is_missing_missing() -> None:
    sample = rendered_people(SIZE)[0]
    first, second = (AUGMENTER(sample, np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(first.image, second.image)
    assert not np.array_equal(first.image, AUGMENTER(sample, np.random.default_rng(8)).image)
    bare = replace(sample, **dict.fromkeys(("K", "rotations", "shape", "vertices", "parts", "uv", "root", "points_3d")))
    for seed in range(6):
        made = AUGMENTER(bare, np.random.default_rng(seed))
        assert made.rotations is None
        assert made.parts is None
        assert made.points_2d.shape == (58, 3)


def test_flip_of_a_body_without_symmetry_drops_what_has_no_counterpart() -> None:
    bent = BODY.v_template.copy()
    bent[:100, 0] += 0.1
    flipped = Augmenter(replace(BODY, v_template=bent), AugmentConfig()).flipped(rendered_people(SIZE)[0])
    assert flipped.vertices is None
    assert flipped.uv is None
    assert flipped.parts is not None
    assert flipped.rotations is not None
