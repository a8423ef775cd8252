"""The mesh stage and root translation: every head gives bodies that project to where the image shows them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from calibration.camera import Camera
from edge.render.attention import paint_attention
from edge.stages.crops import Cropper
from edge.stages.localize import RootLocalizer, solve_translation, weak_perspective_translation
from edge.stages.mesh import Mesh
from edge.types import Attention, Frame, Pose2D, TrackedFrame, Tracks
from engines.body.body import open_body
from engines.cards.card import load_card
from engines.heads.smpl_parameters import SmplParametersHead
from engines.joint_sets import COCO17
from meshcast.protocol.rotations import rotmat
from tests.support.paths import GOLDEN

GOLDEN = np.load(GOLDEN / "pipeline_crop_camera.npz")
NAMES = COCO17.joint_names
IMAGE = np.zeros((720, 1280, 3), np.uint8)


def frame() -> Frame:
    return Frame("test", 0, 0, 0.0, IMAGE)


def pinhole(width: int, height: int, focal: float) -> Camera:
    """A camera with the principal point that the published code assumes."""
    return Camera((width, height), np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1.0]]), np.zeros(5))


@pytest.mark.parametrize("focal", [800.0, 5000.0])
def test_weak_perspective_translation_matches_published_cameras(focal: float) -> None:
    """At the root's depth, the image shows a point where the published crop-to-image camera shows it."""
    cameras, boxes, published = GOLDEN["cam.cam"], GOLDEN["cam.pare_bbox_cxcywh"], GOLDEN["cam.pare_orig"]
    xyxy = np.concatenate([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2], 1).astype(np.float32)
    camera = pinhole(1280, 720, focal)
    translation = weak_perspective_translation(cameras.astype(np.float32), xyxy, camera)
    points = np.random.default_rng(0).normal(0, 0.5, (4, 10, 3))
    points[..., 2] = 0
    scale, shift = published[:, None, :2], published[:, None, 2:]
    wanted = (scale * (points[..., :2] + shift) + 1) / 2 * [1280, 720]
    for mesh, place, there in zip(points, translation, wanted, strict=True):
        np.testing.assert_allclose(camera.project(mesh + place), there, atol=0.02)


def test_weak_perspective_translation_uses_the_magnification_of_a_distorted_lens_at_the_crop() -> None:
    camera = replace(pinhole(1280, 720, 800), distortion=np.array([-0.25, 0.05, 0, 0, 0]))
    place = np.array([1.8, 0.2, 3.0])
    corners = camera.project(place + np.array([[-0.1, -0.1, 0], [0.1, 0.1, 0]]))
    box = np.concatenate(corners)[None].astype(np.float32)
    # A mesh of which 0.1 m is half the crop, in its middle.
    (found,) = weak_perspective_translation(np.array([[10.0, 0.0, 0.0]], np.float32), box, camera)
    np.testing.assert_allclose(found, place, rtol=0.1)


def test_cropper_matches_published_crops() -> None:
    card = load_card("pare")
    tiny = Cropper(card)
    assert tiny.size == (224, 224)
    x, y, width, height = GOLDEN["pare.bbox"]
    box = np.array([[x - width / 2, y - height / 2, x + width / 2, y + height / 2]], np.float32)
    crops, regions = tiny(GOLDEN["image"], box)
    np.testing.assert_allclose(regions, box)
    rgb = crops[0].transpose(1, 2, 0) * card.input.std + card.input.mean
    published = GOLDEN["pare.crop"].astype(np.float64)
    np.testing.assert_allclose(GOLDEN["pare.trans"] @ [x, y, 1], [28, 28])
    # Every fourth pixel of ours, at four times the size, falls on one of theirs.
    assert np.abs(rgb[::4, ::4, ::-1] - published).max() <= 1.01


