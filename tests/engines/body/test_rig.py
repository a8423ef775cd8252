"""Rigs with four weights per vertex pose like the body."""

from __future__ import annotations

import numpy as np
import pytest

from engines.body.body import Body, kinematic_chain, open_body
from engines.body.rig import rig_of
from engines.errors import ModelError
from meshcast.protocol.body import Rig
from meshcast.protocol.rotations import rotmat


def posed(body: Body, rig: Rig, rotations: np.ndarray, shape: np.ndarray) -> np.ndarray:
    """Linear blend skinning with what a client has."""
    joints = rig.rest_joints + np.einsum("pcb,nb->npc", rig.joint_shape_dirs, shape)
    vertices = body.v_template + np.einsum("vcb,nb->nvc", rig.shape_dirs, shape)
    turn, place = kinematic_chain(rotations, joints, body.parents)
    moved = np.zeros_like(vertices)
    for influence in range(4):
        joint = rig.joints[:, influence]
        local = np.einsum("nvab,nvb->nva", turn[:, joint], vertices - joints[:, joint]) + place[:, joint]
        moved += rig.weights[:, influence, None] * local
    return moved


def test_rig_of_body_poses_like_the_body(rng: np.random.Generator) -> None:
    body, rig = open_body(), rig_of(open_body())
    rotations = rotmat(rng.normal(0, 0.5, (3, 24, 3)))
    shape = rng.normal(0, 1, (3, 10)).astype(np.float32)
    expected, _ = body.skin(rotations, shape)
    np.testing.assert_allclose(posed(body, rig, rotations, shape), expected, atol=1e-5)


def test_rig_of_body_has_documented_types_and_shapes() -> None:
    rig = rig_of(open_body())
    assert {field: (getattr(rig, field).dtype.name, getattr(rig, field).shape) for field in Rig.__slots__} == {
        "rest_joints": ("float32", (24, 3)),
        "joints": ("uint8", (6890, 4)),
        "weights": ("float32", (6890, 4)),
        "shape_dirs": ("float32", (6890, 3, 10)),
        "joint_shape_dirs": ("float32", (24, 3, 10)),
    }
    assert (rig.joints[rig.weights == 0] == 0).all()
    assert (np.diff(rig.weights, axis=1) <= 0).all()
    np.testing.assert_allclose(rig.weights.sum(1), 1, atol=1e-6)


def with_weights(rows: list[list[float]]) -> Body:
    """A body of so many vertices, with a joint a column, all in a row."""
    weights = np.array(rows, np.float32)
    vertices, joints = weights.shape
    return Body(
        name="tiny",
        v_template=np.zeros((vertices, 3), np.float32),
        shape_dirs=np.zeros((vertices, 3, 1), np.float32),
        weights=weights,
        joint_regressor=np.zeros((joints, vertices), np.float32),
        parents=np.arange(-1, joints - 1, dtype=np.int32),
        faces=np.zeros((1, 3), np.int32),
        joint_names=tuple(map(str, range(joints))),
    )


def test_rig_of_more_than_four_weights_keeps_and_normalizes_the_largest() -> None:
    rig = rig_of(with_weights([[0.1, 0.3, 0.1, 0.2, 0.1, 0.2], [0, 0, 0, 0, 0, 1]]))
    assert rig.joints.tolist() == [[1, 3, 5, 0], [5, 0, 0, 0]]
    np.testing.assert_allclose(rig.weights, [[0.375, 0.25, 0.25, 0.125], [1, 0, 0, 0]], atol=1e-6)


def test_rig_of_fewer_than_four_joints_is_padded_with_zeros() -> None:
    rig = rig_of(with_weights([[0.25, 0.75], [1, 0]]))
    assert rig.joints.tolist() == [[1, 0, 0, 0], [0, 0, 0, 0]]
    assert rig.weights.tolist() == [[0.75, 0.25, 0, 0], [1, 0, 0, 0]]


def test_rig_of_invalid_body_raises() -> None:
    with pytest.raises(ModelError, match=r"^tiny: vertex 1 has no positive weight; expected at least one$"):
        rig_of(with_weights([[1, 0], [0, 0]]))
    with pytest.raises(ModelError, match=r"^tiny: a rig has at most 256 joints, not 257$"):
        rig_of(with_weights([[1.0] * 257]))
