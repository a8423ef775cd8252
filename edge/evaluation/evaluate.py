"""Evaluation against recorded 3D truth: errors of the twelve limb joints of one person seen by a calibrated camera.

The truth is an .npz with `joint_names` (J,), and for each camera, called NAME, `NAME_joints_cam_m` (T, J, 3) in that
camera's frame (meters, OpenCV axes, NaN where unknown), `NAME_K` (3, 3) and `NAME_dist` (4 or 5 numbers).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibration.camera import Camera
from edge.evaluation.metrics import distances, procrustes
from edge.models import Models
from edge.pipeline import CameraConfig, Pipeline
from edge.redaction import redact_path
from edge.sources import Reader, open_source
from edge.stages.config import PipelineConfig
from edge.types import F32
from engines.errors import MeshcastError
from engines.files.npz import read_npz
from engines.heads.landmarks import Landmarks
from engines.joint_sets import COCO17

LIMBS = tuple(
    f"{side}_{part}" for part in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle") for side in ("left", "right")
)
HIPS = [LIMBS.index("left_hip"), LIMBS.index("right_hip")]
MIN_KNOWN = 6  # limb joints with truth, both hips among them, that make a frame count
FOUND_WITHIN = 0.5  # median keypoint distance, as a share of the person's extent in the image
JOINTS_SUFFIX = "_joints_cam_m"
MM_PER_M = 1000.0


class TruthError(MeshcastError):
    """A truth file cannot be used, or does not match the evaluated clip or model."""


@dataclass(frozen=True, slots=True)
class Truth:
    """One person's recorded joints (T, J, 3) float32 m in the camera's frame, NaN where unknown, one row a frame."""

    joint_names: tuple[str, ...]
    joints: F32
    camera: Camera


@dataclass(frozen=True, slots=True)
class Score:
    """Errors over the frames in which the person was found; NaN where there is none.

    frames: frames with usable truth; matched: those in which the person was found. mpjpe_mm: mean joint error with
    the mid-hips brought together; pa_mpjpe_mm: after similarity (Procrustes) alignment; root_error_m: mean distance of
    the mid-hips in the camera's frame; joint_errors_mm: the part of each limb joint in mpjpe_mm.
    """

    frames: int
    matched: int
    mpjpe_mm: float
    pa_mpjpe_mm: float
    root_error_m: float
    joint_errors_mm: Mapping[str, float]


def load_truth(path: str | Path, camera: str, size: tuple[int, int]) -> Truth:
    """Read the truth of one camera; `size` is the clip's frame size (width, height) px.

    Raises TruthError in one line when the file is missing or damaged, has no such camera, or lacks limb joints.
    """
    arrays = read_npz(path, "a truth file", TruthError)
    cameras = sorted(key.removesuffix(JOINTS_SUFFIX) for key in arrays if key.endswith(JOINTS_SUFFIX))
    if camera not in cameras:
        raise TruthError(f"{path}: no camera {camera!r}; it has {', '.join(cameras) or 'none'}")
    try:
        names = tuple(str(name) for name in arrays["joint_names"])
        joints = arrays[camera + JOINTS_SUFFIX].astype(np.float32)
        K = arrays[camera + "_K"].astype(np.float64)
        distortion = arrays[camera + "_dist"].astype(np.float64).ravel()
    except KeyError as error:
        raise TruthError(f"{path}: {error.args[0]} is missing") from None
    except (TypeError, ValueError) as error:
        raise TruthError(f"{path}: {error}") from None
    if joints.ndim != 3 or joints.shape[1:] != (len(names), 3):
        raise TruthError(f"{path}: {camera}{JOINTS_SUFFIX} must be (frames, {len(names)}, 3), not {joints.shape}")
    if K.shape != (3, 3) or not np.isfinite(K).all() or distortion.size > 5 or not np.isfinite(distortion).all():
        raise TruthError(f"{path}: {camera}_K must be 3 x 3 and {camera}_dist up to 5 numbers")
    _limb_index(names, f"{path}: the truth")
    return Truth(names, joints, Camera(size, K, np.pad(distortion, (0, 5 - distortion.size))))


def _limb_index(names: tuple[str, ...], owner: str) -> list[int]:
    missing = [name for name in LIMBS if name not in names]
    if missing:
        raise TruthError(f"{owner} has no {', '.join(missing)}: the evaluation needs all twelve limb joints")
    return [names.index(name) for name in LIMBS]


class Scorer:
    """Accumulates errors frame by frame; `joint_names` names the J joints given to add()."""

    def __init__(self, truth: Truth, joint_names: tuple[str, ...]) -> None:
        self._limbs = _limb_index(joint_names, "the mesh model")
        self._keypoints = _limb_index(COCO17.joint_names, "the keypoints")
        self._truth = truth.joints[:, _limb_index(truth.joint_names, "the truth")].astype(np.float64)
        self._pixels = truth.camera.project(truth.joints).astype(np.float64)
        self._truth_px = truth.camera.project(self._truth).astype(np.float64)
        self._frames = 0
        self._errors: list[NDArray[np.float64]] = []  # (12,) m a matched frame, NaN without truth
        self._aligned: list[NDArray[np.float64]] = []
        self._root: list[float] = []

    def add(self, frame_index: int, keypoints: F32, joints: F32) -> None:
        """One frame's people: keypoints (N, 17, 3) px and score in COCO's order, joints (N, J, 3) m in the camera's
        frame. Frames without enough truth are left out.
        """
        if not 0 <= frame_index < len(self._truth):
            return
        truth = self._truth[frame_index]
        known = np.isfinite(truth).all(axis=-1)
        if not known[HIPS].all() or known.sum() < MIN_KNOWN:
            return
        self._frames += 1
        person = self._find(frame_index, keypoints)
        if person is None:
            return
        predicted = joints[person, self._limbs].astype(np.float64)
        root, predicted_root = truth[HIPS].mean(axis=0), predicted[HIPS].mean(axis=0)
        aligned = np.full(len(LIMBS), np.nan)
        aligned[known] = distances(procrustes(predicted[known], truth[known]), truth[known])
        self._errors.append(distances(predicted - predicted_root, truth - root))
        self._aligned.append(aligned)
        self._root.append(float(distances(predicted_root, root)))

    def _find(self, frame_index: int, keypoints: F32) -> int | None:
        """The person whose limbs are nearest to the truth in the image, or None when no person is near."""
        if len(keypoints) == 0:
            return None
        pixels, limbs = self._pixels[frame_index], self._truth_px[frame_index]
        known = np.isfinite(limbs).all(axis=-1)
        # The longer side of the box stands for the height, so that a lying person is found too.
        extent = (np.nanmax(pixels, axis=0) - np.nanmin(pixels, axis=0)).max()
        predicted = keypoints[:, self._keypoints, :2][:, known]
        far = np.median(np.linalg.norm(predicted - limbs[known], axis=-1), axis=-1)
        nearest = int(np.argmin(far))
        return nearest if far[nearest] <= FOUND_WITHIN * extent else None

    def result(self) -> Score:
        """The errors so far."""
        errors = MM_PER_M * np.array(self._errors).reshape(-1, len(LIMBS))
        aligned = MM_PER_M * np.array(self._aligned).reshape(-1, len(LIMBS))
        return Score(
            frames=self._frames,
            matched=len(self._errors),
            mpjpe_mm=_mean(errors),
            pa_mpjpe_mm=_mean(aligned),
            root_error_m=_mean(np.array(self._root)),
            joint_errors_mm={name: _mean(errors[:, joint]) for joint, name in enumerate(LIMBS)},
        )


def _mean(values: NDArray[np.float64]) -> float:
    """The mean of the finite values, NaN when there is none."""
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if finite.size else float("nan")


def evaluate_clip(
    clip: str | Path,
    truth_path: str | Path,
    camera: str,
    models: Models,
    view: CameraConfig | None = None,
    *,
    detect_every: int = 8,
    smooth: bool = True,
    small_people: bool = False,
    max_frames: int | None = None,
) -> Score:
    """Run a clip through the pipeline and score it against the truth of `camera`.

    The truth's own intrinsics are used unless `view` says otherwise. Scored are the mesh's surface keypoints in COCO's
    definition, which is what such truths are made of; of a body that has none, the skeleton's joints inside it.
    """
    with Reader(open_source(str(clip))) as reader:
        if reader.source.size is None:
            raise TruthError(
                f"{redact_path(str(clip))}: the image size is not known before the first frame; give a video file"
            )
        truth = load_truth(truth_path, camera, reader.source.size)
        pipeline = Pipeline(
            models,
            view or CameraConfig(calibrated=truth.camera),
            PipelineConfig.of(detect_every=detect_every, smooth=smooth, small_people=small_people),
        )
        landmarks = Landmarks(pipeline.mesh.head.body, pipeline.model.keypoint_names)
        scorer = Scorer(truth, pipeline.model.keypoint_names)
        for frame in islice(reader, max_frames):
            bodies = pipeline.process(frame)
            scorer.add(frame.index, bodies.keypoints, landmarks(bodies.vertices, bodies.joints))
    return scorer.result()
