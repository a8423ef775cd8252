"""The gate's figures on people whose keypoints, meshes and boxes were moved by known amounts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from calibration.int8.metrics import Boxes, Limits, Poses, box_degradation, box_metrics, pose_degradation, pose_metrics
from engines.cards.accuracy_gate import Metric

LIMITS = Limits(shift_percent=1.0, oks=0.9, mesh_mm=10.0, lost_percent=5.0)
SIGMAS = np.full(4, 0.1, np.float32)
SIZES = np.tile(np.array([50, 200], np.float32), (10, 1))
REAL = 0.25


def people(rng: np.random.Generator) -> Poses:
    return Poses(
        rng.uniform(0, 200, (10, 4, 2)).astype(np.float32),
        np.full((10, 4), 0.8, np.float32),
        rng.standard_normal((10, 30, 3)).astype(np.float32),
    )


def named(metrics: list[Metric]) -> dict[str, Metric]:
    return {f"{figure.name} {figure.unit}".strip(): figure for figure in metrics}


def metrics_between(exact: Poses, other: Poses) -> dict[str, Metric]:
    return named(pose_metrics(exact, other, SIZES, SIGMAS, REAL, LIMITS))


def test_pose_metrics_equal_poses_pass(rng: np.random.Generator) -> None:
    exact = people(rng)
    metrics = metrics_between(exact, exact)
    assert all(figure.passed for figure in metrics.values())
    assert metrics["object keypoint similarity, mean"].value == 1
    assert {f.value for name, f in metrics.items() if "similarity" not in name} == {0}


def test_pose_metrics_known_shift(rng: np.random.Generator) -> None:
    exact = people(rng)
    assert exact.vertices is not None
    moved = Poses(exact.keypoints + np.float32([3, 4]), exact.scores, exact.vertices + np.float32([0, 0.012, 0]))
    metrics = metrics_between(exact, moved)
    assert metrics["keypoint shift, median px"].value == pytest.approx(5, rel=1e-4)
    assert metrics["keypoint shift, median % of the person"].value == pytest.approx(2.5, rel=1e-4)  # of 200 px
    oks = np.exp(-25 / (2 * 0.53 * 50 * 200 * 0.04))
    assert metrics["object keypoint similarity, mean"].value == pytest.approx(oks, rel=1e-4)
    assert metrics["mesh shift, median person mm"].value == pytest.approx(12, rel=1e-3)
    failed = {name for name, figure in metrics.items() if not figure.passed}
    assert failed == {"keypoint shift, median % of the person", "mesh shift, median person mm"}


def test_pose_metrics_low_score_or_nan_is_lost(rng: np.random.Generator) -> None:
    exact = people(rng)
    scores, keypoints = exact.scores.copy(), exact.keypoints.copy()
    scores[3] = REAL - 0.01
    keypoints[5, 0] = np.nan
    metrics = metrics_between(exact, replace(exact, scores=scores, keypoints=keypoints))
    assert metrics["people lost %"].value == 20
    assert not metrics["people lost %"].passed
    assert metrics["keypoint shift, median px"].value == 0


def test_pose_metrics_ignore_uncertain_float32_keypoints(rng: np.random.Generator) -> None:
    exact = people(rng)
    scores = exact.scores.copy()
    scores[0] = 0.1
    scores[1:, 2] = 0.2
    keypoints = exact.keypoints.copy()
    keypoints[0] += 100
    keypoints[1:, 2] += 100
    metrics = metrics_between(replace(exact, scores=scores), Poses(keypoints, scores, exact.vertices))
    assert all(figure.passed for figure in metrics.values())
    assert metrics["keypoint shift, 95th percentile % of the person"].value == 0


def test_pose_metrics_all_people_lost_fails_every_limit(rng: np.random.Generator) -> None:
    exact = people(rng)
    metrics = metrics_between(exact, replace(exact, scores=np.zeros_like(exact.scores)))
    assert all(not figure.passed for figure in metrics.values() if figure.limit is not None)


def test_pose_metrics_without_mesh_have_no_mesh_metric(rng: np.random.Generator) -> None:
    exact = replace(people(rng), vertices=None)
    assert not [name for name in metrics_between(exact, exact) if name.startswith("mesh")]


def test_pose_degradation_is_mean_of_bounded_shifts(rng: np.random.Generator) -> None:
    exact = people(rng)
    moved = exact.keypoints + np.float32([2, 0])
    assert pose_degradation(exact, replace(exact, keypoints=moved), SIZES, REAL) == pytest.approx(0.01, rel=1e-4)
    moved[0, 0] += 1e5
    assert pose_degradation(exact, replace(exact, keypoints=moved), SIZES, REAL) == pytest.approx(
        0.01 + 0.09 / 40, rel=1e-3
    )


def images(scores: list[float], shift: float = 0.0) -> list[Boxes]:
    boxes = np.array([[0, 0, 50, 100], [200, 0, 250, 100]], np.float32)[: len(scores)] + np.float32(shift)
    return [Boxes(boxes, np.array(scores, np.float32))]


def boxed(exact: list[Boxes], other: list[Boxes]) -> dict[str, Metric]:
    return named(box_metrics(exact, other, 0.45, 0.3, LIMITS))


def test_box_metrics_known_shift() -> None:
    metrics = boxed(images([0.9, 0.6]), images([0.8, 0.5], shift=3.0))
    assert metrics["box shift, median % of the person"].value == pytest.approx(3)
    assert metrics["score shift, median"].value == pytest.approx(0.1)
    assert metrics["people lost %"].value == metrics["people invented %"].value == 0
    assert not metrics["box shift, median % of the person"].passed


def test_box_metrics_count_lost_and_invented_people() -> None:
    assert boxed(images([0.9, 0.6]), images([0.9, 0.35]))["people lost %"].value == 0
    assert boxed(images([0.9, 0.6]), images([0.9, 0.25]))["people lost %"].value == 50
    assert boxed(images([0.9]), images([0.9, 0.6]))["people invented %"].value == 50
    assert boxed(images([0.9, 0.6]), images([0.9, 0.6], shift=60.0))["people lost %"].value == 100
    assert boxed(images([]), images([]))["people lost %"].value == 0


def test_box_degradation_lost_person_counts_one() -> None:
    assert box_degradation(images([0.9, 0.6]), images([0.9, 0.6]), 0.3) == 0
    assert box_degradation(images([0.9, 0.6]), images([0.9]), 0.3) == pytest.approx(0.5)
    assert box_degradation(images([0.9, 0.6]), images([0.7, 0.6], shift=2.0), 0.3) == pytest.approx(
        0.02 + 0.1, rel=1e-3
    )
