"""The open body's rig, and bodies and posed rigs of it for tests of the stages."""

from __future__ import annotations

import numpy as np

from calibration.camera import Camera
from edge.types import F32, Bodies, BodyModel, Frame, Pose2D, PosedRigs, TrackedFrame, Tracks
from engines.body.body import SurfaceBody, open_body
from engines.body.lod import lod_of
from engines.body.rig import rig_of
from engines.heads.base import RootMesh
from engines.joint_sets import COCO17
from meshcast.protocol.rotations import rotmat

BODY: SurfaceBody = open_body()
JOINTS = len(BODY.parents)
CAMERA = Camera.from_fov((640, 480), 60.0)
UPRIGHT = rotmat(np.array([np.pi, 0, 0]))  # the resting body, y up, in a level camera's frame
FACE = tuple(name for name in BODY.coco_names if name not in BODY.joint_names)


def open_model(extra: tuple[str, ...] = (*FACE, *BODY.feet_names)) -> BodyModel:
    """The constants of the bundled mesh model's bodies."""
    return BodyModel(
        name=BODY.name,
        faces=BODY.faces,
        rest_vertices=BODY.v_template,
        parents=BODY.parents,
        joint_names=(*BODY.joint_names, *extra),
        keypoint_names=COCO17.joint_names,
        rig=rig_of(BODY),
        lod=lod_of(BODY),
    )


def standing(people: int = 1) -> F32:
    """Local rotations (N, P, 3, 3) of people who stand in a T-pose in front of a level camera and face it."""
    rotations = np.tile(np.eye(3, dtype=np.float32), (people, JOINTS, 1, 1))
    rotations[:, 0] = UPRIGHT
    return rotations


def posed_rigs(rotations: F32, root: F32, ids: list[int] | None = None, confidence: float = 0.7) -> PosedRigs:
    """Posed rigs of the mean shape, with the root joint at root (N, 3) m."""
    people = len(rotations)
    return PosedRigs(
        ids=np.arange(people, dtype=np.int32) if ids is None else np.int32(ids),
        rotations=rotations,
        shape=np.zeros((people, 10), np.float32),
        translation=np.asarray(root, np.float32).reshape(people, 3),
        confidence=np.full((people, JOINTS), confidence, np.float32),
    )


def seen(
    rotations: F32, root: F32, shape: F32 | None = None, t_s: float = 0.0, stretch: F32 | None = None
) -> tuple[TrackedFrame, RootMesh, Bodies]:
    """What a mesh head and the camera make of these poses; the shape is known to both.

    stretch: (3,), factors of the axes of the head's meshes: a network that is unsure of depth makes bodies flat.
    """
    people = len(rotations)
    shape = np.zeros((people, 10), np.float32) if shape is None else shape
    vertices, joints = BODY.skin(rotations, shape)
    vertices, joints = vertices - joints[:, :1], joints - joints[:, :1]
    keypoints = np.einsum("kv,nvc->nkc", BODY.coco_regressor, vertices)
    pixels = CAMERA.project(keypoints + root[:, None]).astype(np.float32)
    ids = np.arange(people, dtype=np.int32)
    scores = np.full((people, len(COCO17.joint_names)), 0.8, np.float32)
    frame = Frame("cam0", 0, 0, t_s, np.zeros((480, 640, 3), np.uint8))
    tracks = Tracks(ids, np.zeros((people, 4), np.float32), np.ones(people, np.float32))
    tracked = TrackedFrame(frame, CAMERA, tracks, Pose2D(ids, pixels, scores))
    points = {
        "face": np.einsum("kv,nvc->nkc", BODY.coco_regressor[: len(FACE)], vertices),
        "feet": np.einsum("kv,nvc->nkc", BODY.feet_regressor, vertices),
    }
    factors = np.ones(3, np.float32) if stretch is None else stretch
    vertices, keypoints = vertices * factors, (keypoints * factors).astype(np.float32)
    joints = np.concatenate([joints, points["face"], points["feet"]], 1) * factors
    mesh = RootMesh(np.ones(people, bool), keypoints, joints.astype(np.float32), vertices.astype(np.float32))
    bodies = Bodies(
        ids=ids,
        scores=scores.mean(1),
        keypoints=np.concatenate([pixels, scores[..., None]], -1),
        joints=(joints + root[:, None]).astype(np.float32),
        vertices=(vertices + root[:, None]).astype(np.float32),
        translation=root.astype(np.float32),
        shape=shape,
    )
    return tracked, mesh, bodies
