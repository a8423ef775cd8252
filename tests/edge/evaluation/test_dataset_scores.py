"""Scores on data sets: a perfect prediction, a moved and a larger one, subsets of joints, actions, clips and hands."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edge.evaluation.dataset_scores import DatasetScores, action_of, hand_scores
from engines.body.body import open_body
from engines.errors import ModelError
from engines.training.sample import COCO, H36M, SMPL
from tests.support.rendered import rendered_people

BODY = open_body()


def test_dataset_scores_of_the_truth_anywhere_are_perfect() -> None:
    scores = DatasetScores(BODY)
    for number in range(3):
        sample = rendered_people()[number]
        scores.add(sample, sample.vertices + np.float32([0.3, -1, 4]), sample.shape)
    summary = scores.summary()
    assert summary["pck"].mean == 100
    assert summary["auc"].mean == pytest.approx(3000 / 31)  # no error is below the threshold 0
    for name in ("mpjpe", "pa_mpjpe", "pve", "pa_pve", "pve_t"):
        assert summary[name].mean == pytest.approx(0, abs=0.05), name
        assert summary[name].count == 3


def test_dataset_scores_leave_out_annotations_that_are_not_finite() -> None:
    sample = rendered_people()[0]
    broken, points = sample.vertices.copy(), sample.points_3d.copy()
    broken[7, 1], points[H36M.start + 3, 0] = np.nan, np.inf
    scores = DatasetScores(BODY)
    scores.add(replace(sample, vertices=broken, points_3d=points), sample.vertices)
    summary = scores.summary()
    assert "pve" not in summary
    # Of SMPL's joints, as one of Human3.6M's is unknown: those of the skeleton are near those regressed from the mesh.
    assert summary["mpjpe"].mean < 25
    assert len(scores.joint_rows()) == 24


@pytest.mark.parametrize(
    ("name", "action"),
    [
        ("S9/S9_Walking.1/a_000001.jpg", "Walking"),
        ("images/s_09_act_02_subact_01_ca_01/s_09_act_02_subact_01_ca_01_000001.jpg", "Directions"),
        ("s_09_act_16_subact_02_ca_04_000001.jpg", "WalkTogether"),
        ("s_09_act_17_subact_02_ca_04_000001.jpg", None),
        ("walking/000001.jpg", None),
    ],
)
def test_action_of_the_names_of_human36m(name: str, action: str | None) -> None:
    assert action_of(name) == action


def test_dataset_scores_of_a_larger_person_are_its_growth() -> None:
    sample = rendered_people()[0]
    scores = DatasetScores(BODY)
    scores.add(sample, 1.1 * sample.vertices, None)
    summary = scores.summary()
    root = BODY.joint_regressor[0] @ sample.vertices
    expected = 100 * np.linalg.norm(sample.vertices - root, axis=1).mean()
    assert summary["pve"].mean == pytest.approx(expected, rel=1e-3)
    assert summary["pa_pve"].mean == pytest.approx(0, abs=0.01)
    assert "pve_t" not in summary


def test_dataset_scores_of_another_mesh_are_refused() -> None:
    with pytest.raises(ModelError, match="use the same body"):
        DatasetScores(BODY).add(rendered_people()[0], np.zeros((5, 3), np.float32))


def test_dataset_scores_of_each_joint_and_action_average_to_the_whole() -> None:
    scores = DatasetScores(BODY)
    for number, action in enumerate(("Walking", "Walking 1", "Sitting")):
        sample = replace(rendered_people()[number], name=f"h36m/S9_{action}.5410_{number:06d}.jpg")
        scores.add(sample, (1 + 0.1 * number) * sample.vertices)
    whole, joints, actions = scores.summary(), scores.joint_rows(), scores.action_rows()
    assert len(joints) == 14
    assert np.mean([row["mpjpe"].mean for row in joints.values()]) == pytest.approx(whole["mpjpe"].mean)
    assert list(actions) == ["Sitting", "Walking"]
    assert actions["Walking"]["mpjpe"].count == 2
    mean = (2 * actions["Walking"]["pve"].mean + actions["Sitting"]["pve"].mean) / 3
    assert mean == pytest.approx(whole["pve"].mean)


@pytest.mark.parametrize(("known", "joints"), [((SMPL,), 24), ((COCO,), 12), ((H36M,), 14), ((), 0)])
def test_dataset_scores_are_of_the_joints_that_are_annotated(known: tuple[slice, ...], joints: int) -> None:
    sample = rendered_people()[0]
    points = sample.points_3d.copy()
    points[:, 3] = 0
    for part in known:
        points[part, 3] = 1
    scores = DatasetScores(BODY)
    scores.add(replace(sample, points_3d=points), sample.vertices)
    assert len(scores.joint_rows()) == joints
    assert ("mpjpe" in scores.summary()) == bool(joints)
    if joints:
        assert scores.summary()["mpjpe"].mean == pytest.approx(0, abs=0.05)


def test_dataset_scores_of_numbered_frames_have_an_acceleration_error() -> None:
    sample = rendered_people()[0]
    scores = DatasetScores(BODY)
    for number in (1, 2, 3, 4, 9):
        growth = 1.1 if number == 3 else 1.0
        scores.add(replace(sample, name=f"clip/image_{number:05d}.jpg"), growth * sample.vertices)
    made = scores.summary()["accel"]
    points = sample.points_3d[H36M, :3]
    assert made.count == 2
    size = 100 * np.linalg.norm(points - points[0], axis=1)[[6, 5, 4, 1, 2, 3, 16, 15, 14, 11, 12, 13, 8, 10]]
    assert made.mean == pytest.approx((2 * size.mean() + size.mean()) / 2, rel=1e-3)  # second differences -2 and 1


def test_hand_scores_of_known_errors() -> None:
    rng = np.random.default_rng(0)
    joints, vertices = rng.normal(0, 0.05, (4, 21, 3)), rng.normal(0, 0.05, (4, 60, 3))
    same = hand_scores(1.2 * joints + 1, joints, 1.2 * vertices + 1, vertices)
    assert same["pa_mpjpe"].mean == pytest.approx(0, abs=1e-6)
    assert same["mpjpe"].mean > 5
    assert same["f5"].mean == same["f15"].mean == 1
    far = hand_scores(joints, joints, rng.normal(0, 0.05, (4, 60, 3)), vertices)
    assert far["f5"].mean < far["f15"].mean < 1
    assert "f5" not in hand_scores(joints, joints)