class Answers:
    backend = device = precision = "test"

    def __init__(self, *outputs: np.ndarray) -> None:
        self.outputs = outputs

    def __call__(self, *inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        return self.outputs


@pytest.mark.parametrize("distortion", [0.0, -0.15])
def test_localizer_crop_camera_gives_root_translation(distortion: float) -> None:
    """A person at a known place, seen by PARE's camera of the crop, comes out at that place."""
    body = open_body()
    pose = np.zeros((2, 24, 3), np.float32)
    pose[:, 0, 0] = np.pi
    pose[:, 16:18] = [[0, 0, -1.0], [0, 0, 1.0]]
    rotations, shape = rotmat(pose), np.zeros((2, 10), np.float32)
    vertices, joints = body.skin(rotations, shape)
    camera = Camera(
        (1280, 720), np.array([[900.0, 0, 639.5], [0, 900, 359.5], [0, 0, 1]]), np.r_[distortion, 0, 0, 0, 0]
    )
    roots = np.array([[0.5, 0.1, 4.0], [-1.2, 0.0, 6.0]])
    places = vertices - joints[:, :1] + roots[:, None]
    pixels = np.stack([camera.project(mesh) for mesh in places])
    boxes = np.concatenate([pixels.min(1), pixels.max(1)], 1).astype(np.float32)
    side = (boxes[:, 2:] - boxes[:, :2]).max(1)
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    center = camera.rays(middle[:, None])[:, 0]
    sides = camera.rays(middle[:, None] + np.array([[-1, 0], [1, 0], [0, -1], [0, 1]]) * side[:, None, None] / 2)
    extent = np.sqrt((sides[:, 1, 0] - sides[:, 0, 0]) * (sides[:, 3, 1] - sides[:, 2, 1]))
    own = roots - joints[:, 0]  # of the body's origin, which is what the camera of the crop speaks of
    scale = 2 / (extent * own[:, 2])
    cameras = np.stack([scale, *(own[:, :2] - center * own[:, 2:]).T], 1).astype(np.float32)

    head = SmplParametersHead(
        Answers(rotations, shape, cameras, np.ones((2, 24, 4, 4), np.float32)), load_card("pare"), body, NAMES
    )
    stage = Mesh(head, NAMES, attention=True)
    seen = Pose2D(np.array([7, 3], np.int32), np.zeros((2, 17, 2), np.float32), np.ones((2, 17), np.float32))
    tracks = Tracks(np.array([3, 9, 7], np.int32), boxes[[1, 0, 0]], np.ones(3, np.float32))
    tracked = TrackedFrame(frame(), camera, tracks, seen)
    bodies = RootLocalizer()(tracked, *stage(tracked))
    np.testing.assert_allclose(bodies.translation, roots, atol=1e-4)
    np.testing.assert_allclose(bodies.vertices, places, atol=1e-4)
    assert bodies.ids.tolist() == [7, 3]
    assert bodies.rotations is not None
    assert bodies.attention is not None
    np.testing.assert_allclose(bodies.attention.boxes[:, 2] - bodies.attention.boxes[:, 0], side, rtol=1e-4)


def test_solve_translation_ignores_nan_landmarks() -> None:
    rng = np.random.default_rng(1)
    points = rng.normal(0, 0.35, (4, 17, 3)).astype(np.float32)
    truth = rng.uniform([-2, -1, 2], [2, 1, 8], (4, 3)).astype(np.float32)
    placed = points + truth[:, None]
    rays = placed[..., :2] / placed[..., 2:]
    points[:, :5] = np.nan
    np.testing.assert_allclose(solve_translation(points, rays, np.ones((4, 17), np.float32)), truth, atol=1e-3)


def test_mesh_without_people_gives_empty_bodies() -> None:
    outputs = (np.empty((0, 24, 3, 3)), np.empty((0, 10)), np.empty((0, 3)), np.empty((0, 24, 56, 56)))
    head = SmplParametersHead(Answers(*(x.astype(np.float32) for x in outputs)), load_card("pare"), open_body(), NAMES)
    no_ids = np.empty(0, np.int32)
    seen = Pose2D(no_ids, np.empty((0, 17, 2), np.float32), np.empty((0, 17), np.float32))
    tracks = Tracks(no_ids, np.empty((0, 4), np.float32), np.empty(0, np.float32))
    tracked = TrackedFrame(frame(), Camera.from_fov((1280, 720), 60), tracks, seen)
    bodies = RootLocalizer()(tracked, *Mesh(head, NAMES)(tracked))
    assert bodies.vertices.shape == (0, 6890, 3)
    assert bodies.translation.shape == (0, 3)


@pytest.mark.parametrize("stored", [True, False])
def test_mesh_model_has_rig_texture_and_coarse_mesh(stored: bool) -> None:
    body = open_body() if stored else replace(open_body(), lod=None)
    model = Mesh(SmplParametersHead(Answers(), load_card("pare"), body, NAMES), NAMES).model
    assert model.rig is not None
    np.testing.assert_allclose(model.rig.rest_joints, body.joint_regressor @ body.v_template, atol=1e-6)
    assert model.uv is body.uv
    assert model.lod is not None
    assert open_body().lod is not None
    np.testing.assert_array_equal(model.lod.faces, open_body().lod.faces)


def test_paint_attention_changes_only_its_box() -> None:
    image = np.full((100, 200, 3), 128, np.uint8)
    maps = np.zeros((2, 24, 8, 8), np.float32)
    maps[0, 4, 6, 6] = 1
    boxes = np.array([[20, 10, 100, 90], [180, 60, 260, 140]], np.float32)
    paint_attention(image, Attention(maps, boxes))
    changed = np.abs(image.astype(int) - 128).max(2) > 3
    ys, xs = np.nonzero(changed)
    # The hot cell of 10 px is at 80..90, 70..80; bilinear magnification reaches half a cell further.
    assert (xs.min() >= 74, xs.max() <= 96, ys.min() >= 64, ys.max() <= 86) == (True,) * 4
    assert changed[75, 85]
    before = image.copy()
    paint_attention(image, Attention(maps[:1], np.array([[300, 10, 380, 90]], np.float32)))
    np.testing.assert_array_equal(image, before)
