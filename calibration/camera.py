"""Cameras: pixels to rays and back, from a file or a field of view."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calibration.camera_file import CameraError, read_camera_table
from calibration.lens import MODELS, LensModel, distort, undistort
from calibration.world import Floor, WorldPose

ROTATION_TOLERANCE = 1e-3  # largest deviation of R R^T from the identity
__all__ = ["Camera", "CameraError"]

LARGEST_SIDE = 65535  # px
SAME_ASPECT = 0.002  # largest relative difference of the two axes' scales of a resize


@dataclass(frozen=True, slots=True)
class Camera:
    """Intrinsics of one camera: size (width, height) px, K (3, 3) float64 px, distortion (k1, k2, p1, p2, k3).

    assumed: the focal length is assumed, because no camera file and no field of view was given.
    world: where the camera is and how it is turned, None where that is not known.
    model: "pinhole", or "fisheye" with the distortion (k1, k2, k3, k4, 0) of OpenCV's fisheye module.
    """

    size: tuple[int, int]
    K: NDArray[np.float64]
    distortion: NDArray[np.float64]
    assumed: bool = False
    world: WorldPose | None = None
    model: LensModel = "pinhole"

    @property
    def floor(self) -> Floor | None:
        """The floor in the camera's frame, None where the camera's pose is not known."""
        return None if self.world is None else self.world.floor

    @staticmethod
    def from_fov(size: tuple[int, int], fov_deg: float, *, assumed: bool = False) -> Camera:
        """A camera without distortion whose horizontal field of view is `fov_deg` degrees (0 < fov < 180)."""
        if not 0.0 < fov_deg < 180.0:
            raise CameraError(f"field of view {fov_deg:g} is not between 0 and 180 degrees")
        width, height = size
        f = 0.5 * width / math.tan(math.radians(fov_deg) / 2)
        K = np.array([[f, 0, (width - 1) / 2], [0, f, (height - 1) / 2], [0, 0, 1]])
        return Camera(size, K, np.zeros(5), assumed)

    @property
    def fov_deg(self) -> float:
        """The horizontal field of view in degrees, without distortion."""
        return math.degrees(2 * math.atan(0.5 * self.size[0] / self.K[0, 0]))

    @staticmethod
    def load(path: str | Path) -> Camera:
        """Read a camera file: camera.toml, or a file of OpenCV, ROS, Pose2Sim or caliscope (docs/reference/camera.md).

        Args:
            path: The file; FILE#NAME chooses one of several cameras in it.

        Raises:
            CameraError: In one line, when the file is missing or does not describe a camera.
        """
        return Camera.of_table(read_camera_table(path), str(path))

    @staticmethod
    def of_table(table: Mapping[str, Any], path: str) -> Camera:
        """The camera that a table with the keys of camera.toml describes.

        Args:
            table: The keys and values.
            path: The file, for messages.

        Raises:
            CameraError: In one line, when a key is missing or a value is wrong.
        """
        model = table.get("model", "pinhole")
        if model not in MODELS:
            raise CameraError(f"{path}: unknown model {model!r:.40}; there are: {', '.join(MODELS)}")
        try:
            if "K" in table:
                K = np.asarray(table["K"], np.float64)
            else:
                fx, fy, cx, cy = (float(table[key]) for key in ("fx", "fy", "cx", "cy"))
                K = np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]])
            given = np.asarray(table.get("distortion", []), np.float64).ravel()
            width, height = float(table["width"]), float(table["height"])
        except KeyError as error:
            raise CameraError(
                f"{path}: {error} is missing; a camera needs width, height and K (or fx, fy, cx, cy)"
            ) from None
        except (TypeError, ValueError, OverflowError) as error:
            raise CameraError(f"{path}: {error}") from None
        good = K.shape == (3, 3) and np.isfinite(K).all() and K[0, 0] > 0 and K[1, 1] > 0
        if not all(side.is_integer() and 1 <= side <= LARGEST_SIDE for side in (width, height)):
            raise CameraError(f"{path}: width and height must be whole numbers from 1 to {LARGEST_SIDE}")
        if not good or K[2].tolist() != [0, 0, 1]:
            raise CameraError(f"{path}: K must be [[fx, s, cx], [0, fy, cy], [0, 0, 1]] with fx, fy > 0")
        numbers, named = ((0, 4), "k1 to k4") if model == "fisheye" else ((0, 4, 5), "k1, k2, p1, p2, k3")
        if given.size not in numbers or not np.isfinite(given).all():
            counts = ", ".join(map(str, numbers[:-1])) + f" or {numbers[-1]}"
            raise CameraError(f"{path}: distortion needs {counts} numbers ({named}), not {given.size}")
        size = (int(width), int(height))
        return Camera(size, K, np.pad(given, (0, 5 - given.size)), world=_world(path, table), model=model)

    def table(self) -> dict[str, Any]:
        """The keys and values of camera.toml that describe the camera."""
        K = self.K
        named = {"fx": float(K[0, 0]), "fy": float(K[1, 1]), "cx": float(K[0, 2]), "cy": float(K[1, 2])}
        pose = self.world
        return {
            "width": self.size[0],
            "height": self.size[1],
            **({"K": K.tolist()} if K[0, 1] else named),
            **({"model": self.model} if self.model != "pinhole" else {}),
            "distortion": self.distortion[: 4 if self.model == "fisheye" else 5].tolist(),
            **({} if pose is None else {"rotation": pose.rotation.tolist(), "translation": pose.translation.tolist()}),
        }

    def at(self, size: tuple[int, int], raster: tuple[int, int] | None = None) -> Camera:
        """The same camera for frames of another `size`: scaled when the aspect is the same, else CameraError.

        raster: the size of the frames before they were resampled to square pixels, if they were. A camera of that
        aspect was calibrated on the stored pixels, and is stretched as they were.
        """
        if size == self.size:
            return self
        w, h = self.size
        sx, sy = size[0] / w, size[1] / h
        if not any(abs(width / w * h / height - 1) <= SAME_ASPECT for width, height in (size, raster or size)):
            raise CameraError(
                f"the camera file is for {w} x {h} pixels, the frames are {size[0]} x {size[1]}: calibrate at that size"
            )
        # Pixel centers are at integers: the resize maps x to (x + 0.5) s - 0.5.
        S = np.array([[sx, 0, (sx - 1) / 2], [0, sy, (sy - 1) / 2], [0, 0, 1]])
        return replace(self, size=size, K=S @ self.K)

    def rays(self, points_px: NDArray[np.floating]) -> NDArray[np.float32]:
        """Viewing rays (..., 2) = (x/z, y/z) of pixels (..., 2), without distortion."""
        points = np.asarray(points_px, np.float64)
        y = (points[..., 1] - self.K[1, 2]) / self.K[1, 1]
        x = (points[..., 0] - self.K[0, 2] - self.K[0, 1] * y) / self.K[0, 0]
        return undistort(np.stack([x, y], -1), self.distortion, self.model).astype(np.float32)

    def project(self, points_m: NDArray[np.floating]) -> NDArray[np.float32]:
        """Pixels (..., 2) of points (..., 3) in the camera's frame, with distortion; z must be positive."""
        points = np.asarray(points_m, np.float64)
        seen = distort(points[..., :2] / points[..., 2:], self.distortion, self.model)
        x, y = seen[..., 0], seen[..., 1]
        return np.stack(
            [self.K[0, 0] * x + self.K[0, 1] * y + self.K[0, 2], self.K[1, 1] * y + self.K[1, 2]], -1
        ).astype(np.float32)


