"""Scores of made-up people whose errors are known in closed form."""

import math

import numpy as np
import pytest

from calibration.camera import Camera
from calibration.world import WorldPose
from edge.evaluation.limbs import LIMBS
from edge.evaluation.score import Scorer
from edge.evaluation.truth import Truth, TruthError, load_truth
from engines.joint_sets import COCO17

SIZE = (1000, 800)
NAMES = ("head_top", *reversed(LIMBS))  # another order than COCO's, and a joint that is not scored
FRAMES = 4


@pytest.fixture
def truth():
    rng = np.random.default_rng(6)
    joints = rng.uniform([-0.4, -0.9, 3.8], [0.4, 0.9, 4.2], (FRAMES, len(NAMES), 3)).astype(np.float32)
    return Truth(NAMES, joints, Camera.from_fov(SIZE, 60))


def people(truth, frame, *joints):
    """Keypoints (N, 17, 3) of truth-shaped people (each (J, 3) m), all scores 1, faces at the image's corner."""
    keypoints = np.zeros((len(joints), 17, 3), np.float32)
    keypoints[..., 2] = 1
    pixels = truth.camera.project(np.array(joints))
    for name in LIMBS:
        keypoints[:, COCO17.joint_names.index(name), :2] = pixels[:, NAMES.index(name)]
    return keypoints


def score(truth, joints, seen=None):
    """The score when joints (T, J, 3) are predicted for the one person seen."""
    scorer = Scorer(truth, NAMES)
    for frame in range(FRAMES):
        keypoints = people(truth, frame, np.nan_to_num((truth.joints if seen is None else seen)[frame], nan=5.0))
        scorer.add(frame, keypoints, joints[frame : frame + 1])
    return scorer.result(1 / 60)


def test_scorer_truth_has_no_error(truth):
    result = score(truth, truth.joints)
    assert (result.frames, result.matched) == (FRAMES, FRAMES)
    assert result.mpjpe_mm == pytest.approx(0, abs=1e-3)
    assert result.pa_mpjpe_mm == pytest.approx(0, abs=1e-3)
    assert result.root_error_m == pytest.approx(0, abs=1e-6)


def test_scorer_shifted_person_has_root_error_only(truth):
    result = score(truth, truth.joints + np.float32([0.3, 0.0, 0.4]))
    assert result.mpjpe_mm == pytest.approx(0, abs=1e-3)
    assert result.root_error_m == pytest.approx(0.5, abs=1e-5)


def test_scorer_one_wrong_joint_has_known_error(truth):
    joints = truth.joints.copy()
    joints[:, NAMES.index("left_wrist")] += np.float32([0, 0.06, 0])
    result = score(truth, joints)
    assert result.mpjpe_mm == pytest.approx(60 / 12, abs=1e-3)
    assert result.joint_errors_mm["left_wrist"] == pytest.approx(60, abs=1e-3)
    assert result.joint_errors_mm["right_wrist"] == pytest.approx(0, abs=1e-3)
    assert 0 < result.pa_mpjpe_mm < result.mpjpe_mm * 2


def test_scorer_similarity_has_no_aligned_error(truth):
    turn = np.array([[0, 0, 1], [0, 1, 0], [-1, 0, 0]], np.float32)
    result = score(truth, 1.2 * truth.joints @ turn)
    assert result.pa_mpjpe_mm == pytest.approx(0, abs=1e-2)
    assert result.mpjpe_mm > 100


def test_scorer_mirrored_person_has_aligned_error(truth):
    assert score(truth, truth.joints * np.float32([-1, 1, 1])).pa_mpjpe_mm > 50


def test_scorer_ignores_unknown_joints(truth):
    predicted = truth.joints.copy()
    predicted[:, NAMES.index("left_ankle")] += 1  # would count, were its truth known
    predicted[:, NAMES.index("left_wrist")] += np.float32([0.11, 0, 0])
    gap = truth.joints.copy()
    gap[:, NAMES.index("left_ankle")] = np.nan
    result = score(Truth(NAMES, gap, truth.camera), predicted)
    assert result.matched == FRAMES
    assert result.mpjpe_mm == pytest.approx(110 / 11, abs=1e-3)
    assert math.isnan(result.joint_errors_mm["left_ankle"])


def test_scorer_unknown_first_frame_is_not_counted(truth):
    gap = truth.joints.copy()
    gap[0] = np.nan
    result = score(Truth(NAMES, gap, truth.camera), truth.joints, seen=truth.joints)
    assert (result.frames, result.matched) == (FRAMES - 1, FRAMES - 1)
    assert result.mpjpe_mm == pytest.approx(0, abs=1e-3)


def test_scorer_motion_and_limbs_are_those_of_the_person(truth):
    steady = Truth(NAMES, np.tile(truth.joints[:1], (FRAMES, 1, 1)), truth.camera)
    trembling = 0.9 * steady.joints
    trembling[1::2] += np.float32([0, 0, 0.01])
    result = score(steady, trembling)
    assert result.motion.second_difference_mm == pytest.approx(20, rel=1e-3)
    assert result.true_motion.second_difference_mm == pytest.approx(0, abs=1e-3)
    assert result.limbs.bias_pct == pytest.approx(-10, rel=1e-3)
    assert result.limbs.worst_spread_pct == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("lost", [("left_hip",), LIMBS[:8]], ids=["no root", "too few"])
def test_scorer_ignores_frames_with_few_known_joints(truth, lost):
    gap = truth.joints.copy()
    gap[1:, [NAMES.index(name) for name in lost]] = np.nan
    result = score(Truth(NAMES, gap, truth.camera), truth.joints)
    assert (result.frames, result.matched) == (1, 1)


