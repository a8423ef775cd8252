"""Synthetic sources and their ground truth."""

from itertools import islice, pairwise

import numpy as np
import pytest

from edge.errors import SourceError
from edge.sources import open_source
from edge.sources.synthetic.source import SyntheticSource, parse_scene
from engines.body.body import open_body

BODY = open_body()


@pytest.mark.parametrize(
    ("uri", "says"),
    [
        ("synthetic:?poeple=2", r"unknown option poeple \(did you mean people\?\)"),
        ("synthetic:?people=-1", "people must be a number from 0 to 20"),
        ("synthetic:?people=two", "'two'"),
        ("synthetic:?people", "write them like"),
        ("synthetic:?frames=0", "frames"),
        ("synthetic:?size=640", "size must be like 640x480"),
        ("synthetic:?size=640x-480", "size must be like 640x480"),
        ("synthetic:?size=1x1", "64 to 8192"),
        ("synthetic:?fps=0", "fps"),
        ("synthetic:?fps=nan", "fps"),
        ("synthetic:?fov=180", "fov"),
        ("synthetic:walk", "use synthetic:"),
    ],
)
def test_synthetic_invalid_option_raises(uri: str, says: str):
    with pytest.raises(SourceError, match=says) as caught:
        SyntheticSource(uri)
    assert "\n" not in str(caught.value)


def test_parse_scene_options_are_read():
    scene = parse_scene("synthetic:?people=2&frames=7&size=320x200&fps=12.5&seed=3&fov=75")
    assert (scene.people, scene.frames, scene.size) == (2, 7, (320, 200))
    assert (scene.fps, scene.seed, scene.fov) == (12.5, 3, 75.0)
    assert parse_scene("synthetic:").people == 1


def test_synthetic_frames_match_announced_size_and_times():
    source = SyntheticSource("synthetic:?frames=3&size=161x121&fps=10", camera="hall")
    assert (source.live, source.size, source.frame_count, source.fps) == (False, (161, 121), 3, 10.0)
    frames = list(source)
    assert [f.index for f in frames] == [0, 1, 2]
    assert [f.t_s for f in frames] == pytest.approx([0, 0.1, 0.2])
    assert {f.stream for f in frames} == {"hall"}
    assert all(f.image.shape == (121, 161, 3) and f.image.dtype == np.uint8 for f in frames)
    assert all(f.image.flags.c_contiguous for f in frames)
    assert all(a.t_capture_ns <= b.t_capture_ns for a, b in pairwise(frames))
    assert source.problems == []


@pytest.mark.slow
def test_synthetic_images_depend_on_uri_only():
    def first(seed: int) -> np.ndarray:
        return next(iter(SyntheticSource(f"synthetic:?size=160x120&seed={seed}"))).image

    np.testing.assert_array_equal(first(1), first(1))
    assert (first(1) != first(2)).any()


def test_synthetic_loop_continues_until_close():
    source = SyntheticSource("synthetic:?frames=2&size=64x64", loop=True)
    assert source.frame_count is None
    seen = []
    for frame in source:
        seen.append(frame.index)
        if frame.index == 4:
            source.close()
    assert seen == [0, 1, 2, 3, 4]


def test_synthetic_opens_by_uri():
    with open_source("synthetic:?frames=1&size=64x64") as source:
        assert isinstance(source, SyntheticSource)
        assert source.name == "synthetic"
        assert len(list(source)) == 1


@pytest.fixture
def scene() -> SyntheticSource:
    return SyntheticSource("synthetic:?people=2&size=320x240&seed=5")


def test_synthetic_truth_has_documented_shapes(scene: SyntheticSource) -> None:
    truth = scene.truth(11)
    assert truth.ids.tolist() == [0, 1]
    assert truth.joints.shape == (2, 24, 3)
    assert truth.vertices.shape == (2, 6890, 3)
    for array in (truth.joints, truth.vertices, truth.keypoints, truth.translation, truth.rotations, truth.shape):
        assert array is not None
        assert array.dtype == np.float32


def test_synthetic_truth_mesh_is_the_posed_body(scene: SyntheticSource) -> None:
    truth = scene.truth(11)
    assert truth.rotations is not None
    assert truth.shape is not None
    np.testing.assert_array_equal(truth.translation, truth.joints[:, 0])
    vertices, joints = BODY.skin(truth.rotations, truth.shape)
    np.testing.assert_allclose(joints - joints[:, :1], truth.joints - truth.joints[:, :1], atol=1e-4)
    np.testing.assert_allclose(vertices - joints[:, :1], truth.vertices - truth.joints[:, :1], atol=1e-4)


