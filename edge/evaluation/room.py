"""Evaluation of the saved stream of a room against recorded 3D truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edge.evaluation.evaluate import frame_interval_s
from edge.evaluation.score import Score, Scorer
from edge.evaluation.truth import JOINTS_SUFFIX, TruthError, load_truth
from edge.types import F32
from engines.body.select import select_body
from engines.files.npz import read_npz
from engines.heads.landmarks import Landmarks
from engines.joint_sets import COCO17

IMAGE = (1920, 1080)  # of the truth's camera, in whose image people are told apart


def evaluate_room(path: str | Path, truth_path: str | Path, camera: str | None = None) -> Score:
    """Score a room's .npz of `meshcast run --rig --save` against the truth, in the frame of one of its cameras.

    Args:
        path: of the saved stream, in world coordinates.
        truth_path: of the truth, with the poses of its cameras.
        camera: of the truth; None: the first one.

    Raises:
        TruthError: a file cannot be used.
    """
    saved = read_npz(path, "a saved room", TruthError)
    missing = [name for name in ("frame", "t_s", "joints", "vertices", "cameras") if name not in saved]
    if missing:
        raise TruthError(f"{path}: has no {', '.join(missing)}; give the room.npz of meshcast run --rig --save")
    truth = load_truth(truth_path, camera or _first_camera(truth_path), IMAGE)
    pose = truth.camera.world
    if pose is None:
        raise TruthError(f"{truth_path}: its cameras have no poses; a room needs CAMERA_R and CAMERA_t")
    body = select_body(None)
    if saved["vertices"].ndim != 3 or saved["vertices"].shape[1] != len(body.v_template):
        raise TruthError(f"{path}: its bodies have {saved['vertices'].shape[1:2]} vertices, not those of {body.name}")
    points = Landmarks(body, COCO17.joint_names)(
        saved["vertices"].astype(np.float32), saved["joints"].astype(np.float32)
    )
    seen = (points.astype(np.float64) @ pose.rotation.T + pose.translation).astype(np.float32)
    pixels = truth.camera.project(np.where(seen[..., 2:] > 0, seen, np.nan))
    keypoints = np.concatenate([np.nan_to_num(pixels, nan=-1e6), np.ones_like(pixels[..., :1])], -1)
    scorer = Scorer(truth, COCO17.joint_names)
    frames = saved["frame"].astype(int)
    for frame in range(len(scorer.truth)):
        rows = frames == frame
        scorer.add(frame, keypoints[rows], seen[rows])
    return scorer.result(frame_interval_s(_times(saved["t_s"])))


def _first_camera(truth_path: str | Path) -> str:
    arrays = read_npz(truth_path, "a truth file", TruthError)
    cameras = sorted(key.removesuffix(JOINTS_SUFFIX) for key in arrays if key.endswith(JOINTS_SUFFIX))
    if not cameras:
        raise TruthError(f"{truth_path}: has no camera")
    return cameras[0]


def _times(t_s: F32) -> list[float]:
    times: list[float] = np.unique(t_s).tolist()
    return times
