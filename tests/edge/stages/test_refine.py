"""Refinement of posed rigs: the body moves onto its keypoints, and what they do not show stays as it was."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration.camera import Camera
from edge.stages.config import RefinementConfig
from edge.stages.refine import PoseRefiner, can_refine
from edge.types import Bodies, BodyModel, Frame, Pose2D, PosedRigs, TrackedFrame, Tracks
from engines.body.body import kinematic_chain, open_body
from engines.body.joint_limits import joint_limits
from engines.body.rig import rig_of
from engines.heads.base import RootMesh
from engines.heads.point_moments import PointMoments
from engines.joint_sets import COCO17
from meshcast.protocol.rotations import rotmat

BODY = open_body()
CAMERA = Camera.from_fov((1280, 720), 60.0)
RIG = rig_of(BODY)
MODEL = BodyModel(
    name=BODY.name,
    faces=BODY.faces,
    rest_vertices=BODY.v_template,
    parents=BODY.parents,
    joint_names=BODY.joint_names,
    keypoint_names=COCO17.joint_names,
    rig=RIG,
)
MOMENTS = PointMoments(BODY, COCO17.joint_names)
REFINER = PoseRefiner(BODY, MODEL)
ELBOWS_AND_WRISTS = [7, 8, 9, 10]
HANDS_AND_FEET = [j for j, name in enumerate(BODY.joint_names) if name.split("_")[-1] in ("hand", "foot", "wrist")]
LIMIT_JOINTS = np.unique(joint_limits(BODY).joints)


@dataclass(frozen=True)
class People:
    """A pose of N people: rotations (N, 24, 3, 3), shape (N, 10) and translation (N, 3)."""

    rotations: np.ndarray
    shape: np.ndarray
    translation: np.ndarray

    def points(self) -> np.ndarray:
        """Keypoints (N, 17, 3) in the camera's frame."""
        rest = (RIG.rest_joints + np.einsum("jcb,nb->njc", RIG.joint_shape_dirs, self.shape)).astype(np.float32)
        world, places = kinematic_chain(self.rotations, rest, BODY.parents)
        arms = MOMENTS.first(self.shape, rest) - MOMENTS.zeroth[..., None] * rest[:, None]
        points = np.einsum("njab,nkjb->nka", world, arms) + np.einsum("kj,nja->nka", MOMENTS.zeroth, places)
        return points + (self.translation - places[:, 0])[:, None]

    def pixels(self) -> np.ndarray:
        return CAMERA.project(self.points())


def standing(rng: np.random.Generator, people: int = 1, spread: float = 0.25, at_m: float = 4.0) -> People:
    """People with bent elbows and knees, upright in front of the camera, anywhere about the vertical axis."""
    rotvec = rng.normal(0, spread, (people, 24, 3))
    rotvec[:, 0] = 0
    rotvec[:, LIMIT_JOINTS] *= 0.3
    rotvec[:, 4:6, 0] += 0.5
    rotvec[:, 16, 2] -= 0.8
    rotvec[:, 17, 2] += 0.8
    rotvec[:, 18, 1] -= 0.8
    rotvec[:, 19, 1] += 0.8
    rotvec[:, 10:12] = rotvec[:, 22:24] = 0
    rotations = rotmat(rotvec.astype(np.float32))
    yaw = rotmat(np.float32([0, 1, 0]) * rng.uniform(-np.pi, np.pi, (people, 1)).astype(np.float32))
    rotations[:, 0] = np.diag(np.float32([1, -1, -1])) @ yaw
    shape = rng.normal(0, 1, (people, 10)).astype(np.float32)
    return People(rotations, shape, np.tile(np.array([[0.3, 0.1, at_m]], np.float32), (people, 1)))


def beside(rng: np.random.Generator, people: People, off_rad: float = 0.15) -> People:
    """The same people as a mesh head might see them."""
    noise = rng.normal(0, off_rad, (*people.rotations.shape[:2], 3)).astype(np.float32)
    noise[:, HANDS_AND_FEET] = 0
    return replace(people, rotations=rotmat(noise) @ people.rotations)


