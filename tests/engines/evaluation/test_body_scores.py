"""Metrics on cases with a known answer, and against independent formulas."""

from __future__ import annotations

import numpy as np
import pytest

from engines.evaluation.body_scores import (
    H36M_14,
    acceleration_error,
    aligned_joint_error,
    aligned_vertex_error,
    auc,
    bootstrap,
    f_score,
    joint_error,
    part_iou,
    pck,
    vertex_error,
)
from meshcast.protocol.rotations import rotmat

RNG = np.random.default_rng(0)


def test_joint_error_is_relative_to_the_pelvis_and_over_fourteen_joints() -> None:
    truth = RNG.normal(size=(3, 17, 3))
    moved = truth + 0.5
    np.testing.assert_allclose(joint_error(moved, truth), 0, atol=1e-9)
    moved[:, 9] += 7  # the nose is none of the fourteen
    np.testing.assert_allclose(joint_error(moved, truth), 0, atol=1e-9)
    moved[:, 13, 0] += 0.14  # one wrist by 140 mm
    np.testing.assert_allclose(joint_error(moved, truth), 140 / 14)
    assert len(set(H36M_14)) == 14


def test_aligned_errors_ignore_similarities() -> None:
    truth = RNG.normal(size=(2, 17, 3))
    turned = 1.7 * truth @ rotmat(np.array([0.3, -1, 0.2])).T + 3
    np.testing.assert_allclose(aligned_joint_error(turned, truth), 0, atol=1e-4)
    np.testing.assert_allclose(aligned_vertex_error(turned, truth), 0, atol=1e-4)
    mirrored = truth * [-1, 1, 1]
    assert (aligned_joint_error(mirrored, truth) > 100).all()


def test_vertex_error_is_the_mean_distance() -> None:
    truth = RNG.normal(size=(2, 9, 3))
    off = truth + np.array([0.003, 0.004, 0])
    np.testing.assert_allclose(vertex_error(off, truth), 5)


def test_f_score_counts_points_both_ways() -> None:
    truth = np.array([[[0, 0, 0], [1, 0, 0], [2, 0, 0], [3, 0, 0]]], float)
    near = truth + np.array([0, 0.004, 0])
    assert f_score(near, truth, 0.005) == pytest.approx([1.0])
    assert f_score(near, truth, 0.003) == pytest.approx([0.0])
    half = truth.copy()
    half[0, 2:] += 100
    assert f_score(half, truth, 0.005) == pytest.approx([0.5])
    doubled = np.repeat(truth[:, :1], 4, 1)  # precise everywhere, recalls one of four
    assert f_score(doubled, truth, 0.005) == pytest.approx([2 * 1 * 0.25 / 1.25])


def test_pck_and_auc_of_a_uniform_error() -> None:
    error = np.array([[0.0, 50, 100, 200]])
    assert pck(error, 100) == pytest.approx([0.75])
    expected = np.mean([(error <= t).mean() for t in range(0, 151, 5)])
    assert auc(error) == pytest.approx([expected])
    assert auc(np.zeros((1, 5))) == pytest.approx([1])


def test_acceleration_error_of_a_shaking_and_of_a_moved_track() -> None:
    time = np.arange(10)[:, None, None]
    truth = np.repeat(0.01 * time**2 * np.ones((1, 1, 3)), 4, 1)
    np.testing.assert_allclose(acceleration_error(truth + 0.1 + 0.05 * time, truth), 0, atol=1e-9)
    shaken = truth.copy()
    shaken[::2, :, 0] += 0.001
    np.testing.assert_allclose(acceleration_error(shaken, truth), 2.0, atol=1e-9)


def test_part_iou_over_the_parts_that_appear() -> None:
    truth = np.array([[[1, 1, 2, 2], [0, 0, 0, 0]]])
    assert part_iou(truth, truth) == pytest.approx([1])
    made = np.array([[[1, 1, 1, 2], [3, 0, 0, 0]]])
    # part 1: 2 of 3, part 2: 1 of 2, part 3: 0 of 1
    assert part_iou(made, truth) == pytest.approx([(2 / 3 + 1 / 2 + 0) / 3])
    assert np.isnan(part_iou(np.zeros((1, 2, 2), int), np.zeros((1, 2, 2), int))).all()


def test_bootstrap_interval_covers_the_mean_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    covered = 0
    for _ in range(60):
        score = bootstrap(rng.normal(10, 3, 60))
        covered += score.low <= 10 <= score.high
    assert 0.85 <= covered / 60 <= 1.0
    assert str(bootstrap(np.full(5, 2.0))) == "2.0 [2.0, 2.0]"


def test_bootstrap_leaves_out_what_is_not_finite() -> None:
    score = bootstrap(np.array([1.0, np.nan, 3.0, np.inf]))
    assert (score.mean, score.count) == (2.0, 2)
    assert bootstrap(np.array([])).count == 0
