"""Two overlapping people, made of one: the man of a clip is pasted before himself, at another time and aside.

What is known is where the same pipeline finds each of them alone, not where they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice, pairwise
from pathlib import Path

import cv2
import numpy as np
from body_runs import LEAST_KEYPOINT_SCORE, Figures, Variant, largest
from body_sheet import Sheet
from metric import MEDIA
from numpy.typing import NDArray

from calibration.camera import Camera
from edge.evaluation.limbs import finite_mean
from edge.evaluation.truth import Truth
from edge.models import LoadedModels
from edge.pipeline import CameraConfig, Pipeline
from edge.sources import Reader, open_source
from edge.types import F32, U8, Frame

SCALE = 0.5  # of the clip's images
EVERY = 2  # frames of the clip for one of the composed clip
PHASE = 0.5  # of the clip, between the two
SIDES = ("left", "right")
SOFT_M = 0.015  # blur of the mask
HAND = 0.65  # from the wrist to the fingertips, in forearms
HEAD = 0.7  # its middle, on the way from the neck to its top, which is the least reliable of the true joints
# Radii in m of limbs in the mask, with a margin.
CAPSULES = (
    ("upper_neck", "head", 0.13),
    ("left_shoulder", "right_shoulder", 0.10),
    ("left_hip", "right_hip", 0.13),
    ("upper_neck", "left_shoulder", 0.07),
    ("upper_neck", "right_shoulder", 0.07),
    *(
        (f"{side}_{start}", f"{side}_{end}", radius_m)
        for side in SIDES
        for start, end, radius_m in (
            ("shoulder", "hip", 0.10),
            ("shoulder", "elbow", 0.07),
            ("elbow", "wrist", 0.06),
            ("wrist", "hand", 0.06),
            ("hip", "knee", 0.10),
            ("knee", "ankle", 0.08),
            ("ankle", "big_toe", 0.06),
            ("ankle", "heel", 0.06),
        )
    ),
)
MIN_VISIBLE = 9  # keypoints of a person in sight: more than half
HIDDEN = 0.5  # mask that hides what is behind it
NEAR = 0.25  # mean distance of the visible keypoints of any body there, as a share of the person's extent
FOUND_WITHIN = 0.1  # the same of a body that is this person's


@dataclass(frozen=True, slots=True)
class Alone:
    """The man in one frame without the other: keypoints (17, 3) px and score, and a soft mask (H, W) in 0..1."""

    frame: Frame
    keypoints: F32
    mask: F32

    @property
    def box(self) -> tuple[F32, F32]:
        """The corners of the box around the confident keypoints, px."""
        known = self.keypoints[self.keypoints[:, 2] >= LEAST_KEYPOINT_SCORE, :2]
        return known.min(axis=0), known.max(axis=0)


@dataclass(frozen=True, slots=True)
class Person:
    """One of the two in a composed frame: keypoints (17, 3) of the run alone, which of them can be seen, extent px."""

    keypoints: F32
    visible: NDArray[np.bool_]
    extent: float

    def distances(self, keypoints: F32) -> F32:
        """Mean distances (N,) of people's keypoints (N, 17, 3) from those of this person, shares of the extent."""
        apart = np.linalg.norm(keypoints[..., :2] - self.keypoints[:, :2], axis=-1)
        return np.asarray(apart[:, self.visible].mean(axis=-1) / self.extent, np.float32)


def run_alone(clip: str, truth: Truth, variant: Variant, models: LoadedModels, frames: int | None) -> list[Alone]:
    """The frames of a clip in which the man is found and his joints are known, at SCALE."""
    found = []
    joints = filled(truth)
    with Reader(open_source(str(MEDIA / clip))) as reader:
        pipeline = None
        for frame in islice(reader, 0, frames, EVERY):
            image = cv2.resize(frame.image, None, fx=SCALE, fy=SCALE, interpolation=cv2.INTER_AREA)
            small = replace(frame, image=np.asarray(image, np.uint8))
            camera = truth.camera.at((image.shape[1], image.shape[0]))
            pipeline = pipeline or Pipeline(models, CameraConfig(calibrated=camera), variant.config)
            bodies = pipeline.process(small)
            row = largest(bodies, image.shape[0])
            if row is not None:
                mask = mask_of(dict(zip(truth.joint_names, joints[frame.index], strict=True)), camera)
                found.append(Alone(small, bodies.keypoints[row], mask))
    return found