def refined(
    prior: People,
    pixels: np.ndarray,
    scores: float | np.ndarray = 0.8,
    config: RefinementConfig | None = None,
    sigma: np.ndarray | None = None,
) -> People:
    count = len(pixels)
    scores = np.broadcast_to(np.float32(scores), pixels.shape[:2])
    with np.errstate(invalid="ignore"):
        low, high = np.nanmin(pixels, 1, initial=1e4), np.nanmax(pixels, 1, initial=-1e4)
    margin = 0.07 * (high - low).max(1, keepdims=True)
    ids = np.arange(5, 5 + count, dtype=np.int32)
    boxes = np.concatenate([low - margin, high + margin], 1).astype(np.float32)
    tracks = Tracks(ids[::-1], boxes[::-1], np.ones(count, np.float32))  # another order than that of the bodies
    frame = Frame("test", 0, 0, 0.0, np.zeros((2, 2, 3), np.uint8))
    pose = Pose2D(ids, pixels.astype(np.float32), scores.astype(np.float32))
    empty = np.zeros((count, 0, 3), np.float32)
    keypoints = np.concatenate([pixels, scores[..., None]], -1).astype(np.float32)
    bodies = Bodies(ids, scores.mean(1), keypoints, empty, empty, prior.translation)
    refiner = REFINER if config is None else PoseRefiner(BODY, MODEL, config)
    tracked = TrackedFrame(frame, CAMERA, tracks, pose)
    if sigma is not None:  # the head also has a person who got no body
        sigma = np.concatenate([np.zeros((1, sigma.shape[1]), np.float32), sigma])
    mesh = RootMesh(np.arange(count + 1) > 0, empty, empty, empty, sigma=sigma)
    confidence = np.ones(prior.rotations.shape[:2], np.float32)
    posed = PosedRigs(ids, prior.rotations, prior.shape, prior.translation, confidence)
    result = refiner(tracked, mesh, bodies, posed)
    np.testing.assert_array_equal(result.ids, ids)
    return replace(prior, rotations=result.rotations, translation=result.translation)


