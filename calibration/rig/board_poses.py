"""Poses of a board in one camera, and the poses that look the same for a board without markers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from calibration.boards import Board, Chessboard, View
from calibration.camera import Camera
from calibration.lens import distort

F64 = NDArray[np.float64]
FrameViews = Mapping[int, Mapping[str, View]]  # by number of the frame, then by name of the camera
SECOND_FACTOR = 3.0  # the second pose of a plane is kept up to this multiple of the first one's error
SECOND_PX = 0.5  # and this much more, px
LEAST_DEPTH = 1e-3  # m, of points in front of a camera


@dataclass(frozen=True, slots=True)
class BoardPose:
    """A pose of a board in a camera.

    Attributes:
        transform: (4, 4), board to camera.
        rms_px: root mean square reprojection error, px.
    """

    transform: F64
    rms_px: float


def symmetries(board: Board) -> tuple[F64, ...]:
    """Rigid transforms (4, 4) that map the corners of a board onto each other so that nothing tells them apart.

    The corners of a chessboard may be counted from two ends, from four if it is square, and from behind. A ChArUco
    board has none but the identity.
    """
    if not isinstance(board, Chessboard):
        return (np.eye(4),)
    width, height = (board.columns - 1) * board.square_m, (board.rows - 1) * board.square_m
    turns = [np.diag(signs) for signs in ([1.0, 1, 1], [-1.0, -1, 1], [1.0, -1, -1], [-1.0, 1, -1])]
    if board.columns == board.rows:
        quarter = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
        turns += [quarter @ turn for turn in turns]
    center = np.array([width / 2, height / 2, 0])
    return tuple(rigid(turn, center - turn @ center) for turn in turns)


def rigid(rotation: F64, translation: F64) -> F64:
    """The transform (4, 4) of a rotation (3, 3) and a translation (3,)."""
    transform = np.eye(4)
    transform[:3, :3], transform[:3, 3] = rotation, translation
    return transform


def inverse(transform: F64) -> F64:
    """The inverse of a rigid transform (..., 4, 4)."""
    result = np.zeros_like(transform)
    rotation = np.swapaxes(transform[..., :3, :3], -1, -2)
    result[..., :3, :3] = rotation
    result[..., :3, 3] = -(rotation @ transform[..., :3, 3:])[..., 0]
    result[..., 3, 3] = 1
    return result


def moved(transform: F64, points: NDArray[np.floating]) -> F64:
    """Points (..., N, 3) after a transform (..., 4, 4)."""
    result: F64 = points @ np.swapaxes(transform[..., :3, :3], -1, -2) + transform[..., None, :3, 3]
    return result


def angle_deg(rotation: F64) -> float:
    """The angle of a rotation (3, 3), degrees."""
    return float(np.degrees(np.linalg.norm(cv2.Rodrigues(rotation)[0])))


def project(camera: Camera, points: F64) -> F64:
    """Pixels (..., 2) float64 of points (..., 3) in the camera's frame; far outside for points behind it."""
    depth = points[..., 2:]
    seen = distort(points[..., :2] / np.maximum(depth, LEAST_DEPTH), camera.distortion, camera.model)
    K = camera.K
    pixels = np.stack([K[0, 0] * seen[..., 0] + K[0, 1] * seen[..., 1] + K[0, 2], K[1, 1] * seen[..., 1] + K[1, 2]], -1)
    return np.where(depth > LEAST_DEPTH, pixels, 1e6)


def board_poses(view: View, camera: Camera) -> list[BoardPose]:
    """The poses of a board that explain a view, the best one first: one, or two where perspective hardly tells them
    apart; none where the corners determine no pose."""
    rays = camera.rays(view.corners).astype(np.float64)
    points = view.points.astype(np.float64)
    found: Any
    try:
        found = cv2.solvePnPGeneric(points, rays[:, None], np.eye(3), np.zeros(4), flags=cv2.SOLVEPNP_IPPE)
    except cv2.error:
        return []
    poses = []
    for turn, move in zip(found[1], found[2], strict=True):
        turn, move = cv2.solvePnPRefineLM(points, rays[:, None], np.eye(3), np.zeros(4), turn, move)
        transform = rigid(np.asarray(cv2.Rodrigues(turn)[0], np.float64), np.asarray(move, np.float64).ravel())
        error = project(camera, moved(transform, points)) - view.corners
        rms = float(np.sqrt(np.square(error).sum(axis=1).mean()))
        if np.isfinite(transform).all() and rms < 1e5:
            poses.append(BoardPose(transform, rms))
    poses.sort(key=lambda pose: pose.rms_px)
    return [pose for pose in poses if pose.rms_px <= max(SECOND_FACTOR * poses[0].rms_px, poses[0].rms_px + SECOND_PX)]


def all_board_poses(views: FrameViews, cameras: Mapping[str, Camera]) -> dict[tuple[int, str], list[BoardPose]]:
    """The poses of the board in all views, by frame and camera; views without any are left out."""
    found = {
        (frame, name): board_poses(view, cameras[name])
        for frame, seen in views.items()
        for name, view in seen.items()
        if name in cameras
    }
    return {key: poses for key, poses in found.items() if poses}


def extreme(points: NDArray[np.floating]) -> NDArray[np.intp]:
    """Indices (4,) of the points (N, 3) of a plane that are farthest along its diagonals."""
    diagonals = points[:, :2] @ np.array([[1, 1], [1, -1]]).T
    return np.concatenate([diagonals.argmin(axis=0), diagonals.argmax(axis=0)])


def names_of(views: FrameViews, cameras: Sequence[str]) -> dict[str, list[int]]:
    """The frames in which each camera sees the board."""
    return {name: [frame for frame, seen in views.items() if name in seen] for name in cameras}