def filled(truth: Truth) -> F32:
    """The true joints (T, J, 3), interpolated in time where they are unknown."""
    joints = truth.joints.copy()
    times = np.arange(len(joints))
    for joint in range(joints.shape[1]):
        known = np.isfinite(joints[:, joint]).all(axis=-1)
        for axis in range(3):
            if known.any():
                joints[:, joint, axis] = np.interp(times, times[known], joints[known, joint, axis])
    return joints


def mask_of(joints: Mapping[str, F32], camera: Camera) -> F32:
    """Where the man is, softly: limbs, trunk and head around his true joints. No model has a part in it."""
    added = {
        f"{side}_hand": joints[f"{side}_wrist"] + HAND * (joints[f"{side}_wrist"] - joints[f"{side}_elbow"])
        for side in SIDES
    }
    added["head"] = joints["upper_neck"] + HEAD * (joints["head_top"] - joints["upper_neck"])
    width, height = camera.size
    pixels = {name: camera.project(joint).astype(np.float64) for name, joint in {**joints, **added}.items()}
    meter_px = camera.K[0, 0] / joints["left_hip"][2]
    mask = np.zeros((height, width), np.uint8)
    trunk = [pixels[name] for name in ("left_shoulder", "right_shoulder", "right_hip", "left_hip")]
    cv2.fillConvexPoly(mask, np.stack(trunk).round().astype(np.int32), (1,))
    for start, end, radius_m in CAPSULES:
        (x0, y0), (x1, y1) = (pixels[name].round().astype(int).tolist() for name in (start, end))
        cv2.line(mask, (x0, y0), (x1, y1), (1,), max(1, round(2 * radius_m * meter_px)))
    return np.asarray(cv2.GaussianBlur(mask.astype(np.float32), (0, 0), max(0.5, SOFT_M * meter_px)), np.float32)


def compose(frames: list[Alone], gap: float) -> Iterator[tuple[Frame, Person, Person]]:
    """Frames of two men, `gap` of his width apart, with the one behind and the one in front.

    The one in front goes through the clip forward and backward, PHASE ahead; he is moved to the middle of the image.
    """
    width = float(np.median([high[0] - low[0] for low, high in (each.box for each in frames)]))
    middle = float(np.median([(low[0] + high[0]) / 2 for low, high in (each.box for each in frames)]))
    aside = round(gap * width) * (1 if middle < frames[0].frame.image.shape[1] / 2 else -1)
    there_and_back = [*range(len(frames)), *range(len(frames) - 2, 0, -1)]
    for index, behind in enumerate(frames):
        front = frames[there_and_back[(index + round(PHASE * len(frames))) % len(there_and_back)]]
        mask, pasted = moved(front.mask, aside), moved(front.frame.image, aside)
        mixed = behind.frame.image + mask[..., None] * (pasted.astype(np.float32) - behind.frame.image)
        image: U8 = np.ascontiguousarray(mixed.round().astype(np.uint8))
        keypoints = front.keypoints + np.array([aside, 0, 0], np.float32)
        hidden = covered(mask, behind.keypoints)
        yield (
            replace(behind.frame, image=image, index=index),
            person(behind, behind.keypoints, ~hidden),
            person(front, keypoints, within(mask, keypoints)),
        )


def person(of: Alone, keypoints: F32, seen: NDArray[np.bool_]) -> Person:
    low, high = of.box
    return Person(keypoints, seen & (keypoints[:, 2] >= LEAST_KEYPOINT_SCORE), float((high - low).max()))