def test_synthetic_truth_keypoints_are_projected_landmarks(scene: SyntheticSource) -> None:
    truth = scene.truth(11)
    spots = BODY.coco_regressor @ truth.vertices
    np.testing.assert_allclose(scene.true_camera.project(spots), truth.keypoints[..., :2], atol=1e-3)


def test_synthetic_without_people_is_empty_room():
    source = SyntheticSource("synthetic:?people=0&frames=2&size=160x120")
    a, b = source
    np.testing.assert_array_equal(a.image, b.image)
    truth = source.truth(0)
    assert len(truth) == 0
    assert truth.vertices.shape == (0, 6890, 3)
    assert truth.keypoints.shape == (0, 17, 3)


@pytest.mark.parametrize("options", ["", "&size=320x180", "&size=180x320", "&fov=25", "&fov=110", "&size=640x100"])
def test_synthetic_people_stay_in_image(options: str):
    source = SyntheticSource(f"synthetic:?people=3&size=320x240{options}".replace("size=320x240&size", "size"))
    assert source.size is not None
    for index in range(0, 240, 24):
        truth = source.truth(index)
        assert truth.vertices[..., 2].min() > 0.5
        points = source.true_camera.project(truth.vertices)
        assert (points >= 0).all()
        assert (points <= np.array(source.size) - 1).all()


def test_synthetic_people_are_rendered_at_true_positions():
    room = next(iter(SyntheticSource("synthetic:?people=0&size=320x240"))).image.astype(int)
    source = SyntheticSource("synthetic:?people=1&size=320x240")
    for frame in islice(source, 3):
        truth = source.truth(frame.index)
        person = np.abs(frame.image - room).max(2) > 25
        points = source.true_camera.project(truth.vertices[0])
        rows, columns = np.nonzero(person)
        assert columns.min() == pytest.approx(points[:, 0].min(), abs=4)
        assert columns.max() == pytest.approx(points[:, 0].max(), abs=4)
        assert rows.min() == pytest.approx(points[:, 1].min(), abs=4)


@pytest.mark.slow
def test_synthetic_walk_keeps_feet_on_the_floor():
    source = SyntheticSource("synthetic:?people=1&fps=60&seed=2")
    truths = [source.truth(i) for i in range(140)]
    floor = {round(float(t.vertices[0, :, 1].max()), 4) for t in truths}
    assert len(floor) == 1  # the lowest vertex is always on the floor
    pelvis = np.stack([t.translation[0] for t in truths])[:, [0, 2]]
    speed = np.linalg.norm(np.diff(pelvis, axis=0), axis=1) * 60
    assert 0.9 < speed.mean() < 1.5
    assert speed.std() < 0.15
    ankles = np.stack([t.joints[0, [7, 8]] for t in truths])
    standing = ankles[:, :, 1].argmax(1)
    steps = np.linalg.norm(np.diff(ankles[:, :, [0, 2]], axis=0), axis=2)[np.arange(139), standing[:-1]] * 60
    assert np.median(steps) < 0.35 * speed.mean()
    # They face where they go: the chest's front, from the pelvis' rotation, points along the way.
    rotations = np.stack([t.rotations[0, 0] for t in truths if t.rotations is not None])
    forward = rotations[:-1, [0, 2], 2]
    way = np.diff(pelvis, axis=0) / np.linalg.norm(np.diff(pelvis, axis=0), axis=1, keepdims=True)
    assert (forward * way).sum(1).min() > 0.9


def test_synthetic_arms_swing_opposite_to_the_legs():
    source = SyntheticSource("synthetic:?people=1&fps=60")
    name = BODY.joint_names.index
    for index in range(0, 66, 6):
        truth = source.truth(index)
        joints, rotations = truth.joints[0], truth.rotations
        assert rotations is not None
        assert (joints[[name("left_wrist"), name("right_wrist")], 1] > joints[name("spine3"), 1]).all()
        body = (joints - joints[0]) @ rotations[0, 0]  # in the pelvis' axes, Z to the front
        legs = body[name("left_ankle"), 2] - body[name("right_ankle"), 2]
        arms = body[name("left_wrist"), 2] - body[name("right_wrist"), 2]
        if abs(legs) > 0.3:
            assert np.sign(arms) == -np.sign(legs)
