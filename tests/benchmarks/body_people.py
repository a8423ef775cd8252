"""Synthetic people of known size who walk on a known floor, with 2D keypoints as wrong as a detector's.

There are no images: the keypoints go straight to the mesh head, so that bodies of any size have a truth.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from calibration.camera import Camera
from calibration.world import WorldPose
from edge.evaluation.truth import Truth
from edge.sources.synthetic.walk_cycle import Walker, WalkPath
from edge.types import F32, Frame, Pose2D, TrackedFrame, Tracks
from engines.body.body import SurfaceBody, open_body
from engines.body.skinning import Skinner

SIZE, FOV_DEG = (1280, 720), 60.0
CAMERA_HEIGHT_M, TILT_DEG = 1.4, 8.0
PATH_CENTER_M, PATH_AXES_M = (0.0, 4.3), (1.1, 0.9)  # of the ellipse on the floor
DURATION_S, FPS = 6.0, 30.0
SCORE, SCORE_SPREAD = 0.72, 0.13  # of keypoints: they hardly depend on the error
TORSO = 1  # the shape direction of wide hips and narrow shoulders
STATURE = 0  # the shape direction of tall people


@dataclass(frozen=True, slots=True)
class Size:
    """A person: stature in m, and the entry of the shape direction TORSO, in standard deviations."""

    stature_m: float
    torso: float


SIZES: Mapping[str, Size] = {"woman": Size(1.60, 1.5), "man": Size(1.85, -1.5), "child": Size(1.40, 0.0)}


@dataclass(frozen=True, slots=True)
class KeypointNoise:
    """The errors of a detector's keypoints, as measured for MoveNet on the annotated clips.

    rms: of the distance from the true keypoint, shares of the longer side of the person's box; constant: the share of
    its square that a keypoint keeps for the whole clip; white: the share of the rest that is new in every frame. What
    remains is correlated over correlation_s. At 60 fps the errors without their constant part have the autocorrelation
    0.75 after one frame, 0.45 after five and 0.24 after ten; measured were 0.69 to 0.82, 0.42 to 0.56 and 0.2 to 0.3.
    """

    rms: float = 0.02
    constant: float = 0.35
    white: float = 0.15
    correlation_s: float = 0.13

    def errors(self, rng: np.random.Generator, frames: int, points: int, interval_s: float) -> F32:
        """Errors (T, K, 2) in shares of the longer side of the box."""
        keep = np.exp(-interval_s / self.correlation_s)
        drift = np.empty((frames, points, 2))
        drift[0] = rng.normal(size=(points, 2))
        for t in range(1, frames):
            drift[t] = keep * drift[t - 1] + np.sqrt(1 - keep**2) * rng.normal(size=(points, 2))
        varying = np.sqrt(1 - self.white) * drift + np.sqrt(self.white) * rng.normal(size=drift.shape)
        constant = rng.normal(size=(points, 2))
        errors = np.sqrt(self.constant) * constant + np.sqrt(1 - self.constant) * varying
        return (self.rms / np.sqrt(2) * errors).astype(np.float32)


@dataclass(frozen=True, slots=True)
class WalkingPerson:
    """truth: COCO's keypoints (T, 17, 3) on the skin and the camera; keypoints (T, 17, 3): px and score."""

    truth: Truth
    stature_m: float
    keypoints: F32

    def frames(self) -> Iterator[TrackedFrame]:
        """What tracking would hand to the mesh head; the image is black."""
        width, height = self.truth.camera.size
        image = np.zeros((height, width, 3), np.uint8)
        for index, keypoints in enumerate(self.keypoints):
            yield tracked_person(
                Frame("people", index, round(index / FPS * 1e9), index / FPS, image), self.truth.camera, keypoints
            )


def tracked_person(frame: Frame, camera: Camera, keypoints: F32) -> TrackedFrame:
    """One person with given keypoints (17, 3), px and score; none if all scores are 0."""
    known = keypoints[keypoints[:, 2] > 0, :2]
    people = min(len(known), 1)
    ids, ones = np.ones(people, np.int32), np.ones(people, np.float32)
    box = np.concatenate([known.min(axis=0), known.max(axis=0)])[None] if people else np.empty((0, 4))
    pose = Pose2D(ids, keypoints[None, :, :2].repeat(people, 0), keypoints[None, :, 2].repeat(people, 0))
    return TrackedFrame(frame, camera, Tracks(ids, box.astype(np.float32), ones), pose)


def walking_person(
    name: str, noise: KeypointNoise | None = None, seed: int = 0, duration_s: float = DURATION_S
) -> WalkingPerson:
    """One of SIZES; equal arguments make equal people."""
    noise, size, body = noise or KeypointNoise(), SIZES[name], open_body()
    camera = replace(Camera.from_fov(SIZE, FOV_DEG), world=WorldPose.of_height(CAMERA_HEIGHT_M, TILT_DEG))
    level = WorldPose.of_height(CAMERA_HEIGHT_M)
    assert camera.world is not None
    tilt = camera.world.rotation @ level.rotation.T  # both cameras are at the same place
    walker = Walker(Skinner(body), shape_of(body, size), 1.1, CAMERA_HEIGHT_M, WalkPath(PATH_CENTER_M, PATH_AXES_M), 0)
    speed = walker.speed()
    count = round(duration_s * FPS)
    points = np.stack([body.coco_regressor @ walker.pose(index / FPS, speed)[0] for index in range(count)]) @ tilt.T
    pixels = camera.project(points)
    rng = np.random.default_rng([seed, list(SIZES).index(name)])
    extent = np.ptp(pixels, axis=1).max(axis=-1)[:, None, None]
    pixels = pixels + extent * noise.errors(rng, count, points.shape[1], 1 / FPS)
    scores = rng.normal(SCORE, SCORE_SPREAD, (*pixels.shape[:2], 1)).clip(0.3, 1)
    keypoints = np.concatenate([pixels, scores], -1).astype(np.float32)
    return WalkingPerson(Truth(body.coco_names, points.astype(np.float32), camera), size.stature_m, keypoints)


def shape_of(body: SurfaceBody, size: Size) -> F32:
    """The shape (B,) of a person: its entry of the direction STATURE makes the stature."""
    shapes = np.zeros((2, body.shape_dirs.shape[2]), np.float32)
    shapes[:, TORSO] = size.torso
    shapes[1, STATURE] = 1
    without, one = np.ptp(body.rest(shapes)[0][..., 1], axis=1)
    shape = shapes[0]
    shape[STATURE] = (size.stature_m - without) / (one - without)
    return shape
