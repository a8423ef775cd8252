import numpy as np
import pytest

from engines.evaluation.metrics import mpjpe, pa_mpjpe, procrustes, vertex_error
from meshcast.protocol.rotations import rotmat
from tests.support.paths import GOLDEN


@pytest.mark.parametrize(("target", "aligned"), [("pa.b", "pa.aligned"), ("pa.b_mirror", "pa.aligned_mirror")])
def test_procrustes_matches_published_code(target, aligned):
    golden = np.load(GOLDEN / "pipeline_metrics.npz")
    np.testing.assert_allclose(procrustes(golden["pa.a"], golden[target]), golden[aligned], atol=1e-9)


def test_procrustes_inverts_similarity_of_batch():
    rng = np.random.default_rng(2)
    pose = rng.standard_normal((5, 14, 3))
    rotation = rotmat(rng.standard_normal((5, 3))).astype(float)
    moved = 2.5 * pose @ np.swapaxes(rotation, -1, -2) + rng.standard_normal((5, 1, 3))
    np.testing.assert_allclose(procrustes(pose, moved), moved, atol=1e-5)
    assert pa_mpjpe(pose, moved).shape == (5,)
    assert pa_mpjpe(pose, moved).max() < 1e-5


def test_procrustes_does_not_mirror():
    pose = np.random.default_rng(3).standard_normal((14, 3))
    assert pa_mpjpe(pose * [-1, 1, 1], pose) > 0.1


def test_procrustes_single_point_becomes_mean():
    target = np.random.default_rng(4).standard_normal((14, 3))
    np.testing.assert_allclose(procrustes(np.ones((14, 3)), target), np.tile(target.mean(0), (14, 1)))


def test_position_errors_of_known_joints():
    truth = np.zeros((2, 4, 3))
    predicted = truth + np.array([3.0, 4.0, 0.0])
    np.testing.assert_allclose(mpjpe(predicted, truth), [5.0, 5.0])
    np.testing.assert_allclose(mpjpe(predicted, truth, root=(0, 1)), 0.0)
    predicted[:, 3] += [0.0, 0.0, 8.0]
    np.testing.assert_allclose(mpjpe(predicted, truth, root=(0,)), 2.0)


def test_vertex_error_is_relative_to_roots_when_given():
    truth = np.random.default_rng(5).standard_normal((3, 100, 3))
    shift = np.array([[0.0, 0.0, 2.0]] * 3)
    predicted = truth + shift[:, None]
    np.testing.assert_allclose(vertex_error(predicted, truth), 2.0)
    np.testing.assert_allclose(vertex_error(predicted, truth, shift, np.zeros((3, 3))), 0.0, atol=1e-12)
