"""Errors, motion and limb lengths of the person in the truth, collected frame by frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.evaluation.limbs import HIPS, LIMBS, LimbLengths, compare_lengths, finite_mean, median_lengths
from edge.evaluation.motion import Motion, delay_s, measure_motion, planted_ankles, smooth_truth
from edge.evaluation.truth import Truth, require_limbs
from edge.types import F32
from engines.evaluation.metrics import distances, procrustes
from engines.joint_sets import COCO17

MIN_KNOWN = 6  # limb joints with truth, both hips among them, that make a frame count
FOUND_WITHIN = 0.5  # median keypoint distance, as a share of the person's extent in the image
MM_PER_M = 1000.0
MS_PER_S = 1000.0


@dataclass(frozen=True, slots=True)
class Score:
    """Errors over the frames in which the person was found; NaN where there is none.

    frames: frames with usable truth; matched: those in which the person was found. mpjpe_mm: mean joint error with
    the mid-hips brought together; pa_mpjpe_mm: after similarity (Procrustes) alignment; root_error_m: mean distance of
    the mid-hips in the camera's frame; joint_errors_mm: the part of each limb joint in mpjpe_mm. motion, true_motion:
    of the person and of the smoothed truth, in the same frames; delay_ms: by which the person is behind the truth;
    limbs: lengths compared with the medians of the truth.
    """

    frames: int
    matched: int
    mpjpe_mm: float
    pa_mpjpe_mm: float
    root_error_m: float
    joint_errors_mm: Mapping[str, float]
    motion: Motion
    true_motion: Motion
    delay_ms: float
    limbs: LimbLengths


class Scorer:
    """Accumulates errors frame by frame; `joint_names` names the J joints given to add()."""

    def __init__(self, truth: Truth, joint_names: tuple[str, ...]) -> None:
        self._limbs = require_limbs(joint_names, "the mesh model")
        self._keypoints = require_limbs(COCO17.joint_names, "the keypoints")
        self._truth = truth.joints[:, require_limbs(truth.joint_names, "the truth")].astype(np.float64)
        self._pixels = truth.camera.project(truth.joints).astype(np.float64)
        self._truth_px = truth.camera.project(self._truth).astype(np.float64)
        self._frames = 0
        self._errors: list[NDArray[np.float64]] = []  # (12,) m a matched frame, NaN without truth
        self._aligned: list[NDArray[np.float64]] = []
        self._root: list[float] = []
        self._joints = np.full_like(self._truth, np.nan)

    @property
    def joints(self) -> NDArray[np.float64]:
        """The person's limb joints so far, (T, 12, 3) m, NaN in frames without the person or without enough truth."""
        return self._joints

    @property
    def truth(self) -> NDArray[np.float64]:
        """The true limb joints (T, 12, 3) m, NaN where unknown."""
        return self._truth

    def add(self, frame_index: int, keypoints: F32, joints: F32) -> int | None:
        """One frame's people: keypoints (N, 17, 3) px and score in COCO's order, joints (N, J, 3) m in the camera's
        frame. Returns the row of the person in the truth, None where that is not found.

        Frames without enough truth are left out.
        """
        if not 0 <= frame_index < len(self._truth):
            return None
        truth = self._truth[frame_index]
        known = np.isfinite(truth).all(axis=-1)
        if not known[HIPS].all() or known.sum() < MIN_KNOWN:
            return None
        self._frames += 1
        person = self._find(frame_index, keypoints)
        if person is None:
            return None
        predicted = joints[person, self._limbs].astype(np.float64)
        root, predicted_root = truth[HIPS].mean(axis=0), predicted[HIPS].mean(axis=0)
        aligned = np.full(len(LIMBS), np.nan)
        aligned[known] = distances(procrustes(predicted[known], truth[known]), truth[known])
        self._errors.append(distances(predicted - predicted_root, truth - root))
        self._aligned.append(aligned)
        self._root.append(float(distances(predicted_root, root)))
        self._joints[frame_index] = predicted
        return person

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

    def result(self, interval_s: float) -> Score:
        """The errors so far; interval_s: time between two frames of the clip, s."""
        errors = MM_PER_M * np.array(self._errors).reshape(-1, len(LIMBS))
        aligned = MM_PER_M * np.array(self._aligned).reshape(-1, len(LIMBS))
        truth = smooth_truth(self._truth, interval_s)
        planted = planted_ankles(truth, interval_s)
        both = np.isfinite(self._joints).all(axis=-1, keepdims=True) & np.isfinite(truth).all(axis=-1, keepdims=True)
        return Score(
            frames=self._frames,
            matched=len(self._errors),
            mpjpe_mm=finite_mean(errors),
            pa_mpjpe_mm=finite_mean(aligned),
            root_error_m=finite_mean(np.array(self._root)),
            joint_errors_mm={name: finite_mean(errors[:, joint]) for joint, name in enumerate(LIMBS)},
            motion=measure_motion(np.where(both, self._joints, np.nan), planted, interval_s),
            true_motion=measure_motion(np.where(both, truth, np.nan), planted, interval_s),
            delay_ms=MS_PER_S * delay_s(self._joints, truth, interval_s),
            limbs=compare_lengths(self._joints, median_lengths(self._truth)),
        )
