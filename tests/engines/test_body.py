"""The open body: skinning against the definition, and against the smplx package where it is installed."""

from __future__ import annotations

import numpy as np
import pytest

from engines.body import open_body, rotmat


def test_rest_pose_is_the_template() -> None:
    body = open_body()
    vertices, joints = body.skin(np.tile(np.eye(3, dtype=np.float32), (1, 24, 1, 1)), np.zeros((1, 10), np.float32))
    np.testing.assert_allclose(vertices[0], body.v_template, atol=1e-6)
    np.testing.assert_allclose(joints[0], body.joint_regressor @ body.v_template, atol=1e-6)


def test_turning_the_root_turns_everything_about_it() -> None:
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


def test_bones_keep_their_length() -> None:
    body = open_body()
    rotations = rotmat(np.random.default_rng(1).normal(0, 0.8, (5, 24, 3)))
    _, joints = body.skin(rotations, np.zeros((5, 10), np.float32))
    child, parent = np.arange(1, 24), body.parents[1:]
    rest = body.joint_regressor @ body.v_template
    length = np.linalg.norm(joints[:, child] - joints[:, parent], axis=-1)
    expected = np.linalg.norm(rest[child] - rest[parent], axis=-1)
    np.testing.assert_allclose(length, np.broadcast_to(expected, length.shape), atol=1e-5)


def test_equals_smplx() -> None:
    torch = pytest.importorskip("torch")
    smplx = pytest.importorskip("smplx")
    from smplx.utils import Struct

    body = open_body()
    kintree = np.stack([body.parents, np.arange(24)]).astype(np.int64)
    kintree[0, 0] = 2**32 - 1
    data = Struct(
        v_template=body.v_template,
        shapedirs=body.shape_dirs,
        posedirs=np.zeros((6890, 3, 207), np.float32),
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
