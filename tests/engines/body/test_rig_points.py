"""Chain and RigPoints: the same positions as a skinned surface gives."""

from __future__ import annotations

import numpy as np

from engines.body.body import kinematic_chain, open_body
from engines.body.rig_points import Chain, RigPoints
from meshcast.protocol.rotations import rotmat

BODY = open_body()


def posed(rng: np.random.Generator, people: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Local rotations, shapes and rest joints of random people."""
    rotations = rotmat(rng.normal(0, 0.5, (people, len(BODY.parents), 3)))
    shape = rng.normal(0, 1, (people, 10)).astype(np.float32)
    return rotations, shape, BODY.rest(shape)[1].astype(np.float32)


def test_chain_positions_equal_kinematic_chain(rng: np.random.Generator) -> None:
    rotations, _, rest = posed(rng, 3)
    chain = Chain(BODY.parents)
    orientations = chain.orientations(rotations)
    wanted, joints = kinematic_chain(rotations, rest, BODY.parents)
    np.testing.assert_allclose(orientations, wanted, atol=1e-5)
    np.testing.assert_allclose(chain.positions(orientations, chain.bones(rest)), joints - joints[:, :1], atol=1e-5)
    np.testing.assert_allclose(chain.local(orientations), rotations, atol=1e-5)


def test_rig_points_equal_points_of_skinned_surface(rng: np.random.Generator) -> None:
    rotations, shape, rest = posed(rng, 3)
    chain, points = Chain(BODY.parents), RigPoints(BODY, BODY.feet_regressor)
    orientations = chain.orientations(rotations)
    found = points(orientations, chain.positions(orientations, chain.bones(rest)), rest, shape)
    vertices, joints = BODY.skin(rotations, shape)
    np.testing.assert_allclose(found, BODY.feet_regressor @ (vertices - joints[:, :1]), atol=1e-5)


def test_chain_of_one_joint_has_no_bones() -> None:
    chain = Chain(np.array([-1], np.int32))
    one = np.eye(3, dtype=np.float32)[None, None]
    np.testing.assert_array_equal(chain.orientations(one), one)
    np.testing.assert_array_equal(chain.positions(one, np.zeros((1, 1, 3), np.float32)), 0)
