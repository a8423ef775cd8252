"""What the cameras of a room saw at one moment, and the rays to it in the room's frame (z up, the floor at z = 0)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.camera import Camera
from calibration.world import WorldPose
from edge.types import F32, I32

F64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RoomCamera:
    """A camera of the room: its name and intrinsics, and its pose."""

    name: str
    camera: Camera
    pose: WorldPose

    @staticmethod
    def of(name: str, camera: Camera) -> RoomCamera:
        """A camera whose pose is known, with the exact rotation that is nearest to the digits of its file."""
        assert camera.world is not None
        left, _, right = np.linalg.svd(camera.world.rotation)
        return RoomCamera(name, camera, WorldPose(left @ right, camera.world.translation))

    @property
    def focal_px(self) -> float:
        """Mean focal length, px."""
        return float((self.camera.K[0, 0] + self.camera.K[1, 1]) / 2)

    def directions(self, pixels: F32) -> F64:
        """Unit vectors (..., 3) of the room towards pixels (..., 2)."""
        rays = self.camera.rays(pixels).astype(np.float64)
        turned: F64 = np.concatenate([rays, np.ones((*rays.shape[:-1], 1))], -1) @ self.pose.rotation
        turned /= np.sqrt((turned * turned).sum(-1, keepdims=True))
        return turned

    def to_room(self, points: F32) -> F64:
        """Points (..., 3) of the camera's frame in the room's."""
        placed: F64 = (points.astype(np.float64) - self.pose.translation) @ self.pose.rotation
        return placed

    def to_camera(self, points: NDArray[np.floating]) -> F64:
        """Points (..., 3) of the room in the camera's frame."""
        seen: F64 = np.asarray(points, np.float64) @ self.pose.rotation.T + self.pose.translation
        return seen


def rig_pixels(keypoints: F32, size: tuple[int, int], camera: Camera) -> F32:
    """Keypoints (N, K, 3) of images of a size (width, height) in the pixels for which a camera was calibrated."""
    if size == camera.size:
        return keypoints
    scale = np.array(camera.size, np.float32) / np.array(size, np.float32)
    scaled: F32 = keypoints.copy()
    scaled[..., :2] = (keypoints[..., :2] + 0.5) * scale - 0.5  # pixel centers are at integers
    return scaled


@dataclass(frozen=True, slots=True)
class ViewPeople:
    """The N people that one camera saw, in the camera's frame, row for row.

    ids (N,) int32, tracks of the camera; keypoints (N, K, 3): x px, y px, score; rotations (N, P, 3, 3), shape (N, B)
    and translation (N, 3) m of their posed rigs; visibility (N, J) and contacts (N, 2) in 0..1, None where unknown;
    colors (N, 6) of trunk and thighs as the tracker's appearances, NaN where a part is not visible, None where unknown.
    """

    ids: I32
    keypoints: F32
    rotations: F32
    shape: F32
    translation: F32
    visibility: F32 | None = None
    contacts: F32 | None = None
    colors: F32 | None = None

    def __len__(self) -> int:
        return len(self.ids)

    def finite(self) -> ViewPeople:
        """Those whose poses, shapes and places are numbers: others would stay in the memory of the fusion."""
        good = np.ones(len(self), bool)
        for values in (self.rotations, self.shape, self.translation):
            good &= np.isfinite(values).all(tuple(range(1, values.ndim)))
        if good.all():
            return self
        rest = (self.visibility, self.contacts, self.colors)
        return ViewPeople(
            self.ids[good],
            self.keypoints[good],
            self.rotations[good],
            self.shape[good],
            self.translation[good],
            *(None if values is None else values[good] for values in rest),
        )


@dataclass(frozen=True, slots=True)
class Sight:
    """The people of one camera in the room's frame.

    directions (N, K, 3) float64, unit vectors from the camera to the keypoints; scores (N, K); roots (N, 3) float64 m
    of the view's own bodies; rotations (N, P, 3, 3), the first one turns the resting body into the room's frame.
    """

    people: ViewPeople
    center: F64
    directions: F64
    scores: F64
    roots: F64
    rotations: F64

    def __len__(self) -> int:
        return len(self.people)

    @property
    def depths(self) -> F64:
        """Distances (N,) of the roots from the camera, m."""
        depths: F64 = np.sqrt(np.square(self.roots - self.center).sum(-1))
        return depths


def sight(camera: RoomCamera, people: ViewPeople) -> Sight:
    """The people of a camera in the room's frame."""
    people = people.finite()
    rotations = people.rotations.astype(np.float64)
    rotations[:, 0] = camera.pose.rotation.T @ rotations[:, 0]
    scores = people.keypoints[..., 2].astype(np.float64)
    directions = camera.directions(people.keypoints[..., :2])
    scores = np.where(np.isfinite(directions).all(-1), scores, 0)
    return Sight(
        people=people,
        center=camera.pose.position,
        directions=np.nan_to_num(directions),
        scores=scores,
        roots=camera.to_room(people.translation),
        rotations=rotations,
    )