def degrees_apart(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    trace = np.einsum("...ab,...ab->...", a.astype(np.float64), b.astype(np.float64))
    return np.degrees(np.arccos(np.clip((trace - 1) / 2, -1, 1)))


def error_px(people: People, pixels: np.ndarray) -> np.ndarray:
    return np.linalg.norm(people.pixels() - pixels, axis=-1)


def test_refiner_arms_reach_their_keypoints_and_hands_follow(rng: np.random.Generator) -> None:
    truth = standing(rng, 20)
    prior, pixels = beside(rng, truth), truth.pixels()
    result = refined(prior, pixels)
    before, after = (error_px(people, pixels)[:, ELBOWS_AND_WRISTS] for people in (prior, result))
    assert np.median(before) > 10
    assert np.median(after) < 0.3 * np.median(before)
    assert degrees_apart(result.rotations, prior.rotations)[:, HANDS_AND_FEET].max() < 2


def test_refiner_noisy_keypoints_improve_an_uncertain_pose(rng: np.random.Generator) -> None:
    truth = standing(rng, 200)
    prior, pixels = beside(rng, truth, 0.2), truth.pixels()
    size = (pixels.max(1) - pixels.min(1)).max(1)[:, None, None]
    result = refined(prior, pixels + rng.normal(0, 0.014, pixels.shape) * size)
    relative = [p.points() - p.translation[:, None] for p in (truth, prior, result)]
    before, after = (np.linalg.norm(r - relative[0], axis=-1).mean() for r in relative[1:])
    assert after < 0.75 * before


def test_refiner_weak_prior_and_perfect_keypoints_fit_them_exactly(rng: np.random.Generator) -> None:
    truth = standing(rng, 5)
    weak = {f"{part}_rad": 1.0 for part in ("root", "trunk", "head", "shoulder", "elbow", "hip", "knee", "end")}
    config = RefinementConfig(steps=40, keypoint_sigma=1e-3, face_sigma=1e-3, shoulder_sigma=1e-3, outlier=1e3, **weak)
    pixels = truth.pixels()
    result = refined(beside(rng, truth, 0.1), pixels, config=config)
    assert error_px(result, pixels).max() < 0.5


@pytest.mark.parametrize("joint", ["left_knee", "right_knee", "left_elbow", "right_elbow"])
def test_refiner_limb_that_bends_backwards_is_straightened(rng: np.random.Generator, joint: str) -> None:
    prior = standing(rng)
    backwards = np.zeros(3, np.float32)
    backwards[0 if "knee" in joint else 1] = 0.7 if joint == "left_elbow" else -0.7
    index = BODY.joint_names.index(joint)
    prior.rotations[:, index] = rotmat(backwards)
    result = refined(prior, prior.pixels())
    assert degrees_apart(result.rotations[0, index], np.eye(3)) < 15
    unseen = refined(prior, prior.pixels(), 0.0)
    assert degrees_apart(unseen.rotations[0, index], np.eye(3)) < 10


def test_refiner_keypoints_of_another_size_do_not_move_the_depth(rng: np.random.Generator) -> None:
    prior = standing(rng)
    pixels = prior.pixels()
    center = pixels.mean(1, keepdims=True)
    result = refined(prior, (pixels - center) * 1.1 + center + [8, -5])
    assert abs(result.translation[0, 2] / prior.translation[0, 2] - 1) < 0.01
    assert np.linalg.norm(result.translation[0, :2] - prior.translation[0, :2]) > 0.01


def test_refiner_same_pose_at_another_distance_gives_the_same_rotations(rng: np.random.Generator) -> None:
    near = standing(rng, at_m=6.0)
    prior = beside(rng, near)
    center = np.array([(CAMERA.size[0] - 1) / 2, (CAMERA.size[1] - 1) / 2])
    results = []
    for scale in (1.0, 1.6):
        far = np.array([[0, 0, 6.0 * scale]], np.float32)
        seen = replace(near, translation=far).pixels()
        config = RefinementConfig(root_along_m=0.02 * scale)
        results.append(refined(replace(prior, translation=far), seen, config=config).rotations)
        assert np.abs(seen - center).max() < 400
    assert degrees_apart(*results).max() < 2


def test_refiner_outlier_does_not_pull_the_arm(rng: np.random.Generator) -> None:
    truth = standing(rng)
    pixels = truth.pixels()
    wrong = pixels.copy()
    wrong[0, 9] += 200  # the left wrist
    result = refined(truth, wrong)
    assert error_px(result, pixels).max() < 4


def test_refiner_uncertain_joints_turn_further_than_certain_ones(rng: np.random.Generator) -> None:
    truth = standing(rng, 10)
    prior, pixels = beside(rng, truth), truth.pixels()
    turned = []
    for sigma_m in (0.002, 0.2):
        sigma = np.full((10, 24), sigma_m, np.float32)
        turned.append(degrees_apart(refined(prior, pixels, sigma=sigma).rotations, prior.rotations).mean())
    default = degrees_apart(refined(prior, pixels).rotations, prior.rotations).mean()
    assert turned[0] < default < turned[1]
    unknown = np.full((10, 24), np.nan, np.float32)
    same = refined(prior, pixels, sigma=unknown)
    np.testing.assert_allclose(same.rotations, refined(prior, pixels).rotations, atol=1e-6)


@pytest.mark.parametrize("case", ["scores", "nan keypoints", "behind", "nan rotation", "nan shape", "nan translation"])
def test_refiner_unusable_person_keeps_the_prior_and_others_are_refined(rng: np.random.Generator, case: str) -> None:
    truth = standing(rng, 3)
    prior = beside(rng, truth, 0.05)
    pixels, scores = truth.pixels(), np.full((3, 17), 0.8)
    expected = refined(prior, pixels)
    if case == "scores":
        scores[1] = 0.1
    elif case == "nan keypoints":
        pixels[1] = np.nan
    elif case == "behind":
        prior.translation[1, 2] = -4
    else:
        getattr(prior, {"nan rotation": "rotations", "nan shape": "shape"}.get(case, "translation"))[1].flat[0] = np.nan
    result = refined(prior, pixels, scores)
    np.testing.assert_array_equal(result.rotations[1], prior.rotations[1])
    np.testing.assert_array_equal(result.translation[1], prior.translation[1])
    np.testing.assert_allclose(result.rotations[[0, 2]], expected.rotations[[0, 2]], atol=1e-6)


def test_refiner_people_together_are_refined_like_each_alone(rng: np.random.Generator) -> None:
    truth = standing(rng, 2)
    truth.translation[:, 2] = 3, 12  # boxes of other sizes, and so other deviations of keypoints
    prior, pixels = beside(rng, truth), truth.pixels()
    together = refined(prior, pixels)
    for row in range(2):
        one = slice(row, row + 1)
        person = People(prior.rotations[one], prior.shape[one], prior.translation[one])
        alone = refined(person, pixels[one])
        np.testing.assert_allclose(together.rotations[one], alone.rotations, atol=1e-5)
        np.testing.assert_allclose(together.translation[one], alone.translation, atol=1e-5)


def test_refiner_without_people_returns_none() -> None:
    none = People(np.zeros((0, 24, 3, 3), np.float32), np.zeros((0, 10), np.float32), np.zeros((0, 3), np.float32))
    result = refined(none, np.zeros((0, 17, 2)))
    assert (result.rotations.shape, result.translation.shape) == ((0, 24, 3, 3), (0, 3))


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), off=st.floats(0, 0.3), people=st.integers(1, 4))
def test_refiner_of_any_pose_is_proper_and_nearer_to_the_keypoints(seed: int, off: float, people: int) -> None:
    rng = np.random.default_rng(seed)
    truth = standing(rng, people)
    prior, pixels = beside(rng, truth, off), truth.pixels()
    result = refined(prior, pixels)
    exact = result.rotations.astype(np.float64)
    np.testing.assert_allclose(exact @ np.swapaxes(exact, -1, -2), np.broadcast_to(np.eye(3), exact.shape), atol=1e-5)
    assert np.isfinite(result.translation).all()
    assert np.median(error_px(result, pixels)) <= np.median(error_px(prior, pixels)) + 0.5


def test_can_refine_needs_a_rig_and_known_keypoints() -> None:
    assert can_refine(BODY, MODEL)
    without = replace(MODEL, rig=None)
    assert not can_refine(BODY, without)
    assert not can_refine(BODY, replace(MODEL, keypoint_names=("thumb", "tail")))
    assert not can_refine(BODY, replace(MODEL, keypoint_names=(*(f"nose{k}" for k in range(64)), "nose")))
    with pytest.raises(ValueError, match="the body open_smpl_body cannot be refined"):
        PoseRefiner(BODY, without)
