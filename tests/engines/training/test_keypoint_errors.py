"""The synthetic 2D errors: their frequencies, sizes and reproducibility."""

from __future__ import annotations

import numpy as np

from engines.training.keypoint_errors import MIRRORED, PROBABILITIES, SIGMAS, disturbed

RNG = np.random.default_rng(0)


def pose(count: int) -> np.ndarray:
    return np.repeat(RNG.uniform(0, 200, (1, 17, 2)), count, 0).astype(np.float32)


def test_probabilities_add_up_and_are_those_of_the_published_training() -> None:
    np.testing.assert_allclose(PROBABILITIES.sum(1), 1)
    assert PROBABILITIES[0].tolist() == [1 - 0.10 - 0.02 - 0.01, 0.10, 0.02, 0.01]
    np.testing.assert_allclose(PROBABILITIES[11], [0.64, 0.20, 0.10, 0.06])


def test_good_keypoints_are_the_majority_and_within_their_similarity() -> None:
    true = pose(4000)
    made = disturbed(np.random.default_rng(1), true)
    area = np.prod(np.ptp(true[0], axis=0))
    limit = 0.5 * np.sqrt(-2 * area * (2 * SIGMAS) ** 2 * np.log(0.85))
    near = np.linalg.norm(made - true, axis=-1) <= limit * 1.001
    np.testing.assert_allclose(near.mean(0), PROBABILITIES[:, 0], atol=0.05)


def test_inverted_keypoints_lie_near_their_mirror_image() -> None:
    true = pose(4000)
    made = disturbed(np.random.default_rng(1), true)
    ankle, other = 15, MIRRORED[15]
    near = np.linalg.norm(made[:, ankle] - true[:, other], axis=-1) < 0.4 * np.linalg.norm(
        true[0, ankle] - true[0, other]
    )
    assert 0.02 < near.mean() < 0.12


def test_errors_follow_the_seed_and_vanish_without_noise() -> None:
    true = pose(5)
    np.testing.assert_array_equal(disturbed(np.random.default_rng(2), true), disturbed(np.random.default_rng(2), true))
    np.testing.assert_array_equal(disturbed(np.random.default_rng(2), true, 0.0), true)
