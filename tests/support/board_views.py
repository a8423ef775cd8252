"""Boards seen by a known camera: as corners, and as images with lens distortion."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from calibration.boards import View
from calibration.camera import Camera

SIZE = (640, 480)


def camera(model: str = "pinhole") -> Camera:
    K = np.array([[520.0, 0, 325], [0, 515, 236], [0, 0, 1]])
    if model == "fisheye":
        K[0, 0] = K[1, 1] = 240.0
        return Camera(SIZE, K, np.array([0.05, -0.02, 0.01, -0.003, 0]), model="fisheye")
    return Camera(SIZE, K, np.array([-0.12, 0.05, 0.001, -0.0015, 0]))


def poses(count: int, seed: int = 0, tilt: float = 0.6, distance: float = 0.55) -> list[tuple[NDArray, NDArray]]:
    """Rotations and translations of a board of about 0.25 m that stays in the image."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        rotation, _ = cv2.Rodrigues(np.array([*rng.uniform(-tilt, tilt, 2), rng.uniform(-0.4, 0.4)]))
        found.append((rotation, np.array([*rng.uniform(-0.08, 0.08, 2), distance * rng.uniform(0.9, 1.3)])))
    return found


def grid(columns: int, rows: int, square_m: float) -> NDArray[np.float32]:
    """Corners (N, 3) of a board around its middle."""
    points = np.zeros((columns * rows, 3), np.float32)
    points[:, :2] = (np.mgrid[:columns, :rows].T.reshape(-1, 2) - [(columns - 1) / 2, (rows - 1) / 2]) * square_m
    return points


def views(of: Camera, count: int = 12, noise_px: float = 0.1, seed: int = 0, tilt: float = 0.6) -> list[View]:
    """Views of a 7 x 5 board with noisy corners."""
    rng = np.random.default_rng(seed)
    points = grid(7, 5, 0.04)
    made = []
    for index, (rotation, translation) in enumerate(poses(count, seed, tilt)):
        corners = of.project(points @ rotation.T + translation) + rng.normal(0, noise_px, (len(points), 2))
        made.append(View(f"view {index}", points, corners.astype(np.float32)))
    return made


def image_of(of: Camera, board: NDArray[np.uint8], extent_m: tuple[float, float], pose: tuple) -> NDArray[np.uint8]:
    """A gray image of a printed board (H, W) of a size in meters, centered at the pose, on a gray background."""
    rotation, translation = pose
    width, height = of.size
    pixels = np.stack(np.meshgrid(np.arange(width), np.arange(height)), -1).reshape(-1, 2)
    rays = np.concatenate([of.rays(pixels).astype(np.float64), np.ones((len(pixels), 1))], 1)
    # The ray meets the board's plane where its third coordinate in the board's frame is zero.
    origin, direction = -rotation.T @ translation, rays @ rotation
    places = origin[:2] - direction[:, :2] * (origin[2] / direction[:, 2:])
    scale = np.array(board.shape[::-1]) / np.array(extent_m)
    source = ((places + np.array(extent_m) / 2) * scale - 0.5).astype(np.float32).reshape(height, width, 2)
    smooth = cv2.GaussianBlur(board, (0, 0), float(scale[0] * translation[2] / of.K[0, 0]) / 2)
    return cv2.remap(smooth, source, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=128)
