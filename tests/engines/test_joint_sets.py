"""Joint sets: names, edges, pairs and normalization."""

import numpy as np
import pytest

from engines.body.body import open_body
from engines.joint_sets import COCO17, COCO19, HUMAN36, MANO21, SMPL24, gather_points, normalize_pose2d
from tests.support.paths import GOLDEN


@pytest.mark.parametrize("joint_set", [COCO17, COCO19, HUMAN36, SMPL24, MANO21], ids=lambda s: s.name)
def test_joint_set_edges_connect_every_joint(joint_set):
    reached = {joint_set.root[0]}
    for _ in joint_set.edges:
        reached |= {joint for edge in joint_set.edges if reached & set(edge) for joint in edge}
    assert reached == set(range(len(joint_set)))
    assert len(joint_set) == int(joint_set.name[-2:]) or joint_set is HUMAN36
    assert len(set(joint_set.joint_names)) == len(joint_set)


@pytest.mark.parametrize(("joint_set", "count"), [(COCO17, 8), (COCO19, 8), (HUMAN36, 6), (SMPL24, 9)])
def test_joint_set_pairs_are_left_and_right(joint_set, count):
    assert len(joint_set.pairs) == count
    for left, right in joint_set.pairs:
        assert joint_set.joint_names[left].replace("left", "right") == joint_set.joint_names[right]


def test_open_body_joint_names_equal_joint_sets():
    body = open_body()
    assert body.joint_names == SMPL24.joint_names
    assert body.coco_names == COCO17.joint_names
    assert SMPL24.edges == tuple((int(parent), joint) for joint, parent in enumerate(body.parents) if parent >= 0)


@pytest.mark.parametrize("joints", [17, 19, 21])
def test_normalize_pose2d_equals_golden(joints):
    golden = np.load(GOLDEN / "pipeline_metrics.npz")
    keypoints = golden[f"p2m.{joints}.kp"][:, :2]
    np.testing.assert_allclose(normalize_pose2d(keypoints[None])[0], golden[f"p2m.{joints}.normalised"], atol=1e-6)


def test_normalize_pose2d_person_without_extent_is_finite():
    flat = np.full((2, 17, 2), 250.0, np.float32)
    flat[1, :, 0] = np.arange(17)
    normalized = normalize_pose2d(flat)
    assert np.isfinite(normalized).all()
    assert not normalized[0].any()
    assert not normalized[1, :, 1].any()
    assert normalized[1, :, 0].std() == pytest.approx(1.0, abs=1e-5)
    assert normalize_pose2d(np.empty((0, 17, 2))).shape == (0, 17, 2)


def test_gather_points_pelvis_and_neck_are_midpoints():
    keypoints = np.random.default_rng(0).random((3, 17, 2)).astype(np.float32)
    points = gather_points(COCO17.joint_names, COCO19.joint_names, "net") @ keypoints
    assert points.shape == (3, 19, 2)
    np.testing.assert_array_equal(points[:, :17], keypoints)
    np.testing.assert_allclose(points[:, 17], (keypoints[:, 11] + keypoints[:, 12]) / 2)
    np.testing.assert_allclose(points[:, 18], (keypoints[:, 5] + keypoints[:, 6]) / 2)
