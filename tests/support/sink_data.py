"""Frames and bodies that are written to output files."""

from __future__ import annotations

import numpy as np

from calibration.camera import Camera
from edge.types import Bodies, BodyModel, Frame

JOINTS, KEYPOINTS = ("pelvis", "head"), ("nose", "left_eye", "right_eye")
CAMERA = Camera.from_fov((64, 48), 60)


def body_model(vertices: int = 5) -> BodyModel:
    faces = np.array([[0, 1, 2], [2, 3, 4]], np.int32)
    return BodyModel("tiny", faces, np.zeros((vertices, 3), np.float32), np.array([-1, 0], np.int32), JOINTS, KEYPOINTS)


def make_bodies(ids: list[int], seed: int = 0, vertices: int = 5) -> Bodies:
    rng = np.random.default_rng(seed)
    n = len(ids)

    def draw(*shape: int) -> np.ndarray:
        return rng.normal(size=(n, *shape)).astype(np.float32)

    return Bodies(np.array(ids, np.int32), draw(), draw(3, 3), draw(2, 3), draw(vertices, 3), draw(3))


def make_frame(index: int = 0, t_s: float = 0.0, size: tuple[int, int] = (64, 48), level: int = 0) -> Frame:
    image = np.full((size[1], size[0], 3), level, np.uint8)
    return Frame("cam", index, 0, t_s, image)
