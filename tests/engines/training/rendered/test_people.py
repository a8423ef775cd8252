"""Rendered people: every annotation follows from pose, shape and camera, and a sample from its number."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from engines.body.body import open_body
from engines.body.face_parts import face_parts
from engines.errors import ModelError
from engines.training.body_points import regressors
from engines.training.rendered.config import RenderConfig
from engines.training.rendered.people import RenderedPeople
from engines.training.rendered.sensor import decoded
from engines.training.sample import COCO, H36M, HIDDEN, SEEN, SMPL, annotations_of
from tests.support.rendered import rendered_people, sample_pose_set

BODY = open_body()


def test_person_vertices_and_points_are_those_of_the_skinned_body() -> None:
    sample = rendered_people()[3]
    vertices, joints = BODY.skin(sample.rotations[None], sample.shape[None])
    np.testing.assert_allclose(sample.vertices, vertices[0] - joints[0, 0], atol=2e-5)
    np.testing.assert_allclose(sample.points_3d[SMPL, :3], joints[0] - joints[0, 0], atol=2e-5)
    np.testing.assert_allclose(sample.points_3d[COCO, :3], BODY.coco_regressor @ sample.vertices, atol=2e-5)
    rows, known = regressors(BODY)
    np.testing.assert_allclose(sample.points_3d[H36M, :3], rows[17:] @ sample.vertices, atol=2e-5)
    assert known.all()
    assert (sample.points_3d[:, 3] == 1).all()


def test_person_keypoints_are_projections() -> None:
    sample = rendered_people()[4]
    points = sample.points_3d[:, :3].astype(np.float64) + sample.root
    pixels = points / points[:, 2:] @ sample.K.astype(np.float64).T
    np.testing.assert_allclose(sample.points_2d[:, :2], pixels[:, :2], atol=2e-3)


def test_person_iuv_map_leads_back_to_every_pixel() -> None:
    """The surface point with a pixel's texture coordinates projects onto the pixel's center."""
    people = rendered_people()
    checked = 0
    for number in range(4):
        sample = people[number]
        rows, columns = np.nonzero(sample.silhouette)
        uv = sample.uv[rows, columns].astype(np.float64)
        corners = BODY.uv.coordinates.astype(np.float64)[BODY.uv.faces]
        part = face_parts(BODY)
        for row, column, at in list(zip(rows, columns, uv, strict=True))[:: max(1, len(rows) // 40)]:
            weights = barycentric(corners, at)
            worst = weights.min(1)
            # Texture coordinates are rounded: a pixel on an edge may belong to either face.
            faces = np.flatnonzero(worst > -0.05)
            assert len(faces)
            point = (weights[faces, :, None] * sample.vertices[BODY.faces[faces]]).sum(1) + sample.root
            pixels = point / point[:, 2:] @ sample.K.T
            near = np.hypot(pixels[:, 0] - column, pixels[:, 1] - row)
            best = int(near.argmin())
            assert near[best] < 0.05
            assert part[faces[best]] + 1 == sample.parts[row, column] or worst[faces[best]] < 0.02
            checked += 1
    assert checked > 100


def barycentric(corners: np.ndarray, point: np.ndarray) -> np.ndarray:
    a, b, c = (corners[:, k] - point for k in range(3))
    cross = [p[:, 0] * q[:, 1] - p[:, 1] * q[:, 0] for p, q in ((b, c), (c, a), (a, b))]
    return np.asarray(np.stack(cross, 1) / np.sum(cross, 0)[:, None])


def test_person_maps_agree_on_the_silhouette() -> None:
    sample = rendered_people()[5]
    np.testing.assert_array_equal(sample.parts > 0, sample.silhouette)
    assert not sample.uv[~sample.silhouette].any()
    assert sample.parts.max() <= 24


def test_person_hidden_points_are_under_occluders_or_outside_or_behind() -> None:
    people = rendered_people(occluded=1.0)
    flags = set()
    for number in range(6):
        sample = people[number]
        x, y = np.rint(sample.points_2d[:, 0]).astype(int), np.rint(sample.points_2d[:, 1]).astype(int)
        inside = (x >= 0) & (x < 64) & (y >= 0) & (y < 64)
        seen = sample.points_2d[:, 2] == SEEN
        assert not (seen & ~inside).any()
        assert not sample.occluded[y[seen], x[seen]].any()
        flags |= set(sample.points_2d[:, 2].tolist())
    assert flags == {HIDDEN, SEEN}


def test_person_depends_on_seed_and_number_only() -> None:
    config = RenderConfig(size=64)
    first = RenderedPeople(BODY, sample_pose_set(), config)
    second = RenderedPeople(BODY, sample_pose_set(), config)
    _ = second[11], second[2]
    a, b = first[7], second[7]
    np.testing.assert_array_equal(a.image, b.image)
    for name, value in annotations_of(a).items():
        np.testing.assert_array_equal(value, annotations_of(b)[name])
    other = RenderedPeople(BODY, sample_pose_set(), replace(config, seed=1))[7]
    held_out = rendered_people(held_out=True)[7]
    for different in (first[8], other, held_out):
        assert not np.array_equal(a.rotations, different.rotations)
        assert not np.array_equal(a.shape, different.shape)


def test_person_encoded_image_is_the_sample() -> None:
    made = rendered_people().encoded(2)
    np.testing.assert_array_equal(decoded(made.jpeg), made.sample.image)


def test_person_faces_the_camera_within_the_yaw_of_the_configuration() -> None:
    # The camera looks horizontally: the direction from the back to the chest is in the camera's axes as in the world's.
    level = RenderConfig(size=32, pitch_rad=(0.0, 0.0), roll_rad=0.0)
    poses = sample_pose_set()
    turned = {}
    for yaw in (np.pi, 0.5):
        people = RenderedPeople(BODY, poses, replace(level, yaw_rad=yaw))
        forward = np.stack([people[number].rotations[0, :, 2] for number in range(24)])
        turned[yaw] = np.abs(np.arctan2(forward[:, 0], -forward[:, 2]))
    assert turned[0.5].max() <= 0.5 + 1e-5
    assert turned[np.pi].max() > 1.5
    assert 0.1 < turned[0.5].mean() < 0.4


def test_person_before_images_of_a_folder(tmp_path: Path) -> None:
    image = np.full((40, 60, 3), (0, 0, 255), np.uint8)  # red, BGR
    cv2.imwrite(str(tmp_path / "red.png"), image)
    (tmp_path / "broken.png").write_bytes(b"not a image")
    config = RenderConfig(size=48, backgrounds=tmp_path, occluded=0.0, noise=0.0)
    people = RenderedPeople(BODY, sample_pose_set(), config)
    for number in range(4):
        sample = people[number]
        background = sample.image[~cv2.dilate(sample.silhouette.astype(np.uint8), np.ones((9, 9))).astype(bool)]
        assert background[:, 0].mean() > background[:, 1:].mean() + 80
    assert people.images is not None
    assert people.images.broken == {tmp_path / "broken.png"}


@pytest.mark.parametrize("made", ["missing", "empty"])
def test_person_backgrounds_without_images_are_refused(tmp_path: Path, made: str) -> None:
    folder = tmp_path / made
    if made == "empty":
        folder.mkdir()
    with pytest.raises(ModelError, match="--backgrounds"):
        RenderedPeople(BODY, sample_pose_set(), RenderConfig(backgrounds=folder))


def test_person_of_a_body_without_texture_is_refused() -> None:
    with pytest.raises(ModelError, match="texture coordinates"):
        RenderedPeople(replace(BODY, uv=None), sample_pose_set(), RenderConfig())


def test_person_of_impossible_size_is_refused() -> None:
    with pytest.raises(ModelError, match="choose a size"):
        RenderedPeople(BODY, sample_pose_set(), RenderConfig(size=8))