def test_scorer_matches_nearest_of_two_people(truth):
    scorer = Scorer(truth, NAMES)
    for frame in range(FRAMES):
        person = truth.joints[frame]
        behind = person + np.float32([0.5, 0, 5])
        rows = (behind, person) if frame % 2 else (person, behind)
        scorer.add(frame, people(truth, frame, *rows), np.array(rows))
    result = scorer.result(1 / 60)
    assert result.matched == FRAMES
    assert result.root_error_m == pytest.approx(0, abs=1e-6)


def test_scorer_distant_person_is_not_matched(truth):
    elsewhere = truth.joints + np.float32([2.5, 0, 0])
    result = score(truth, elsewhere, seen=elsewhere)
    assert (result.frames, result.matched) == (FRAMES, 0)
    assert all(math.isnan(value) for value in (result.mpjpe_mm, result.pa_mpjpe_mm, result.root_error_m))


def test_scorer_near_person_is_matched(truth):
    near = truth.joints + np.float32([0.4, 0, 0])
    assert score(truth, near, seen=near).matched == FRAMES


def test_scorer_empty_frames_and_frames_beyond_truth(truth):
    scorer = Scorer(truth, NAMES)
    scorer.add(0, np.empty((0, 17, 3), np.float32), np.empty((0, len(NAMES), 3), np.float32))
    scorer.add(FRAMES, people(truth, 0, truth.joints[0]), truth.joints[:1])
    result = scorer.result(1 / 60)
    assert (result.frames, result.matched) == (1, 0)


def test_scorer_model_without_limbs_raises(truth):
    with pytest.raises(TruthError, match="the mesh model has no left_shoulder"):
        Scorer(truth, ("pelvis", "head"))


@pytest.fixture
def arrays(truth):
    camera = truth.camera
    return {
        "joint_names": np.array(NAMES),
        "cam01_joints_cam_m": truth.joints,
        "cam01_K": camera.K,
        "cam01_dist": np.array([-0.05, 0.1, 0.001, 0.002]),
        "cam03_joints_cam_m": truth.joints + 1,
        "cam03_K": camera.K,
        "cam03_dist": np.zeros(5),
    }


def test_load_truth_reads_file(tmp_path, arrays, truth):
    np.savez(tmp_path / "t.npz", **arrays)
    loaded = load_truth(tmp_path / "t.npz", "cam01", SIZE)
    assert (loaded.joint_names, loaded.camera.size) == (NAMES, SIZE)
    np.testing.assert_array_equal(loaded.joints, truth.joints)
    np.testing.assert_array_equal(loaded.camera.distortion, [-0.05, 0.1, 0.001, 0.002, 0])
    np.testing.assert_array_equal(loaded.camera.K, truth.camera.K)


def test_load_truth_reads_pose_of_camera(tmp_path, arrays):
    world = WorldPose.of_height(1.2, tilt_deg=10)
    np.savez(tmp_path / "t.npz", **arrays, cam01_R=world.rotation, cam01_t=world.translation)
    assert load_truth(tmp_path / "t.npz", "cam01", SIZE).camera.floor.height_m == pytest.approx(1.2)
    assert load_truth(tmp_path / "t.npz", "cam03", SIZE).camera.floor is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cam01_R": np.eye(3)}, "cam01_t is missing; a pose needs both cam01_R and cam01_t"),
        ({"cam01_R": 2 * np.eye(3), "cam01_t": np.zeros(3)}, "cam01_R must be a 3 x 3 rotation matrix"),
        ({"cam01_R": np.diag([1, 1, -1]), "cam01_t": np.zeros(3)}, "cam01_R must be a 3 x 3 rotation matrix"),
        ({"cam01_R": np.eye(3), "cam01_t": np.full(3, np.nan)}, "cam01_t must be three numbers"),
        ({"cam02_K": None, "cam02_joints_cam_m": None}, "no camera 'cam02'; it has cam01, cam03"),
        ({"cam01_K": None}, "cam01_K is missing"),
        ({"joint_names": None}, "joint_names is missing"),
        ({"joint_names": np.array(["nose"] * len(NAMES))}, "has no left_shoulder"),
        ({"cam01_joints_cam_m": np.zeros((4, 3, 3))}, "must be"),
        ({"cam01_K": np.eye(4)}, "must be 3 x 3"),
        ({"cam01_K": np.array("text")}, "could not convert"),
    ],
)
def test_load_truth_unusable_file_raises(tmp_path, arrays, change, message):
    arrays = {key: value for key, value in (arrays | change).items() if value is not None}
    np.savez(tmp_path / "t.npz", **arrays)
    with pytest.raises(TruthError, match=message) as error:
        load_truth(tmp_path / "t.npz", "cam02" if "cam02" in message else "cam01", SIZE)
    assert "\n" not in str(error.value)


def test_load_truth_other_file_raises(tmp_path, arrays):
    whole, cut, text, array = (tmp_path / name for name in ("whole.npz", "cut.npz", "text.npz", "array.npz"))
    np.savez_compressed(whole, **arrays)
    cut.write_bytes(whole.read_bytes()[:1500])
    text.write_text("joint_names: none")
    with array.open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(TruthError, match="cannot be read: No such file"):
        load_truth(tmp_path / "none.npz", "cam01", SIZE)
    for path in (cut, text, array):
        with pytest.raises(TruthError, match=f"{path.name}: not a truth file"):
            load_truth(path, "cam01", SIZE)
