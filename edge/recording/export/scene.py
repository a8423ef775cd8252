"""People of a recording placed in the world: y up, with the floor at y = 0, where the camera's pose is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from calibration.world import WorldPose
from edge.recording.export.animation import Animation, RecordedPeople, View
from meshcast.protocol.axes import SYSTEMS

F64 = NDArray[np.float64]

Y_UP_OF_Z_UP: F64 = np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]], np.float64)


@dataclass(frozen=True, slots=True)
class CameraNode:
    """The camera in the scene, which looks along its own -z with y up.

    Attributes:
        rotation: (3, 3) float64, from the camera's axes to those of the scene.
        position: (3,) float64, m.
        view: what it sees, None if unknown.
    """

    rotation: F64
    position: F64
    view: View | None


@dataclass(frozen=True, slots=True)
class Scene:
    """People in one frame of reference with y up, in meters.

    Attributes:
        people: in order of appearance.
        camera: the camera that saw them.
        level: whether y is against gravity and the floor is at y = 0. Otherwise the frame is the camera's, and y is up
            in the image.
    """

    people: tuple[Animation, ...]
    camera: CameraNode
    level: bool


def scene_of(recorded: RecordedPeople, pose: WorldPose | None) -> Scene:
    """Place people in the world of the camera's pose (z up there); without a pose the frame is the camera's."""
    if pose is None:
        return Scene(tuple(recorded.people), CameraNode(np.eye(3), np.zeros(3), recorded.view), level=False)
    turn = Y_UP_OF_Z_UP @ pose.rotation.T @ SYSTEMS["gltf"].camera.T
    position = Y_UP_OF_Z_UP @ pose.position
    people = tuple(moved(person, turn, position) for person in recorded.people)
    return Scene(people, CameraNode(turn, position, recorded.view), level=True)


def moved(person: Animation, rotation: F64, shift: F64) -> Animation:
    """Return the person in another frame of reference: points are rotation @ point + shift."""
    quaternions = person.quaternions.copy()
    turned = Rotation.from_matrix(rotation) * Rotation.from_quat(quaternions[:, 0].astype(np.float64))
    quaternions[:, 0] = turned.as_quat()
    translation = (person.translation @ rotation.T + shift).astype(np.float32)
    return replace(person, quaternions=quaternions, translation=translation)


def floor_extent(people: Sequence[Animation], margin_m: float = 2.0) -> tuple[F64, F64]:
    """Return the corners (x, z) of smallest and of largest coordinates of a floor below all people, on whole meters."""
    places = np.concatenate([person.translation[:, [0, 2]] for person in people]).astype(np.float64)
    return np.floor(places.min(0) - margin_m), np.ceil(places.max(0) + margin_m)
