"""Keypoints and joints that were seen, over time."""

from __future__ import annotations

import numpy as np
import pytest

from calibration.camera import Camera
from edge.stages.config import VisibilityConfig
from edge.stages.visibility import JointVisibility, KeypointVisibility
from edge.types import F32, Frame, Pose2D, TrackedFrame, Tracks
from engines.joint_sets import COCO17, HUMAN36, SMPL24

NAMES = COCO17.joint_names
CONFIG = VisibilityConfig()
WIDTH, HEIGHT, STEP_S = 200, 300, 1 / 30
LEFT_WRIST, LEFT_KNEE, HIPS = NAMES.index("left_wrist"), NAMES.index("left_knee"), slice(11, 13)


def standing() -> F32:
    """A person whose trunk is 80 px long and whose hips are at y = 150."""
    y = np.array([40] * 5 + [70] * 2 + [110] * 2 + [140] * 2 + [150] * 2 + [200] * 2 + [250] * 2, np.float32)
    return np.stack([np.where(np.arange(17) % 2, 110, 90), y], 1).astype(np.float32)


def tracked(index: int, scores: F32, keypoints: F32 | None = None, identity: int = 4) -> TrackedFrame:
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    keypoints = standing() if keypoints is None else keypoints
    ids = np.array([identity], np.int32)
    box = np.array([[50, 20, 150, 280]], np.float32)
    pose = Pose2D(ids, keypoints[None], scores[None].astype(np.float32))
    frame = Frame("cam", index, 0, index * STEP_S, image)
    return TrackedFrame(frame, Camera.from_fov((WIDTH, HEIGHT), 60), Tracks(ids, box, np.ones(1, np.float32)), pose)


def wrist(score: float) -> F32:
    scores = np.full(17, 0.8, np.float32)
    scores[LEFT_WRIST] = score
    return scores


def test_visible_keypoints_pass_unchanged() -> None:
    see, given = KeypointVisibility(NAMES), tracked(0, wrist(0.8))
    masked, visibility = see(given)
    np.testing.assert_array_equal(masked.pose.scores, given.pose.scores)
    np.testing.assert_array_equal(masked.pose.keypoints, given.pose.keypoints)
    assert (visibility == 1).all()


def test_one_frame_of_low_score_hides_nothing_and_some_frames_do() -> None:
    see = KeypointVisibility(NAMES)
    see(tracked(0, wrist(0.8)))
    masked, visibility = see(tracked(1, wrist(0.02)))
    assert masked.pose.scores[0, LEFT_WRIST] == np.float32(0.02)
    assert visibility[0, LEFT_WRIST] == 1
    for index in range(2, 30):
        masked, visibility = see(tracked(index, wrist(0.02)))
    assert masked.pose.scores[0, LEFT_WRIST] == 0
    assert visibility[0, LEFT_WRIST] == 0
    others = np.delete(np.arange(17), LEFT_WRIST)
    assert (masked.pose.scores[0, others] == np.float32(0.8)).all()
    assert (visibility[0, others] == 1).all()


def test_scores_between_the_thresholds_keep_what_was_seen() -> None:
    between = (CONFIG.hide_score + CONFIG.show_score) / 2
    for before, expected in ((0.9, between), (0.01, 0.0)):
        see = KeypointVisibility(NAMES)
        see(tracked(0, wrist(before)))
        rng = np.random.default_rng(0)
        for index in range(1, 60):
            score = between + rng.uniform(-0.07, 0.07)
            masked, _ = see(tracked(index, wrist(score)))
            assert (masked.pose.scores[0, LEFT_WRIST] > 0) == (expected > 0)


def test_visibility_fades_in_time_and_not_in_frames() -> None:
    see = KeypointVisibility(NAMES, VisibilityConfig(time_s=1e-6))
    see(tracked(0, wrist(0.8)))
    fading = [see(tracked(index, wrist(0.0)))[1][0, LEFT_WRIST] for index in range(1, 9)]
    np.testing.assert_allclose(fading, np.maximum(0, 1 - np.arange(1, 9) * STEP_S / CONFIG.fade_s), atol=1e-6)


