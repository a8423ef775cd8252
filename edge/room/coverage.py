"""Which cameras of a rig see the same places."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from calibration.lens import widest_radius
from calibration.rig_file import RigError
from edge.room.views import RoomCamera

REACH_M = 12.0  # farthest place of a person
STEP_M = 0.4
HEIGHTS_M = (0.3, 0.9, 1.5)
LEAST_PLACES = 3  # that two cameras must see both


def common_places(cameras: Sequence[RoomCamera]) -> NDArray[np.int64]:
    """Numbers (C, C) of places on a grid that two cameras see both."""
    positions = np.array([camera.pose.position for camera in cameras])
    low, high = positions.min(0)[:2] - REACH_M, positions.max(0)[:2] + REACH_M
    step = max(STEP_M, float((high - low).max()) / 100)
    x, y, z = np.meshgrid(np.arange(low[0], high[0], step), np.arange(low[1], high[1], step), HEIGHTS_M)
    places = np.stack([x, y, z], -1).reshape(-1, 3)
    seen = np.stack([_sees(camera, places) for camera in cameras]).astype(np.int64)
    common: NDArray[np.int64] = seen @ seen.T
    return common


def check_common_view(cameras: Sequence[RoomCamera], shown: str) -> list[str]:
    """Lines about cameras that share no place with any other. Raises RigError when no two cameras share one."""
    common = common_places(cameras)
    np.fill_diagonal(common, 0)
    if not any(common[a, b] >= LEAST_PLACES for a, b in combinations(range(len(cameras)), 2)):
        raise RigError(f"{shown}: no two cameras see the same place; check their poses and units (m, world to camera)")
    return [
        f"{shown}: camera {camera.name} sees no place that another camera sees"
        for camera, row in zip(cameras, common, strict=True)
        if row.max() < LEAST_PLACES
    ]


def _sees(camera: RoomCamera, places: NDArray[np.float64]) -> NDArray[np.bool_]:
    points = camera.to_camera(places)
    ahead = (points[:, 2] > 0.3) & (points[:, 2] < REACH_M)
    flat = points[:, :2] / np.maximum(points[:, 2:], 0.3)
    limit = widest_radius(camera.camera.distortion, camera.camera.model)
    ahead &= np.square(flat).sum(-1) < limit * limit
    pixels = camera.camera.project(np.where(ahead[:, None], points, [0, 0, 1]))
    width, height = camera.camera.size
    inside = (pixels >= 0).all(-1) & (pixels[:, 0] < width) & (pixels[:, 1] < height)
    seen: NDArray[np.bool_] = ahead & inside
    return seen