def moved(image: NDArray[np.generic], right: int) -> NDArray[np.generic]:
    """An image (H, W, ...) moved to the right by a number of pixels; what comes in is 0."""
    result = np.zeros_like(image)
    width = image.shape[1]
    if right >= 0:
        result[:, right:] = image[:, : width - right]
    else:
        result[:, :right] = image[:, -right:]
    return result


def within(mask: F32, keypoints: F32) -> NDArray[np.bool_]:
    """Which keypoints (17, 3) lie inside the image."""
    return np.asarray(((keypoints[:, :2] >= 0) & (keypoints[:, :2] < mask.shape[1::-1])).all(axis=-1))


def covered(mask: F32, keypoints: F32) -> NDArray[np.bool_]:
    """Which keypoints (17, 3) are hidden by what has this mask, or outside the image."""
    inside = within(mask, keypoints)
    x, y = np.where(inside[:, None], keypoints[:, :2], 0).astype(int).T
    return ~inside | (mask[y, x] >= HIDDEN)


@dataclass(frozen=True, slots=True)
class Found:
    """How one of the two is found: the share of the frames, the mean distance of the keypoints, changes of the id."""

    share: float
    error: float
    switches: int

    @staticmethod
    def of(frames: list[tuple[int, float] | None]) -> Found:
        known = [each for each in frames if each is not None]
        return Found(
            share=len(known) / max(len(frames), 1),
            error=finite_mean(np.array([error for _, error in known])),
            switches=sum(before != after for (before, _), (after, _) in pairwise(known)),
        )


def overlap(
    alone: list[Alone], gap: float, camera: Camera, variant: Variant, models: LoadedModels, sheet: Path | None = None
) -> Figures:
    """What the pipeline makes of the two: how often it finds them, how far off their keypoints are, id switches.

    sheet: an image of six frames.
    """
    size = alone[0].frame.image.shape[1::-1] if alone else camera.size
    pipeline = Pipeline(models, CameraConfig(calibrated=camera.at(size)), variant.config)
    rows: list[list[tuple[int, float] | None]] = []
    near: list[float] = []
    with Sheet(sheet, pipeline) as drawn:
        for frame, *people in compose(alone, gap):
            bodies = pipeline.process(frame)
            drawn.add(frame, bodies)
            if min(int(each.visible.sum()) for each in people) >= MIN_VISIBLE:
                distances = np.stack([each.distances(bodies.keypoints) for each in people])
                rows.append(assign(bodies.ids.tolist(), distances))
                near.append(float((distances.min(axis=0) <= NEAR).sum() >= 2))
    both = [all(each is not None for each in row) for row in rows]
    behind, front = (Found.of([row[who] for row in rows]) for who in range(2))
    return {
        "frames with both in sight": float(len(rows)),
        "two bodies near them, %": 100 * finite_mean(np.array(near)),
        "both bodies found, %": 100 * finite_mean(np.array(both, np.float64)),
        "man behind found, %": 100 * behind.share,
        "man in front found, %": 100 * front.share,
        "keypoints of the man behind off by, % of his extent": 100 * behind.error,
        "keypoints of the man in front off by, % of his extent": 100 * front.error,
        "id switches": float(behind.switches + front.switches),
    }


def assign(ids: list[int], distances: F32) -> list[tuple[int, float] | None]:
    """For each of two people the id and distance of the nearest body; distances (2, N), a body is the nearest person's.

    None for a person without a body within FOUND_WITHIN.
    """
    result: list[tuple[int, float] | None] = []
    for who in range(2):
        mine = [row for row in range(len(ids)) if distances[who, row] <= min(FOUND_WITHIN, distances[1 - who, row])]
        best = min(mine, key=lambda row: distances[who, row], default=None)
        result.append(None if best is None else (ids[best], float(distances[who, best])))
    return result
