"""Moments of named points: the same points as those of the skinned surface, without the surface."""

from __future__ import annotations

import numpy as np

from engines.body.body import kinematic_chain, open_body
from engines.heads.point_moments import PointMoments
from meshcast.protocol.rotations import rotmat

BODY = open_body()


def test_point_moments_are_the_points_of_the_skinned_surface(rng: np.random.Generator) -> None:
    names = ("nose", "left_elbow", "right_hip", BODY.feet_names[0], "spine2", "tail")
    moments = PointMoments(BODY, names)
    np.testing.assert_array_equal(moments.known, [True, True, True, True, True, False])
    rotations = rotmat(rng.normal(0, 0.4, (2, 24, 3)).astype(np.float32))
    shape = rng.normal(0, 1, (2, 10)).astype(np.float32)
    vertices, joints = BODY.skin(rotations, shape)
    coco = [BODY.coco_names.index(name) for name in names[:3]]
    regressor = np.concatenate([BODY.coco_regressor[coco], BODY.feet_regressor[:1]])
    spine = joints[:, [BODY.joint_names.index("spine2")]]
    expected = np.concatenate([np.einsum("kv,nvc->nkc", regressor, vertices, optimize=True), spine], 1)

    _, rest = BODY.rest(shape)
    world, places = kinematic_chain(rotations, rest, BODY.parents)
    arms = moments.first(shape, rest) - moments.zeroth[..., None] * rest[:, None]
    got = np.einsum("njab,nkjb->nka", world, arms) + np.einsum("kj,nja->nka", moments.zeroth, places)
    np.testing.assert_allclose(got[:, :5], expected, atol=2e-4)
    np.testing.assert_array_equal(got[:, 5], 0)
