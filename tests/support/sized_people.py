"""Synthetic people of known shapes in front of a camera above a floor, as a mesh head of constant size sees them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from calibration.camera import Camera
from calibration.world import WorldPose
from edge.types import F32, BodyModel, Frame, Pose2D, TrackedFrame, Tracks
from engines.body.body import kinematic_chain, open_body
from engines.body.rig import rig_of
from engines.heads.base import RootMesh
from engines.training.synthetic_people import PointSkinner
from meshcast.protocol.rotations import rotmat

SIZE = (1280, 720)


@cache
def model() -> BodyModel:
    """The bundled body with COCO's keypoints."""
    body = open_body()
    return BodyModel(
        name="open_smpl_body",
        faces=body.faces,
        rest_vertices=body.v_template,
        parents=body.parents,
        joint_names=body.joint_names,
        keypoint_names=body.coco_names,
        rig=rig_of(body),
    )


def camera(height_m: float | None = 1.8, tilt_deg: float = 12.0) -> Camera:
    """A camera above the floor; None: its pose is not known."""
    made = Camera.from_fov(SIZE, 60.0)
    return made if height_m is None else replace(made, world=WorldPose.of_height(height_m, tilt_deg))


@dataclass(frozen=True, slots=True)
class Person:
    """A person and the mesh that a head makes of one: the same pose with the proportions of the mean body.

    joints (24, 3) and landmarks (17, 3) float32 m in the camera's frame; mesh: of one person.
    """

    joints: F32
    landmarks: F32
    mesh: RootMesh


def person(
    shape: F32, *, seed: int = 0, distance_m: float = 4.0, raised_m: float = 0.0, floor_of: Camera | None = None
) -> Person:
    """A person who strides in a random direction, with the lower foot `raised_m` above the floor of `floor_of`."""
    seen_from = floor_of or camera()
    assert seen_from.world is not None
    rng = np.random.default_rng(seed)
    local = np.tile(np.eye(3, dtype=np.float32), (24, 1, 1))
    local[0] = rotmat(np.array([0, rng.uniform(-np.pi, np.pi), 0], np.float32))
    swing = rng.uniform(-0.5, 0.5)
    turns = {1: [swing, 0, 0], 2: [-swing, 0, 0], 4: [rng.uniform(0, 0.5), 0, 0], 16: [0, 0, -1.2], 17: [0, 0, 1.2]}
    for joint, turn in turns.items():
        local[joint] = rotmat(np.array(turn, np.float32))
    for ankle, hip, knee in ((7, 1, 4), (8, 2, 5)):  # the soles stay level
        local[ankle] = (local[hip] @ local[knee]).T
    joints, landmarks = _posed(local, shape)
    mean_joints, mean_landmarks = _posed(local, np.zeros(10, np.float32))
    body = open_body()
    sole = rest_joints(shape)[[7, 8], 1] - (body.v_template[:, 1] + body.shape_dirs[:, 1] @ shape).min()
    world_up = np.array([0, 0, raised_m - (joints[[7, 8], 1] - sole).min()])
    at = np.array([rng.uniform(-0.5, 0.5), distance_m, 0]) + world_up
    to_world = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]])  # Y up to z up
    turn = seen_from.world.rotation @ to_world

    def in_camera(points: F32) -> F32:
        placed: F32 = (points @ turn.T + seen_from.world.rotation @ at + seen_from.world.translation).astype(np.float32)
        return placed

    def relative(points: F32) -> F32:
        moved: F32 = ((points - mean_joints[0]) @ turn.T).astype(np.float32)
        return moved[None]

    mesh = RootMesh(np.ones(1, bool), relative(mean_landmarks), relative(mean_joints), relative(mean_joints))
    return Person(in_camera(joints), in_camera(landmarks), mesh)


def tracked(people: list[Person], seen_by: Camera, t_s: float, scores: F32 | None = None) -> TrackedFrame:
    """A frame in which the people have the ids 1, 2 and so on."""
    ids = np.arange(1, len(people) + 1, dtype=np.int32)
    keypoints = np.array([seen_by.project(p.landmarks) for p in people], np.float32).reshape(-1, 17, 2)
    given = np.full(keypoints.shape[:2], 0.9, np.float32) if scores is None else scores
    frame = Frame("test", round(t_s * 30), round(t_s * 1e9), t_s, np.zeros((SIZE[1], SIZE[0], 3), np.uint8))
    boxes = np.zeros((len(ids), 4), np.float32)
    return TrackedFrame(
        frame, seen_by, Tracks(ids, boxes, np.ones(len(ids), np.float32)), Pose2D(ids, keypoints, given)
    )


def meshes(people: list[Person]) -> RootMesh:
    """The meshes of several people, row for row."""
    made = [p.mesh for p in people]
    return RootMesh(
        np.concatenate([m.usable for m in made]),
        *(np.concatenate([getattr(m, name) for m in made]) for name in ("landmarks", "joints", "vertices")),
    )


def stature(shape: F32) -> float:
    """The stature of the resting body, m."""
    body = open_body()
    heights = body.v_template[:, 1] + body.shape_dirs[:, 1] @ shape
    return float(np.ptp(heights))


def rest_joints(shape: F32) -> F32:
    """Joints (24, 3) of the resting body, m."""
    rig = model().rig
    assert rig is not None
    joints: F32 = rig.rest_joints + rig.joint_shape_dirs @ shape
    return joints


@cache
def _skinner() -> PointSkinner:
    body = open_body()
    return PointSkinner(body, body.coco_regressor)


def _posed(local: F32, shape: F32) -> tuple[F32, F32]:
    """Joints (24, 3) and landmarks (17, 3) of the posed body, Y up, relative to the root."""
    resting = rest_joints(shape)[None].astype(np.float32)
    rotation, joints = kinematic_chain(local[None], resting, open_body().parents)
    offset = joints - np.einsum("njab,njb->nja", rotation, resting)
    landmarks = _skinner()(rotation, offset.astype(np.float32), shape[None])
    return joints[0] - joints[0, 0], landmarks[0] - joints[0, 0]
