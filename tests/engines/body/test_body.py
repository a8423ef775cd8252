"""The bundled body: skinning against the definition and against smplx."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from engines.body.body import Body, kinematic_chain, load_body, load_surface_body, open_body
from engines.errors import ModelError
from meshcast.protocol.rotations import rotmat
from tests.support.paths import ZOO


def test_body_skin_rest_pose_equals_template() -> None:
    body = open_body()
    vertices, joints = body.skin(np.tile(np.eye(3, dtype=np.float32), (1, 24, 1, 1)), np.zeros((1, 10), np.float32))
    np.testing.assert_allclose(vertices[0], body.v_template, atol=1e-6)
    np.testing.assert_allclose(joints[0], body.joint_regressor @ body.v_template, atol=1e-6)


def test_body_skin_root_rotation_rotates_every_vertex() -> None:
    body = open_body()
    rng = np.random.default_rng(0)
    rotations = rotmat(rng.normal(0, 0.4, (2, 24, 3)))
    shape = rng.normal(0, 1, (2, 10)).astype(np.float32)
    vertices, joints = body.skin(rotations, shape)
    turn = rotmat(np.array([0.3, -1.0, 0.5]))
    rotations[:, 0] = turn @ rotations[:, 0]
    turned, turned_joints = body.skin(rotations, shape)
    root = joints[:, :1]
    np.testing.assert_allclose(turned, (vertices - root) @ turn.T + root, atol=1e-5)
    np.testing.assert_allclose(turned_joints, (joints - root) @ turn.T + root, atol=1e-5)


def test_body_skin_random_poses_keep_bone_lengths() -> None:
    body = open_body()
    rotations = rotmat(np.random.default_rng(1).normal(0, 0.8, (5, 24, 3)))
    _, joints = body.skin(rotations, np.zeros((5, 10), np.float32))
    child, parent = np.arange(1, 24), body.parents[1:]
    rest = body.joint_regressor @ body.v_template
    length = np.linalg.norm(joints[:, child] - joints[:, parent], axis=-1)
    expected = np.linalg.norm(rest[child] - rest[parent], axis=-1)
    np.testing.assert_allclose(length, np.broadcast_to(expected, length.shape), atol=1e-5)


@pytest.fixture(scope="module")
def blended() -> Body:
    """The open body with made-up pose blend shapes."""
    dirs = np.random.default_rng(3).normal(0, 0.003, (6890, 3, 207)).astype(np.float32)
    return dataclasses.replace(open_body(), pose_dirs=dirs)


def skeleton() -> Body:
    """The open body without what it knows of its surface."""
    body = open_body()
    return Body(**{field.name: getattr(body, field.name) for field in dataclasses.fields(Body)})


def test_body_skin_pose_blend_shapes_equal_definition(blended: Body) -> None:
    rotations = rotmat(np.random.default_rng(4).normal(0, 0.6, (2, 24, 3)))
    shape = np.random.default_rng(5).normal(0, 1, (2, 10)).astype(np.float32)
    vertices, joints = blended.skin(rotations, shape)
    assert blended.pose_dirs is not None
    for person in range(2):
        rest, rest_joints = blended.rest(shape[person : person + 1])
        moved = rest[0].astype(np.float64)
        for joint in range(1, 24):  # eq. 9: the sum over the elements of R - I, not of the root
            for element, value in enumerate((rotations[person, joint] - np.eye(3)).ravel()):
                moved += value * blended.pose_dirs[:, :, 9 * (joint - 1) + element]
        world, places = kinematic_chain(rotations[person : person + 1], rest_joints, blended.parents)
        about = moved[:, None] - rest_joints[0]  # eq. 2: every joint turns every vertex, weighted
        turned = np.einsum("jab,vjb->vja", world[0], about) + places[0]
        np.testing.assert_allclose(vertices[person], np.einsum("vj,vja->va", blended.weights, turned), atol=1e-5)
        np.testing.assert_allclose(joints[person], places[0], atol=1e-6)


def test_body_skin_root_rotation_alone_adds_no_pose_offset(blended: Body) -> None:
    rotations = np.tile(np.eye(3, dtype=np.float32), (1, 24, 1, 1))
    rotations[:, 0] = rotmat(np.array([0.3, -1.0, 0.5]))
    shape = np.zeros((1, 10), np.float32)
    np.testing.assert_array_equal(blended.skin(rotations, shape)[0], open_body().skin(rotations, shape)[0])


@pytest.mark.parametrize("with_dirs", [False, True])
def test_body_skin_no_people_returns_empty_arrays(blended: Body, with_dirs: bool) -> None:
    body = blended if with_dirs else open_body()
    vertices, joints = body.skin(np.empty((0, 24, 3, 3), np.float32), np.empty((0, 10), np.float32))
    assert (vertices.shape, joints.shape) == ((0, 6890, 3), (0, 24, 3))


def test_open_body_texture_coordinates_are_within_unit_square() -> None:
    uv = open_body().uv
    assert uv is not None
    assert (uv.coordinates.shape, uv.faces.shape) == ((7598, 2), (13776, 3))
    assert uv.coordinates.min() >= 0
    assert uv.coordinates.max() <= 1
    assert open_body().family == "smpl"


def test_load_body_without_landmarks_returns_plain_body(tmp_path: Path) -> None:
    with np.load(ZOO / "open_smpl_body.npz") as z:
        arrays = {key: z[key] for key in z.files}
    del arrays["coco17_regressor"]
    np.savez(tmp_path / "plain.npz", **arrays)
    assert type(load_body(tmp_path / "plain.npz")) is Body
    with pytest.raises(ModelError, match=r"plain\.npz: a body without landmarks, as coco17_regressor is missing"):
        load_surface_body(tmp_path / "plain.npz")


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("mirror", np.full(6890, 6890, np.int32), "mirror goes from 6890 to 6890; expected 0 to 6889"),
        ("feet6_regressor", np.zeros((5, 6890)), r"feet6_regressor is float64 of shape \(5, 6890\); expected numbers"),
        ("coco17_names", np.arange(17), r"coco17_names is int64 of shape \(17\); expected text"),
        ("feet6_names", None, "not a body file: feet6_names is missing"),
        ("joint_names", None, "not a body file: joint_names is missing"),
    ],
)
def test_load_body_invalid_landmarks_raises(tmp_path: Path, key: str, value: np.ndarray | None, message: str) -> None:
    with np.load(ZOO / "open_smpl_body.npz") as z:
        arrays = {name: z[name] for name in z.files if name != key}
    if value is not None:
        arrays[key] = value
    np.savez(tmp_path / "body.npz", **arrays)
    with pytest.raises(ModelError, match=f"body.npz: {message}"):
        load_body(tmp_path / "body.npz")


@pytest.mark.parametrize("with_dirs", [False, True])
def test_body_skin_random_poses_equal_smplx(blended: Body, with_dirs: bool) -> None:
    torch = pytest.importorskip("torch")
    smplx = pytest.importorskip("smplx")
    from smplx.utils import Struct

    body = blended if with_dirs else open_body()
    kintree = np.stack([body.parents, np.arange(24)]).astype(np.int64)
    kintree[0, 0] = 2**32 - 1
    data = Struct(
        v_template=body.v_template,
        shapedirs=body.shape_dirs,
        posedirs=np.zeros((6890, 3, 207), np.float32) if body.pose_dirs is None else body.pose_dirs,
        J_regressor=body.joint_regressor,
        weights=body.weights,
        kintree_table=kintree,
        f=body.faces.astype(np.uint32),
    )
    model = smplx.SMPL("", data_struct=data, batch_size=3, num_betas=10)
    rng = np.random.default_rng(2)
    rotvec = rng.normal(0, 0.5, (3, 24, 3)).astype(np.float32)
    shape = rng.normal(0, 1, (3, 10)).astype(np.float32)
    with torch.no_grad():
        out = model(
            betas=torch.from_numpy(shape),
            body_pose=torch.from_numpy(rotvec[:, 1:].reshape(3, -1)),
            global_orient=torch.from_numpy(rotvec[:, 0]),
        )
    vertices, joints = body.skin(rotmat(rotvec), shape)
    np.testing.assert_allclose(vertices, out.vertices.numpy(), atol=1e-5)
    np.testing.assert_allclose(joints, out.joints.numpy()[:, :24], atol=1e-5)
