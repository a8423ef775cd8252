"""Skeletons whose bones follow the shape."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edge.stages.body_skeleton import BodySkeleton, can_size
from engines.body.body import open_body
from engines.body.neutral import neutral_shape
from tests.support import sized_people


@pytest.fixture(scope="module")
def skeleton() -> BodySkeleton:
    return BodySkeleton(sized_people.model(), neutral_shape(open_body()), 10)


def test_skeleton_lengths_and_stature_are_those_of_the_resting_body(skeleton: BodySkeleton) -> None:
    body, rng = open_body(), np.random.default_rng(0)
    for shape in rng.normal(0, 1, (5, 10)):
        vertices, joints = body.rest(shape[None].astype(np.float32))
        bones = np.linalg.norm(joints[0] - joints[0, skeleton.parents], axis=1)
        np.testing.assert_allclose(skeleton.lengths + skeleton.length_dirs @ shape, bones, atol=0.003)
        assert skeleton.stature(shape) == pytest.approx(np.ptp(vertices[0, :, 1]), abs=0.003)


def test_skeleton_sole_is_below_the_ankles_of_the_resting_body(skeleton: BodySkeleton) -> None:
    shape = np.array([1.5, -0.5, 0, 0, 0, 0, 0, 0, 0, 0])
    vertices, joints = open_body().rest(shape[None].astype(np.float32))
    heights = joints[0, skeleton.ankles, 1] - vertices[0, :, 1].min()
    np.testing.assert_allclose(skeleton.sole_m + skeleton.sole_dirs @ shape, heights, atol=0.002)


def test_size_factors_undo_a_scale(skeleton: BodySkeleton) -> None:
    mesh = sized_people.person(np.zeros(10, np.float32)).mesh
    smaller = replace(mesh, joints=mesh.joints * 0.9)
    assert skeleton.size_factors(smaller, np.zeros((1, 10))) == pytest.approx([1 / 0.9], abs=2e-3)


def test_skeleton_with_fewer_directions_ignores_the_others() -> None:
    skeleton = BodySkeleton(sized_people.model(), np.zeros(10, np.float32), 1)
    assert not skeleton.length_dirs[:, 1:].any()
    assert skeleton.length_dirs[1:, 0].all()


def test_can_size_needs_a_rig_ankles_and_keypoints() -> None:
    model = sized_people.model()
    assert can_size(model)
    assert not can_size(replace(model, rig=None))
    assert not can_size(replace(model, joint_names=tuple(name.replace("ankle", "x") for name in model.joint_names)))
    assert not can_size(replace(model, keypoint_names=tuple(f"point{i}" for i in range(17))))
