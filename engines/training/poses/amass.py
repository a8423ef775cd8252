"""AMASS files (Mahmood et al., ICCV 2019): SMPL, SMPL-H or SMPL-X rotation vectors of one clip as `.npz`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from engines.training.poses.pose_set import F32, JOINTS, PoseError, rotation_vectors, stride, upright

BODY = 22  # joints that SMPL, SMPL-H and SMPL-X have in common; the fingers and the face follow
SMPL_COLUMNS = 72
RATES = ("mocap_framerate", "mocap_frame_rate", "mocap_fps", "fps")
AMASS_ARRAYS = ("poses", "root_orient", "pose_body", *RATES)


def is_amass(arrays: Mapping[str, NDArray[Any]]) -> bool:
    """Whether the arrays of a file are those of an AMASS clip."""
    return "poses" in arrays or {"root_orient", "pose_body"} <= arrays.keys()


def read_amass(path: object, arrays: Mapping[str, NDArray[Any]]) -> F32:
    """Poses (T, 24, 3) of a clip, thinned to about 30 a second, in a Y-up world.

    Gender, shape, translation, fingers and face are not used. Raises PoseError when an array does not fit.
    """
    if "poses" in arrays:
        flat = _flat(path, "poses", arrays["poses"])
    else:
        flat = np.concatenate([_flat(path, key, arrays[key]) for key in ("root_orient", "pose_body")], axis=1)
    if flat.shape[1] < 3 * BODY or flat.shape[1] % 3:
        raise PoseError(f"{path}: poses has {flat.shape[1]} columns; expected 3 for each of at least {BODY} joints")
    taken = flat[:: stride(_rate(path, arrays))]
    if not np.isfinite(taken).all():
        row = int(np.flatnonzero(~np.isfinite(taken).all(axis=1))[0])
        raise PoseError(f"{path}: poses: a number of sampled frame {row} is not finite; the file is damaged")
    pose = np.zeros((len(taken), JOINTS, 3), np.float32)
    kept = JOINTS if flat.shape[1] == SMPL_COLUMNS else BODY
    pose[:, :kept] = taken.reshape(len(taken), -1, 3)[:, :kept]
    root = Rotation.from_rotvec(taken[:, :3]).as_matrix()
    pose[:, 0] = rotation_vectors(upright(root, "z"))
    return pose


def _flat(path: object, key: str, array: NDArray[Any]) -> NDArray[np.float64]:
    if array.dtype.kind not in "fiu" or array.ndim not in (2, 3) or not len(array):
        raise PoseError(f"{path}: {key} is {array.shape} {array.dtype}; expected (frames, 3 x joints) numbers")
    return array.reshape(len(array), -1).astype(np.float64)


def _rate(path: object, arrays: Mapping[str, NDArray[Any]]) -> float:
    found = next((arrays[key] for key in RATES if key in arrays), None)
    if found is None:
        return 0.0  # every frame is taken
    try:
        rate = float(found.reshape(-1)[0])
    except (TypeError, ValueError, IndexError):
        rate = float("nan")
    if not 0 < rate < 1e6:
        raise PoseError(f"{path}: the frame rate {str(found)[:20]!r} is not a positive number")
    return rate
