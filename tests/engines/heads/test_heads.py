"""Mesh heads: from network outputs to people in camera axes."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from engines.body.body import Body, open_body
from engines.body.mean_parameters import MeanParameters, read_mean_parameters, save_mean_parameters
from engines.cards.card import Card, load_card
from engines.errors import ModelError, UnknownNameError
from engines.heads.base import People
from engines.heads.decomr import MAP_SIDE, DecomrHead
from engines.heads.landmarks import Landmarks
from engines.heads.pose2mesh import Pose2MeshHead
from engines.heads.registry import body_for, make_head
from engines.heads.smpl_parameters import ImphmrHead, SmplParametersHead
from engines.joint_sets import COCO17, COCO19, gather_points, normalize_pose2d
from meshcast.protocol.rotations import rotmat

RNG = np.random.default_rng(3)
NAMES = COCO17.joint_names


class Answers:
    """A session that gives prepared outputs and keeps what it was asked."""

    backend = device = precision = "test"

    def __init__(self, *outputs: np.ndarray) -> None:
        self.outputs = outputs
        self.inputs: tuple[np.ndarray, ...] = ()

    def __call__(self, *inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        self.inputs = inputs
        return self.outputs


def plain(body: Body) -> Body:
    """The same body without landmarks on its skin, as an SMPL file gives it."""
    return Body(**{field.name: getattr(body, field.name) for field in fields(Body)})


def people(count: int, side: int = 224) -> People:
    keypoints = RNG.uniform(0, 500, (count, 17, 2)).astype(np.float32)
    crops = np.zeros((count, 3, side, side), np.float32)
    return People(keypoints, np.full((count, 17), 0.9, np.float32), keypoints / 500, crops)


def poses(count: int) -> tuple[np.ndarray, np.ndarray]:
    return rotmat(RNG.normal(0, 0.3, (count, 24, 3))), RNG.normal(0, 1, (count, 10)).astype(np.float32)


def test_landmarks_of_surface_body_use_its_regressor() -> None:
    body = open_body()
    vertices, joints = body.skin(*poses(2))
    points = Landmarks(body, NAMES)(vertices, joints)
    np.testing.assert_allclose(points, body.coco_regressor @ vertices, atol=1e-5)


def test_landmarks_of_plain_body_use_its_joints() -> None:
    body = open_body()
    vertices, joints = body.skin(*poses(2))
    points = Landmarks(plain(body), NAMES)(vertices, joints)
    assert np.isnan(points[:, :5]).all()  # nose, eyes, ears
    for row in range(5, 17):
        np.testing.assert_array_equal(points[:, row], joints[:, body.joint_names.index(NAMES[row])])
    on_skin = Landmarks(body, NAMES)(vertices, joints)
    assert np.linalg.norm(points - on_skin, axis=-1)[:, 5:].max() < 0.1  # meters: the same parts of the same body


@pytest.mark.parametrize("surface", [True, False])
def test_landmarks_pelvis_is_the_root_and_unknown_name_is_nan(surface: bool) -> None:
    body = open_body()
    vertices, joints = body.skin(*poses(2))
    points = Landmarks(body if surface else plain(body), ("pelvis", "no_such_point"))(vertices, joints)
    np.testing.assert_array_equal(points[:, 0], joints[:, 0])
    assert np.isnan(points[:, 1]).all()


@pytest.mark.parametrize("count", [1, 3])
def test_smpl_parameters_head_pare_outputs_pose_the_body(count: int) -> None:
    rotations, shape = poses(count)
    cameras = np.tile(np.array([0.8, 0.1, -0.2], np.float32), (count, 1))
    attention = RNG.dirichlet(np.ones(56 * 56), (count, 24)).reshape(count, 24, 56, 56).astype(np.float32)
    head = SmplParametersHead(Answers(rotations, shape, cameras, attention), load_card("pare"), open_body(), NAMES)
    made = head(people(count))
    vertices, joints = open_body().skin(rotations, shape)
    np.testing.assert_allclose(made.vertices, vertices - joints[:, :1], atol=1e-6)
    np.testing.assert_allclose(made.joints[:, 0], 0, atol=1e-6)
    np.testing.assert_array_equal(made.rotations, rotations)
    assert made.root is not None
    np.testing.assert_allclose(made.root, joints[:, 0], atol=1e-6)
    assert made.attention is not None
    np.testing.assert_allclose(made.attention.max((2, 3)), 1, rtol=1e-5)
    assert made.usable.all()


def test_smpl_parameters_head_bundled_body_warns_about_shape_directions() -> None:
    head = SmplParametersHead(Answers(), load_card("pare"), open_body(), NAMES)
    assert "whose shape directions are not those of SMPL" in head.warning


def test_smpl_parameters_head_person_behind_camera_or_nan_is_not_usable() -> None:
    rotations, shape = poses(3)
    rotations[2, 5] = np.nan
    cameras = np.array([[0.9, 0, 0], [-0.5, 0, 0], [0.9, 0, 0]], np.float32)
    attention = np.ones((3, 24, 2, 2), np.float32)
    head = SmplParametersHead(Answers(rotations, shape, cameras, attention), load_card("pare"), open_body(), NAMES)
    assert head(people(3)).usable.tolist() == [True, False, False]


def test_smpl_parameters_head_dct_adds_the_mean_parameters(tmp_path: Path) -> None:
    mean = MeanParameters(
        RNG.normal(0, 0.3, (24, 3)).astype(np.float32), RNG.normal(0, 1, 10).astype(np.float32), np.float32([0.9, 0, 0])
    )
    (tmp_path / "mean.npz").write_bytes(save_mean_parameters(mean))
    card = replace(load_card("dct"), mean="mean.npz", path=tmp_path / "dct.toml")
    output = RNG.normal(0, 0.1, (2, 85)).astype(np.float32)
    head = SmplParametersHead(Answers(output), card, open_body(), NAMES)
    made = head(people(2))
    pose = mean.pose.copy()
    pose[0] = [np.pi, 0, 0]  # the root is upright, whatever the file says
    assert made.rotations is not None
    np.testing.assert_allclose(made.rotations, rotmat(output[:, 3:75].reshape(2, 24, 3) + pose), atol=1e-5)
    assert made.shape is not None
    np.testing.assert_allclose(made.shape, output[:, 75:] + mean.shape, atol=1e-6)
    assert made.cameras is not None
    np.testing.assert_allclose(made.cameras, output[:, :3] + [0.9, 0, 0], atol=1e-6)
    assert "mean parameters" not in head.warning


def test_smpl_parameters_head_dct_without_mean_parameters_warns_and_is_upright() -> None:
    output = RNG.normal(0, 0.1, (2, 85)).astype(np.float32)
    head = SmplParametersHead(Answers(output), load_card("dct"), open_body(), NAMES)
    assert "no mean parameters" in head.warning
    assert head(people(2)).joints[0, 15, 1] < -0.3  # the head is up: y points down in the camera


def test_read_mean_parameters_6d_rotations_are_converted(tmp_path: Path) -> None:
    rotvec = RNG.normal(0, 0.8, (24, 3))
    np.savez(tmp_path / "mean.npz", pose=rotmat(rotvec)[:, :, :2].reshape(144), shape=np.zeros(10), cam=np.zeros(3))
    np.testing.assert_allclose(read_mean_parameters(tmp_path / "mean.npz").pose[1:], rotvec[1:], atol=1e-5)


def test_read_mean_parameters_wrong_sizes_raise(tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", pose=np.zeros(12))
    with pytest.raises(ModelError, match=r"pose \(72 or 144 numbers\) and shape \(10\)"):
        read_mean_parameters(tmp_path / "other.npz")


def test_pose2mesh_head_passes_standardized_keypoints() -> None:
    body = open_body()
    vertices, _ = body.skin(*poses(2))
    session = Answers(vertices)
    head = Pose2MeshHead(session, load_card("pose2mesh_coco"), body, NAMES)
    seen = people(2)
    made = head(seen)
    assert session.inputs[0].shape == (2, 19, 2)
    middle = (seen.keypoints[:, 11] + seen.keypoints[:, 12]) / 2
    expected = normalize_pose2d(
        np.concatenate([seen.keypoints, middle[:, None], (seen.keypoints[:, 5] + seen.keypoints[:, 6])[:, None] / 2], 1)
    )
    np.testing.assert_allclose(session.inputs[0], expected, atol=1e-5)
    regressed = body.joint_regressor @ vertices
    np.testing.assert_allclose(made.vertices, vertices - regressed[:, :1], atol=1e-5)
    assert made.usable.all()
    assert not head(replace(seen, scores=seen.scores * 0.05)).usable.any()


def test_decomr_head_samples_vertices_from_the_map() -> None:
    from engines.body.select import body_map

    body = open_body()
    vertices, _ = body.skin(*poses(2))
    maps = body_map(body, MAP_SIDE).to_map(vertices)
    head = DecomrHead(Answers(maps, np.full((2, 3), 0.5, np.float32)), load_card("decomr"), body, NAMES)
    made = head(people(2))
    assert made.root is not None
    assert np.median(np.linalg.norm(made.vertices + made.root[:, None] - vertices, axis=-1)) < 0.003  # meters


def test_gather_points_names_are_matched() -> None:
    weights = gather_points(NAMES, COCO19.joint_names, "net")
    assert weights.shape == (19, 17)
    np.testing.assert_array_equal(weights[:17], np.eye(17))
    shuffled = tuple(reversed(NAMES))
    np.testing.assert_array_equal(gather_points(shuffled, NAMES, "net").argmax(1), np.arange(16, -1, -1))


def test_gather_points_missing_keypoints_are_named() -> None:
    with pytest.raises(ModelError, match="net: needs the keypoints torso, head, which the pose model does not predict"):
        gather_points(NAMES, load_card("pose2mesh_human36").keypoints, "net")


def imported(card: Card) -> Card:
    return replace(card, variants=load_card("movenet_thunder").variants)


@pytest.fixture
def no_imports(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))


@pytest.mark.usefixtures("no_imports")
def test_body_for_trained_network_needs_the_body_of_its_training() -> None:
    trained = imported(load_card("pose2mesh_coco"))
    with pytest.raises(ModelError, match="import that body first"):
        body_for(trained, None)
    assert body_for(trained, "open_smpl_body") is not None  # asked for by name


@pytest.mark.usefixtures("no_imports")
def test_body_for_other_networks_is_the_bundled_body() -> None:
    assert body_for(load_card("pose2mesh_coco"), None) is not None  # nothing to scramble
    assert body_for(imported(load_card("pare")), None) is not None  # rotations drive any body


@pytest.mark.usefixtures("no_imports")
def test_body_for_model_with_own_body_is_none() -> None:
    assert body_for(load_card("pose2mesh_open"), None) is None
    with pytest.raises(ModelError, match="has a body of its own; remove --body"):
        body_for(load_card("pose2mesh_open"), "open_smpl_body")


@pytest.mark.usefixtures("no_imports")
def test_body_for_family_without_head_raises() -> None:
    other = replace(load_card("dct"), family="other", notes="use dct instead")
    with pytest.raises(ModelError, match="dct_single_branch: its family other has no mesh head; use dct instead"):
        body_for(other, None)


@pytest.mark.usefixtures("no_imports")
def test_body_for_unknown_body_lists_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match="unknown body 'smpl_neutral'; there are: open_smpl_body"):
        body_for(load_card("pare"), "smpl_neutral")


def test_smpl_parameters_head_body_with_other_joints_raises() -> None:
    hand = replace(
        plain(open_body()),
        parents=np.array([-1, *range(15)], np.int32),
        joint_names=tuple(f"joint{i}" for i in range(16)),
        weights=open_body().weights[:, :16],
        joint_regressor=open_body().joint_regressor[:16],
    )
    with pytest.raises(ModelError, match="the body open_smpl_body has 16 joints"):
        SmplParametersHead(Answers(), load_card("pare"), hand, NAMES)
    bare = replace(plain(open_body()), uv=None)
    with pytest.raises(ModelError, match="no texture coordinates"):
        DecomrHead(Answers(), load_card("decomr"), bare, NAMES)


@pytest.mark.parametrize(
    "pose", [np.zeros(144), np.array(["x"] * 144), np.full(144, np.inf)], ids=["zeros", "text", "inf"]
)
def test_read_mean_parameters_invalid_rotations_raise(tmp_path: Path, pose: np.ndarray) -> None:
    np.savez(tmp_path / "mean.npz", pose=pose, shape=np.zeros(10))
    with pytest.raises(ModelError, match=r"^[^\n]*mean\.npz: [^\n]*$"):
        read_mean_parameters(tmp_path / "mean.npz")


class Turntable:
    """A session of ImpHMR whose person turns with the angle and whose camera does, too."""

    backend = device = precision = "test"

    def __call__(self, crops: np.ndarray, angle: np.ndarray) -> tuple[np.ndarray, ...]:
        rotations = np.tile(np.eye(3, dtype=np.float32), (len(crops), 24, 1, 1))
        rotations[:, 0] = rotmat(np.column_stack([0 * angle, angle, 0 * angle]))
        return rotations, np.zeros((len(crops), 10), np.float32), np.column_stack([1 + angle, angle, angle])


def test_imphmr_head_imagines_a_view_and_keeps_the_camera_of_the_image() -> None:
    card, body = load_card("imphmr"), open_body()
    front = make_head(card, Turntable(), body, NAMES)
    side = make_head(card, Turntable(), body, NAMES, view_deg=90)
    assert isinstance(side, ImphmrHead)
    first, second = front(people(2)), side(people(2))
    np.testing.assert_allclose(second.cameras, [[1, 0, 0]] * 2)
    turned = first.joints @ rotmat(np.array([0, np.pi / 2, 0])).T
    np.testing.assert_allclose(second.joints, turned, atol=1e-5)
    assert np.abs(second.vertices - first.vertices).max() > 0.1


def test_view_of_a_model_that_imagines_none_is_refused() -> None:
    with pytest.raises(ModelError, match="remove --view-angle, or choose --mesh imphmr"):
        make_head(load_card("pare"), Answers(), open_body(), NAMES, view_deg=10)
