"""Converts 2D keypoints to inputs of a lifter: a virtual camera turned towards each person.

A person far from the optical axis looks different from one on it. Turning a virtual camera towards the middle of the
keypoints and lifting in *its* frame takes that away exactly (the idea of perspective crop layers, Yu et al., CVPR
2021), so that the network only learns people visible head-on; its output is turned back by the same rotation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
MIN_KEYPOINT_SCORE = 0.15  # keypoints below this score are treated as not visible
MIN_VISIBLE = 4  # fewer points do not determine a pose
VIEW_FEATURES = 3  # direction of the virtual camera (2) and angular size (1)
UP_FEATURES = 3  # the up vector in the virtual camera


@dataclass(frozen=True, slots=True)
class VirtualCamera:
    """Inputs of the lifter for N people with K keypoints.

    features (N, 3 K + 3) float32: K positions (x, y) in units of the person's angular size, K scores, the direction
    (x/z, y/z) that the virtual camera looks along and the angular size; T_camera_view (N, 3, 3) float32 turns points of
    the virtual camera into the real one; usable (N,) bool is False where too few keypoints were visible.
    """

    features: F32
    T_camera_view: F32
    usable: NDArray[np.bool_]


def look_at(direction: F32) -> F32:
    """Rotations (N, 3, 3) that turn +z on to the rays (x, y, 1) of `direction` (N, 2) by the shortest way."""
    x, y = direction[:, 0], direction[:, 1]
    norm = np.sqrt(x * x + y * y + 1)
    a, b, c = x / norm, y / norm, 1 / norm
    h = 1 / (1 + c)
    return (
        np.stack([1 - a * a * h, -a * b * h, a, -a * b * h, 1 - b * b * h, b, -a, -b, c], -1)
        .reshape(-1, 3, 3)
        .astype(np.float32)
    )


def virtual_camera_of(rays: F32, scores: F32) -> VirtualCamera:
    """The virtual cameras of people whose keypoints are `rays` (N, K, 2) = (x/z, y/z) with `scores` (N, K) in 0..1."""
    visible = scores >= MIN_KEYPOINT_SCORE
    weight = visible[..., None].astype(np.float32)
    count = np.maximum(weight.sum(1), 1)
    direction = (rays * weight).sum(1) / count
    T_camera_view = look_at(direction)
    # Row vectors times R are R^T applied to columns: real camera -> virtual camera.
    turned = np.concatenate([rays, np.ones_like(rays[..., :1])], -1) @ T_camera_view
    flat = turned[..., :2] / np.maximum(turned[..., 2:], 0.1)
    middle = (flat * weight).sum(1, keepdims=True) / count[:, None]
    flat = (flat - middle) * weight
    size = 2 * np.sqrt((flat**2).sum((1, 2)) / count[:, 0]).clip(1e-4)
    flat = (flat / size[:, None, None]).reshape(len(rays), 2 * rays.shape[1])
    features = np.concatenate([flat, scores * visible, direction, size[:, None]], -1)
    return VirtualCamera(features.astype(np.float32), T_camera_view, visible.sum(1) >= MIN_VISIBLE)


def up_features(up: NDArray[np.floating], view: VirtualCamera) -> F32:
    """The up vector in the virtual cameras (N, 3), zeros where it is not known; `up` (N, 3) or (3,) is against gravity
    in the camera's frame, NaN where it is not known."""
    turned = np.einsum("nab,na->nb", view.T_camera_view, np.broadcast_to(up, (len(view.features), 3)))
    features: F32 = np.nan_to_num(turned).astype(np.float32)
    return features