def test_keypoints_outside_of_the_image_are_not_seen() -> None:
    keypoints = standing()
    keypoints[LEFT_WRIST] = -3, 100
    masked, visibility = KeypointVisibility(NAMES)(tracked(0, wrist(0.9), keypoints))
    assert masked.pose.scores[0, LEFT_WRIST] == 0
    assert visibility[0, LEFT_WRIST] == 0


@pytest.mark.parametrize(("hips_y", "seen"), [(150, True), (290, False)])
def test_legs_of_a_person_cut_at_the_hips_need_a_high_score(hips_y: float, seen: bool) -> None:
    keypoints, scores = standing(), np.full(17, 0.8, np.float32)
    keypoints[:, 1] = np.minimum(keypoints[:, 1] + hips_y - 150, HEIGHT - 2)  # where a pose model puts the legs then
    scores[13:] = 0.45
    masked, visibility = KeypointVisibility(NAMES)(tracked(0, scores, keypoints))
    assert (masked.pose.scores[0, 13:] > 0).all() == seen
    assert (visibility[0, 13:] == seen).all()
    assert (visibility[0, :13] == 1).all()


def test_people_have_their_own_history_and_are_forgotten() -> None:
    see = KeypointVisibility(NAMES)
    see(tracked(0, wrist(0.02), identity=4))
    assert see(tracked(1, wrist(0.34), identity=4))[1][0, LEFT_WRIST] == 0
    assert see(tracked(1, wrist(0.34), identity=5))[1][0, LEFT_WRIST] == 1
    late = 2 + round(CONFIG.forget_s / STEP_S)
    assert see(tracked(late, wrist(0.34), identity=4))[1][0, LEFT_WRIST] == 1
    see(tracked(late + 1, wrist(0.0), identity=4))
    see.reset()
    assert see(tracked(late + 2, wrist(0.34), identity=4))[1][0, LEFT_WRIST] == 1


def test_without_masks_scores_pass_and_visibility_is_known() -> None:
    given = tracked(0, wrist(0.0))
    masked, visibility = KeypointVisibility(NAMES, VisibilityConfig(mask_keypoints=False))(given)
    assert masked is given
    assert visibility[0, LEFT_WRIST] == 0


def test_frame_without_people_has_no_rows() -> None:
    pose = Pose2D(np.zeros(0, np.int32), np.zeros((0, 17, 2), np.float32), np.zeros((0, 17), np.float32))
    given = tracked(0, wrist(0.8))
    empty = TrackedFrame(given.frame, given.camera, Tracks(pose.ids, np.zeros((0, 4), np.float32), pose.ids), pose)
    masked, visibility = KeypointVisibility(NAMES)(empty)
    assert masked.pose.scores.shape == visibility.shape == (0, 17)
    assert JointVisibility(SMPL24.joint_names, NAMES)(visibility).shape == (0, 24)


@pytest.mark.parametrize(
    ("hidden", "unseen"),
    [
        (("left_wrist",), {"left_wrist", "left_hand"}),
        (("left_hip",), {"left_hip"}),
        (("left_hip", "right_hip"), {"left_hip", "right_hip", "pelvis"}),
        (NAMES[:5], {"head"}),
        (("left_shoulder",), {"left_shoulder", "left_collar"}),
        (
            ("left_shoulder", "right_shoulder"),
            {"left_shoulder", "right_shoulder", "left_collar", "right_collar", "neck", "spine1", "spine2", "spine3"},
        ),
        (("right_ankle",), {"right_ankle", "right_foot"}),
    ],
)
def test_joints_without_a_keypoint_are_seen_by_their_neighbors(hidden: tuple[str, ...], unseen: set[str]) -> None:
    visibility = np.array([[name not in hidden for name in NAMES]], np.float32)
    joints = JointVisibility(SMPL24.joint_names, NAMES)(visibility)[0]
    assert {name for name, seen in zip(SMPL24.joint_names, joints, strict=True) if not seen} == unseen


def test_joints_of_other_sets_and_unknown_names_have_a_visibility() -> None:
    visibility = np.full((1, 17), 0.25, np.float32)
    visibility[0, LEFT_KNEE] = 0.75
    joints = JointVisibility((*HUMAN36.joint_names, "tail"), NAMES)(visibility)[0]
    expected = [0.75 if name in ("left_knee", "tail") else 0.25 for name in (*HUMAN36.joint_names, "tail")]
    np.testing.assert_array_equal(joints, np.float32(expected))
