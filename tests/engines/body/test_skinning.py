"""The packed skinning operator equals the definition."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from engines.body.body import Body, open_body
from engines.body.skinning import Skinner
from meshcast.protocol.rotations import rotmat


@pytest.fixture(scope="module", params=["open body", "with pose blend shapes"])
def body(request: pytest.FixtureRequest) -> Body:
    if request.param == "open body":
        return open_body()
    dirs = np.random.default_rng(3).normal(0, 0.003, (6890, 3, 207)).astype(np.float32)
    return dataclasses.replace(open_body(), pose_dirs=dirs)


@pytest.mark.parametrize("people", [0, 1, 4, 13])
def test_skinner_random_poses_equal_body_skin(body: Body, people: int, rng: np.random.Generator) -> None:
    rotations = rotmat(rng.normal(0, 0.6, (people, 24, 3)))
    shape = rng.normal(0, 1.5, (people, 10)).astype(np.float32)
    translation = rng.normal(0, 3, (people, 3)).astype(np.float32)
    skin = Skinner(body)
    for place in (None, translation):
        vertices, joints = skin(rotations, shape, place)
        expected, expected_joints = body.skin(rotations, shape)
        moved = np.float32(0) if place is None else place[:, None]
        np.testing.assert_allclose(vertices, expected + moved, atol=1e-5, rtol=0)
        np.testing.assert_allclose(joints, expected_joints + moved, atol=1e-5, rtol=0)


def test_skinner_random_poses_equal_smplx(body: Body, rng: np.random.Generator) -> None:
    torch = pytest.importorskip("torch")
    smplx = pytest.importorskip("smplx")
    from smplx.utils import Struct

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
    rotations = rotmat(rng.normal(0, 0.5, (5, 24, 3)))
    shape, place = (rng.normal(0, 1, (5, n)).astype(np.float32) for n in (10, 3))
    with torch.no_grad():
        out = smplx.SMPL("", data_struct=data, batch_size=5, num_betas=10)(
            betas=torch.from_numpy(shape),
            body_pose=torch.from_numpy(rotations[:, 1:].copy()),
            global_orient=torch.from_numpy(rotations[:, :1].copy()),
            transl=torch.from_numpy(place),
            pose2rot=False,
        )
    vertices, joints = Skinner(body)(rotations, shape, place)
    np.testing.assert_allclose(vertices, out.vertices.numpy(), atol=1e-5, rtol=0)
    np.testing.assert_allclose(joints, out.joints.numpy()[:, :24], atol=1e-5, rtol=0)


def test_skinner_fewer_shape_directions_equal_zero_coefficients(rng: np.random.Generator) -> None:
    rotations = rotmat(rng.normal(0, 0.6, (2, 24, 3)))
    shape = rng.normal(0, 1.5, (2, 10)).astype(np.float32)
    shape[:, 4:] = 0
    vertices, _ = Skinner(open_body(), 4)(rotations, shape[:, :4])
    np.testing.assert_allclose(vertices, open_body().skin(rotations, shape)[0], atol=1e-5, rtol=0)


def test_skinner_too_many_shape_directions_raises() -> None:
    with pytest.raises(ValueError, match="has 10 shape directions, not 11"):
        Skinner(open_body(), 11)
