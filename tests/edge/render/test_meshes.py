"""Meshes drawn over an image."""

import numpy as np
import pytest

from calibration.camera import Camera
from edge.render.meshes import MeshPainter, soften_steps
from edge.render.palette import PALETTE
from edge.types import Bodies, BodyModel
from engines.body.body import open_body

BODY = open_body()
MODEL = BodyModel(BODY.name, BODY.faces, BODY.v_template, BODY.parents, BODY.joint_names, BODY.coco_names)
CAMERA = Camera.from_fov((160, 240), 50)
GRAY = 77


def people(*places: tuple[float, float, float], ids: list[int] | None = None, camera: Camera = CAMERA) -> Bodies:
    """T-posed people who face the camera, their pelvis at these places (m)."""
    upright = BODY.v_template * np.array([1, -1, -1], np.float32)
    joints = BODY.joint_regressor @ upright
    at = np.array(places, np.float32).reshape(-1, 1, 3) - joints[0]
    vertices = (upright + at).astype(np.float32)
    spots = BODY.coco_regressor @ vertices
    with np.errstate(divide="ignore", invalid="ignore"):
        keypoints = np.concatenate([camera.project(spots), np.ones((len(places), 17, 1), np.float32)], 2)
    return Bodies(
        ids=np.array(range(len(places)) if ids is None else ids, np.int32),
        scores=np.ones(len(places), np.float32),
        keypoints=keypoints,
        joints=(joints + at).astype(np.float32),
        vertices=vertices,
        translation=np.array(places, np.float32).reshape(-1, 3),
    )


def blank_image(camera: Camera = CAMERA) -> np.ndarray:
    return np.full((camera.size[1], camera.size[0], 3), GRAY, np.uint8)


def painted(bodies: Bodies, camera: Camera = CAMERA, **options: object) -> np.ndarray:
    image = blank_image(camera)
    MeshPainter(MODEL).paint(image, bodies, camera, **options)
    return image


def changed(image: np.ndarray) -> np.ndarray:
    return (image != GRAY).any(2)


def test_mesh_painter_assumed_field_of_view_is_written_in_lower_left():
    camera = Camera.from_fov((320, 240), 60, assumed=True)
    rows, columns = np.nonzero(changed(painted(people(camera=camera), camera)))
    assert rows.min() > 200
    assert columns.min() < 30
    assert not changed(painted(people(), CAMERA)).any()


def test_mesh_painter_draws_at_projection():
    bodies = people((0.1, 0.05, 4))
    marks = changed(painted(bodies))
    points = CAMERA.project(bodies.vertices[0])
    rows, columns = np.nonzero(marks[40:])  # below the id
    assert columns.min() == pytest.approx(points[:, 0].min(), abs=2)
    assert columns.max() == pytest.approx(points[:, 0].max(), abs=2)
    assert rows.max() + 40 == pytest.approx(points[:, 1].max(), abs=2)
    x, y = CAMERA.project(bodies.translation[0]).round().astype(int)
    assert marks[y, x]


def test_mesh_painter_applies_distortion():
    bent = Camera(CAMERA.size, CAMERA.K, np.array([-0.3, 0.05, 0.01, -0.01, 0.0]))
    bodies = people((0.5, 0.6, 3.0))
    points = bent.project(bodies.vertices[0])
    rows, _ = np.nonzero(changed(painted(bodies, bent)))
    straight = CAMERA.project(bodies.vertices[0])[:, 1].max()
    assert rows.max() == pytest.approx(points[:, 1].max(), abs=2)
    assert abs(points[:, 1].max() - straight) > 4


def test_color_of_is_constant_and_distinct():
    middle = tuple(CAMERA.project(people((0, 0, 4)).translation[0]).round().astype(int))[::-1]
    seen = [painted(people((0, 0, 4), ids=[i]))[middle].astype(float) for i in range(len(PALETTE) + 1)]
    np.testing.assert_array_equal(seen[0], seen[-1])
    for i, a in enumerate(seen[:-1]):
        assert a @ PALETTE[i] > 0.97 * np.linalg.norm(a) * np.linalg.norm(PALETTE[i])  # the hue, whatever the shade
        assert all(np.abs(a - b).max() > 15 for b in seen[i + 1 : -1])