def _world(path: str, table: Mapping[str, Any]) -> WorldPose | None:
    """The pose in a camera file, None where it has none."""
    has_matrix, has_angles = "rotation" in table or "translation" in table, "camera_height" in table
    if has_matrix and has_angles:
        raise CameraError(f"{path}: has both camera_height and rotation; keep one description of the camera's pose")
    if not has_angles and ("tilt" in table or "roll" in table):
        raise CameraError(f"{path}: tilt and roll need camera_height, the camera's height above the floor in meters")
    if not (has_matrix or has_angles):
        return None
    try:
        if has_angles:
            height, tilt, roll = (float(table.get(key, 0.0)) for key in ("camera_height", "tilt", "roll"))
            if not (math.isfinite(height) and abs(tilt) <= 90 and abs(roll) <= 180):
                raise CameraError(f"{path}: camera_height must be finite, tilt within 90 and roll within 180 degrees")
            return WorldPose.of_height(height, tilt, roll)
        rotation = np.asarray(table["rotation"], np.float64)
        translation = np.asarray(table["translation"], np.float64)
    except KeyError as error:
        raise CameraError(f"{path}: {error} is missing; a pose needs both rotation and translation") from None
    except (TypeError, ValueError) as error:
        raise CameraError(f"{path}: {error}") from None
    if translation.shape != (3,) or not np.isfinite(translation).all():
        raise CameraError(f"{path}: translation must be three numbers in meters")
    proper = rotation.shape == (3, 3) and np.isfinite(rotation).all() and np.linalg.det(rotation) > 0
    if not proper or not np.allclose(rotation @ rotation.T, np.eye(3), atol=ROTATION_TOLERANCE):
        raise CameraError(f"{path}: rotation must be a 3 x 3 rotation matrix, world to camera")
    return WorldPose(rotation, translation)
