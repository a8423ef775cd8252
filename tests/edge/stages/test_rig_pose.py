"""RigPoser and Skin: limbs keep their lengths, and go where the head's joints say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edge.stages.config import InverseKinematicsConfig
from edge.stages.inverse_kinematics import RigFitter
from edge.stages.rig_pose import RigPoser, Skin, can_pose
from edge.types import F32, Bodies, SurfaceUse, TrackedFrame
from engines.body.skinning import Skinner
from meshcast.protocol.rotations import rotmat
from tests.support.open_rig import BODY, FACE, JOINTS, open_model, posed_rigs, seen, standing

MODEL = open_model()
ROOT = np.array([[0.2, -0.1, 3.5]], np.float32)
FLOATS = SurfaceUse.FLOATS
FLAT = np.array([1, 1, 0.5], np.float32)  # a surface whose depth is half of the true one
ELBOW, WRIST = (BODY.joint_names.index(name) for name in ("left_elbow", "left_wrist"))


def lengths(joints: F32) -> F32:
    """Distances (N, P - 1) of joints from their parents."""
    return np.linalg.norm(joints[:, 1:JOINTS] - joints[:, BODY.parents[1:]], axis=-1)


def arms(t: float) -> F32:
    """A standing person whose arms swing, forward and back."""
    rotations = standing()
    for name, sign in (("left_shoulder", 1), ("right_shoulder", -1)):
        rotations[0, BODY.joint_names.index(name)] = rotmat(np.array([0, sign * np.sin(t), sign * 0.4]))
    rotations[0, ELBOW] = rotmat(np.array([0, -0.8, 0.0]))
    return rotations


def surface(
    tracked: TrackedFrame, mesh: object, bodies: Bodies, config: InverseKinematicsConfig | None = None
) -> Bodies:
    return Skin(BODY, MODEL)(RigPoser(BODY, MODEL, config)(tracked, mesh, bodies), bodies)


def test_rig_poser_reproduces_true_bodies(rng: np.random.Generator) -> None:
    rotations = rotmat(rng.normal(0, 0.3, (2, JOINTS, 3)))
    roots = np.array([[0.3, 0, 3], [-0.5, 0.1, 4]], np.float32)
    shape = rng.normal(0, 1, (2, 10)).astype(np.float32)
    tracked, mesh, bodies = seen(rotations, roots, shape)
    made = surface(tracked, mesh, bodies)
    np.testing.assert_allclose(made.vertices, bodies.vertices, atol=5e-3)
    np.testing.assert_allclose(made.joints, bodies.joints, atol=5e-3)
    np.testing.assert_array_equal(made.shape, shape)
    np.testing.assert_allclose(made.joints[:, 0], made.translation, atol=1e-5)


def test_rig_poser_limbs_of_flat_surfaces_keep_lengths() -> None:
    poser, skin = RigPoser(BODY, MODEL), Skin(BODY, MODEL)
    found = []
    for frame in range(8):
        scene = seen(arms(frame), ROOT, t_s=frame / 30, stretch=FLAT)
        assert np.ptp(lengths(scene[2].joints)[:, ELBOW - 1]) == 0
        found.append(lengths(skin(poser(*scene), scene[2]).joints)[0])
    rest = BODY.joint_regressor @ BODY.v_template
    np.testing.assert_allclose(found, np.tile(lengths(rest[None])[0], (8, 1)), atol=1e-5)


@pytest.mark.parametrize("bone_directions", [True, False])
def test_rig_poser_limbs_follow_bone_directions(bone_directions: bool) -> None:
    tracked, mesh, bodies = seen(arms(1.2), ROOT, stretch=FLAT)
    made = surface(tracked, mesh, bodies, InverseKinematicsConfig(bone_directions=bone_directions))
    wanted, found = ((b.joints[0, WRIST] - b.joints[0, ELBOW]).astype(np.float64) for b in (bodies, made))
    cosine = wanted @ found / np.linalg.norm(wanted) / np.linalg.norm(found)
    assert (np.degrees(np.arccos(cosine)) < 0.5) == bone_directions


def test_rig_poser_places_longer_limbs_at_the_keypoints() -> None:
    tracked, mesh, bodies = seen(standing(), ROOT)
    near = replace(bodies, translation=bodies.translation * 0.8, vertices=bodies.vertices - 0.2 * ROOT)
    near = replace(near, joints=bodies.joints - 0.2 * ROOT, shape=None)
    assert np.abs(RigPoser(BODY, MODEL)(tracked, mesh, near).translation - ROOT).max() < 0.02
    kept = RigPoser(BODY, MODEL, InverseKinematicsConfig(localize_rig=False))(tracked, mesh, near)
    np.testing.assert_array_equal(kept.translation, near.translation)


def test_rig_poser_keeps_position_of_a_head_with_a_camera() -> None:
    tracked, mesh, bodies = seen(standing(), ROOT)
    near = replace(bodies, translation=bodies.translation * 0.8)
    posed = RigPoser(BODY, MODEL)(tracked, replace(mesh, cameras=np.ones((1, 3), np.float32)), near)
    np.testing.assert_array_equal(posed.translation, near.translation)


def test_rig_poser_uses_rotations_and_shape_of_the_head(rng: np.random.Generator) -> None:
    tracked, mesh, bodies = seen(standing(), ROOT)
    own, shape = rotmat(rng.normal(0, 0.3, (1, JOINTS, 3))), np.ones((1, 4), np.float32)
    posed = RigPoser(BODY, MODEL)(tracked, mesh, replace(bodies, rotations=own, shape=shape))
    np.testing.assert_array_equal(posed.rotations, own)
    np.testing.assert_array_equal(posed.shape, [[1] * 4 + [0] * 6])


def test_rig_poser_shape_of_the_bodies_sets_the_lengths_and_keeps_the_place() -> None:
    tracked, mesh, bodies = scene = seen(standing(), ROOT)
    tall = np.tile(np.float32([2] + [0] * 9), (len(bodies), 1))
    posed = RigPoser(BODY, MODEL)(tracked, mesh, replace(bodies, shape=tall))
    np.testing.assert_array_equal(posed.translation, bodies.translation)
    rest = BODY.rest(posed.shape)[1]
    found = Skin(BODY, MODEL)(posed, scene[2]).joints
    np.testing.assert_allclose(lengths(found), lengths(rest), atol=1e-5)
    assert np.abs(lengths(found) - lengths(scene[2].joints)).max() > 0.005


def test_rig_poser_confidence_is_that_of_the_moved_keypoints() -> None:
    tracked, mesh, bodies = seen(standing(), ROOT)
    keypoints = bodies.keypoints.copy()
    keypoints[0, MODEL.keypoint_names.index("left_wrist"), 2] = 0.1
    confidence = RigPoser(BODY, MODEL)(tracked, mesh, replace(bodies, keypoints=keypoints)).confidence[0]
    assert confidence[ELBOW] == pytest.approx(0.1)
    assert confidence[ELBOW + 1] == pytest.approx(0.8)  # the right elbow


def test_rig_poser_without_people_gives_no_rows() -> None:
    scene = seen(standing(0), np.empty((0, 3), np.float32))
    posed = RigPoser(BODY, MODEL)(*scene)
    assert len(Skin(BODY, MODEL)(posed, scene[2])) == 0
    assert posed.rotations.shape == (0, JOINTS, 3, 3)


def test_skin_points_of_face_and_feet_are_on_the_surface() -> None:
    scene = seen(standing(), ROOT)
    made = Skin(BODY, MODEL)(posed_rigs(standing(), ROOT), scene[2])
    nose = BODY.coco_regressor[BODY.coco_names.index("nose")] @ made.vertices[0]
    np.testing.assert_allclose(made.joints[0, MODEL.joint_names.index("nose")], nose, atol=1e-5)


def test_skin_computes_no_surface_while_it_has_no_use() -> None:
    scene = seen(standing(), ROOT)
    posed, uses = posed_rigs(standing(), ROOT), [SurfaceUse.NONE]
    calls = []

    def skinner(rotations: F32, shape: F32, translation: F32) -> tuple[F32, F32]:
        calls.append(uses[-1])
        return Skinner(BODY)(rotations, shape, translation)

    skin = Skin(BODY, MODEL, lambda: uses[-1], lambda chosen: skinner)
    made = skin(posed, scene[2])
    assert not made.surfaced
    assert made.joints.shape == (1, 0, 3)
    np.testing.assert_array_equal(made.rotations, posed.rotations)
    np.testing.assert_array_equal(made.translation, posed.translation)
    whole = Skin(BODY, MODEL)(posed, scene[2])
    for use in (SurfaceUse.LEVELS, SurfaceUse.FLOATS):
        uses.append(use)
        made = skin(posed, scene[2])
        np.testing.assert_array_equal(made.vertices, whole.vertices)
        np.testing.assert_array_equal(made.joints, whole.joints)
    assert calls == [SurfaceUse.LEVELS, SurfaceUse.FLOATS]


def test_skin_for_coarse_levels_has_their_vertices_alone(rng: np.random.Generator) -> None:
    assert MODEL.lod is not None
    scene = seen(standing(), ROOT)
    posed = posed_rigs(rotmat(rng.normal(0, 0.3, (1, JOINTS, 3))), ROOT)
    whole, coarse = (Skin(BODY, MODEL, lambda use=use: use)(posed, scene[2]) for use in (FLOATS, SurfaceUse.COARSE))
    assert coarse.surfaced
    assert coarse.vertices.shape[1] < len(BODY.v_template) / 3
    lod = MODEL.lod.vertices
    np.testing.assert_array_equal(coarse.surface_at(lod), whole.vertices[:, lod])
    np.testing.assert_array_equal(coarse.joints, whole.joints)
    fitter = RigFitter(MODEL)
    errors = [fitter.measure(bodies, posed.rotations, posed.shape).error_mm for bodies in (whole, coarse)]
    np.testing.assert_array_equal(*errors)


def test_can_pose_needs_a_rig_and_known_joints() -> None:
    assert can_pose(BODY, MODEL)
    assert can_pose(BODY, open_model(extra=FACE))
    assert not can_pose(BODY, replace(MODEL, rig=None))
    assert not can_pose(BODY, open_model(extra=("tail",)))