def test_mesh_painter_nearer_person_occludes_in_any_order():
    near, far = (0.0, 0.0, 3.0), (0.1, 0.0, 5.0)
    one = painted(people(near, far, ids=[0, 1]))
    other = painted(people(far, near, ids=[1, 0]))
    assert np.abs(one[60:].astype(int) - other[60:]).max() == 0
    y, x = CAMERA.project(np.float32(near)).round().astype(int)[::-1]
    assert np.abs(one[y, x].astype(int) - painted(people(near, ids=[0]))[y, x]).max() == 0


@pytest.mark.parametrize(
    "place",
    [(0.0, 0.0, -3.0), (0.0, 0.0, -0.5), (30.0, 0.0, 4.0), (0.0, 30.0, 4.0), (-9.0, -9.0, 0.6)],
)
@pytest.mark.parametrize("distortion", [(0.0,) * 5, (-0.3, 0.1, 0, 0, 0), (-0.4, 0, 0, 0, 0)])
def test_mesh_painter_invisible_person_is_not_drawn(place: tuple[float, float, float], distortion: tuple[float, ...]):
    camera = Camera(CAMERA.size, CAMERA.K, np.array(distortion, np.float64))
    assert not changed(painted(people(place), camera, skeleton=False)).any()


@pytest.mark.parametrize("z", [0.0, 0.1, 0.4])
def test_mesh_painter_person_around_camera_is_accepted(z: float):
    image = painted(people((0.3, 0.2, z), (0.0, 0.0, 4.0)))
    x, y = CAMERA.project(np.float32([0, 0.5, 4.0])).round().astype(int)
    assert changed(image).any()
    assert image.shape == (240, 160, 3)
    assert 0 <= y < 240
    assert 0 <= x < 160


def test_mesh_painter_person_at_edge_is_clipped():
    marks = changed(painted(people((-1.2, 0.0, 4.0))))
    assert marks[:, 0].any()
    assert not marks[:, -1].any()


def test_mesh_painter_without_people_changes_nothing():
    assert not changed(painted(people())).any()


def test_mesh_painter_writes_frame_rate_in_upper_left_corner():
    marks = changed(painted(people(), fps=29.97))
    assert marks[:60].any()
    assert not marks[60:].any()


def test_mesh_painter_skeleton_draws_visible_keypoints_only():
    bodies = people((0, 0, 4.0))
    plain, drawn = painted(bodies), painted(bodies, skeleton=True)
    x, y = bodies.keypoints[0, 9, :2].round().astype(int)  # the left wrist
    assert not np.array_equal(plain[y, x], drawn[y, x])
    bodies.keypoints[..., 2] = 0.1
    np.testing.assert_array_equal(painted(bodies, skeleton=True), plain)
    bodies.keypoints[..., :2] = np.nan
    bodies.keypoints[..., 2] = 0.9
    np.testing.assert_array_equal(painted(bodies, skeleton=True), plain)


@pytest.mark.parametrize("size", [(1, 1), (7, 3), (2, 300)])
def test_mesh_painter_accepts_tiny_images(size: tuple[int, int]):
    camera = Camera.from_fov(size, 50)
    image = painted(people((0, 0, 3.0)), camera, fps=10.0, skeleton=True)
    assert image.shape == (size[1], size[0], 3)


def test_mesh_painter_accepts_changing_image_sizes():
    painter = MeshPainter(MODEL)
    for size in ((64, 48), (320, 240), (48, 64)):
        camera = Camera.from_fov(size, 60)
        image = blank_image(camera)
        painter.paint(image, people((0, 0, 4.0)), camera)
        fresh = blank_image(camera)
        MeshPainter(MODEL).paint(fresh, people((0, 0, 4.0)), camera)
        np.testing.assert_array_equal(image, fresh)


def test_soften_steps_changes_depth_steps_only():
    image = np.zeros((20, 30, 3), np.uint8)
    image[:, 15:] = 240
    depth = np.full((20, 30), np.inf, np.float32)
    depth[:, 15:] = 3.0
    soften_steps(image[:, 5:25], depth[:, 5:25])  # a part of the image, in place
    assert image[10, 14].tolist() == [80] * 3
    assert image[10, 15].tolist() == [160] * 3
    assert not image[:, :14].any()
    assert (image[:, 16:] == 240).all()
