"""Recorded 3D truth of one person seen by calibrated cameras.

It is an .npz with `joint_names` (J,), and for each camera, called NAME, `NAME_joints_cam_m` (T, J, 3) in that camera's
frame (meters, OpenCV axes, NaN where unknown), `NAME_K` (3, 3) and `NAME_dist` (4 or 5 numbers); optional are `NAME_R`
(3, 3) and `NAME_t` (3,), world to camera, with z up in the world and the floor at 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calibration.camera import Camera
from calibration.world import WorldPose
from edge.evaluation.limbs import LIMBS, limb_index
from edge.types import F32
from engines.errors import MeshcastError
from engines.files.npz import read_npz

JOINTS_SUFFIX = "_joints_cam_m"
ROTATION_TOLERANCE = 1e-3  # largest deviation of R R^T from the identity


class TruthError(MeshcastError):
    """A truth file cannot be used, or does not match the evaluated clip or model."""


@dataclass(frozen=True, slots=True)
class Truth:
    """One person's recorded joints (T, J, 3) float32 m in the camera's frame, NaN where unknown, one row a frame."""

    joint_names: tuple[str, ...]
    joints: F32
    camera: Camera


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
    require_limbs(names, f"{path}: the truth")
    world = _world(arrays, camera, path)
    return Truth(names, joints, Camera(size, K, np.pad(distortion, (0, 5 - distortion.size)), world=world))


def _world(arrays: Mapping[str, NDArray[Any]], camera: str, path: str | Path) -> WorldPose | None:
    """The camera's pose in the world, None where the truth has none."""
    if camera + "_R" not in arrays and camera + "_t" not in arrays:
        return None
    try:
        R, t = (arrays[camera + key].astype(np.float64) for key in ("_R", "_t"))
    except KeyError as error:
        raise TruthError(f"{path}: {error.args[0]} is missing; a pose needs both {camera}_R and {camera}_t") from None
    except (TypeError, ValueError) as error:
        raise TruthError(f"{path}: {error}") from None
    proper = R.shape == (3, 3) and np.isfinite(R).all() and np.linalg.det(R) > 0
    if not proper or not np.allclose(R @ R.T, np.eye(3), atol=ROTATION_TOLERANCE):
        raise TruthError(f"{path}: {camera}_R must be a 3 x 3 rotation matrix, world to camera")
    if t.shape != (3,) or not np.isfinite(t).all():
        raise TruthError(f"{path}: {camera}_t must be three numbers in meters")
    return WorldPose(R, t)


def require_limbs(names: tuple[str, ...], owner: str) -> list[int]:
    """The places of the twelve limb joints among `names`; raises TruthError if one of them is missing."""
    index = limb_index(names)
    if index is None:
        missing = ", ".join(name for name in LIMBS if name not in names)
        raise TruthError(f"{owner} has no {missing}: the evaluation needs all twelve limb joints")
    return index
