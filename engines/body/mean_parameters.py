"""The mean pose, shape and camera that regression heads are relative to (Kanazawa et al., HMR, 2018)."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engines.errors import ModelError
from engines.files.npz import read_npz

F32 = NDArray[np.float32]
JOINTS = 24
CAMERA = (0.9, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class MeanParameters:
    """pose (24, 3) axis-angle in radians, shape (10,), camera (3,) = (s, tx, ty)."""

    pose: F32
    shape: F32
    camera: F32

    @classmethod
    def upright(cls) -> MeanParameters:
        """A T-pose facing the camera: the body's axes are Y up, so the root is turned by pi about x."""
        pose = np.zeros((JOINTS, 3), np.float32)
        pose[0, 0] = np.pi
        return cls(pose, np.zeros(10, np.float32), np.array(CAMERA, np.float32))


def read_mean_parameters(path: Path) -> MeanParameters:
    """Read mean parameters from `.npz`: pose of 72 axis-angle numbers, or of 144 (of each joint's rotation matrix the
    first two columns, row by row), and shape of 10. The root becomes upright, the camera HMR's, whatever the file
    holds.

    Raises ModelError when it holds anything else.
    """
    arrays = read_npz(path, "a file of mean parameters")
    try:
        pose, shape = (np.asarray(arrays.get(key, ()), np.float64).ravel() for key in ("pose", "shape"))
    except (TypeError, ValueError) as error:
        raise ModelError(f"{path}: the mean parameters are not numbers ({error})") from None
    if pose.size not in (72, 144) or shape.size != 10:
        raise ModelError(
            f"{path}: expected pose (72 or 144 numbers) and shape (10) of the mean parameters; it has {sorted(arrays)}"
        )
    try:
        with np.errstate(all="ignore"):
            rotvec = pose.reshape(JOINTS, 3) if pose.size == 72 else _rotvec(pose.reshape(JOINTS, 3, 2))
    except (ValueError, np.linalg.LinAlgError):
        raise ModelError(f"{path}: the columns of the pose are not rotations") from None
    if not (np.isfinite(rotvec).all() and np.isfinite(shape).all()):
        raise ModelError(f"{path}: the mean parameters are not finite")
    upright = MeanParameters.upright()
    rotvec[0] = upright.pose[0]
    return MeanParameters(rotvec.astype(np.float32), shape.astype(np.float32), upright.camera)


def save_mean_parameters(mean: MeanParameters) -> bytes:
    """The bytes of an `.npz` file."""
    file = io.BytesIO()
    np.savez(file, pose=mean.pose, shape=mean.shape)
    return file.getvalue()


def _rotvec(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Axis-angle (J, 3) of the first two columns (J, 3, 2) of rotation matrices, made orthonormal (Gram-Schmidt)."""
    from scipy.spatial.transform import Rotation

    first = columns[..., 0] / np.linalg.norm(columns[..., 0], axis=1, keepdims=True)
    second = columns[..., 1] - (first * columns[..., 1]).sum(1, keepdims=True) * first
    second /= np.linalg.norm(second, axis=1, keepdims=True)
    matrices = np.stack([first, second, np.cross(first, second)], -1)
    return np.asarray(Rotation.from_matrix(matrices).as_rotvec(), np.float64)
