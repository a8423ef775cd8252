"""Moments of named points: the same points as those of the skinned surface, without the surface."""

from __future__ import annotations

import numpy as np

from engines.body.body import kinematic_chain, open_body
from engines.body.point_moments import PointMoments
from meshcast.protocol.rotations import rotmat

BODY = open_body()


def points_of(moments: PointMoments, rotations: np.ndarray, shape: np.ndarray) -> np.ndarray:
    """Points (N, K, 3) by the class's formula."""
    _, rest = BODY.rest(np.pad(shape, ((0, 0), (0, 10 - shape.shape[1]))))
    world, places = kinematic_chain(rotations, rest, BODY.parents)
    arms = moments.first(shape) - moments.zeroth[..., None] * rest[:, None]
    return np.einsum("njab,nkjb->nka", world, arms) + np.einsum("kj,nja->nka", moments.zeroth, places)


def test_point_moments_are_the_points_of_the_skinned_surface(rng: np.random.Generator) -> None:
    names = ("nose", "left_elbow", "right_hip", BODY.feet_names[0], "spine2", "tail")
    moments = PointMoments(BODY, names)
    np.testing.assert_array_equal(moments.known, [True, True, True, True, True, False])
    rotations = rotmat(rng.normal(0, 0.4, (3, 24, 3)).astype(np.float32))
    shape = rng.normal(0, 1, (3, 10)).astype(np.float32)
    vertices, joints = BODY.skin(rotations, shape)
    coco = [BODY.coco_names.index(name) for name in names[:3]]
    expected = np.concatenate(
        [
            np.einsum("kv,nvc->nkc", BODY.coco_regressor[coco], vertices),
            np.einsum("kv,nvc->nkc", BODY.feet_regressor[:1], vertices),
            joints[:, [BODY.joint_names.index("spine2")]],
        ],
        1,
    )
    got = points_of(moments, rotations, shape)
    np.testing.assert_allclose(got[:, :5], expected, atol=2e-4)
    np.testing.assert_array_equal(got[:, 5], 0)


def test_point_moments_of_fewer_shapes_are_those_of_the_first_ones(rng: np.random.Generator) -> None:
    moments = PointMoments(BODY, BODY.coco_names)
    shape = rng.normal(0, 1, (2, 4)).astype(np.float32)
    np.testing.assert_allclose(moments.first(shape), moments.first(np.pad(shape, ((0, 0), (0, 6)))), atol=1e-6)
