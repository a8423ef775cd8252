"""Coordinate systems of packets, and the conversion between them.

A system defines two frames. The camera's frame: opencv (x right, y down, z forward), unity (x right, y up, z forward),
unreal (x forward, y right, z up, centimeters) and gltf (x right, y up, z backward). The body's own frame, in the rest
pose: gltf (x to its left, y up, facing +z; opencv packets use this one too), unity (x to its right, y up, facing +z)
and unreal (facing +x, y to its right, z up, centimeters). unity and unreal are left-handed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from meshcast.errors import WireError
from meshcast.protocol.body import F32, BodyModel
from meshcast.protocol.packets import FramePacket, ModelPacket
from meshcast.protocol.quantization import VERTEX_LEVELS
from meshcast.protocol.rotations import rotmat, rotvec

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Axes:
    """A coordinate system.

    Attributes:
        name: "opencv", "unity", "unreal" or "gltf".
        camera: (3, 3) float64 signed permutation, from the camera's frame in opencv axes.
        body: (3, 3) float64 signed permutation, from the body's own frame in gltf axes.
        unit: "m" or "cm".
        unit_m: Meters per unit.
    """

    name: str
    camera: Matrix
    body: Matrix
    unit: str
    unit_m: float

    @property
    def model_name(self) -> str:
        """The name of the body's own frame in model messages."""
        return "gltf" if self.name == "opencv" else self.name


def _axes(name: str, camera: list[list[int]], body: list[list[int]], unit: str = "m", unit_m: float = 1.0) -> Axes:
    return Axes(name, np.array(camera, np.float64), np.array(body, np.float64), unit, unit_m)


_SAME = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
SYSTEMS = {
    axes.name: axes
    for axes in (
        _axes("opencv", _SAME, _SAME),
        _axes("unity", [[1, 0, 0], [0, -1, 0], [0, 0, 1]], [[-1, 0, 0], [0, 1, 0], [0, 0, 1]]),
        _axes("unreal", [[0, 0, 1], [1, 0, 0], [0, -1, 0]], [[0, 0, 1], [-1, 0, 0], [0, 1, 0]], "cm", 0.01),
        _axes("gltf", [[1, 0, 0], [0, -1, 0], [0, 0, -1]], _SAME),
    )
}


def system(name: str) -> Axes:
    """The coordinate system of that name; raises WireError."""
    if name not in SYSTEMS:
        raise WireError(f"unknown axes {name!r}; choose from {', '.join(SYSTEMS)}")
    return SYSTEMS[name]


@dataclass(frozen=True, slots=True)
class Conversion:
    """From one system to another: points = scale * matrix @ point, for the camera's frame and for the body's own."""

    camera: Matrix
    body: Matrix
    scale: float

    @staticmethod
    def between(source: Axes, target: Axes) -> Conversion:
        """The conversion from source to target."""
        return Conversion(target.camera @ source.camera.T, target.body @ source.body.T, source.unit_m / target.unit_m)

    def points(self, points: F32) -> F32:
        """Points (..., 3) of the camera's frame."""
        return _permuted(points, self.camera, self.scale)

    def levels(self, low: F32, step: F32, levels: NDArray[np.uint16]) -> tuple[F32, F32, NDArray[np.uint16]]:
        """Quantized points of the camera's frame (see meshcast.protocol.quantization), without computing the points."""
        columns = np.abs(self.camera).argmax(1)
        signs = self.camera[np.arange(3), columns]
        if (columns == np.arange(3)).all() and (signs > 0).all() and self.scale == 1:
            return low, step, levels
        low, step, turned = low[:, columns], step[:, columns], np.ascontiguousarray(levels[..., columns])
        for axis in np.flatnonzero(signs < 0).tolist():
            low[:, axis] = -(low[:, axis] + step[:, axis] * np.float32(VERTEX_LEVELS))
            np.subtract(VERTEX_LEVELS, turned[..., axis], out=turned[..., axis])
        scale = np.float32(self.scale)
        return scale * low, scale * step, turned

    def body_points(self, points: F32) -> F32:
        """Points (..., 3) of the body's own frame."""
        return _permuted(points, self.body, self.scale)

    def rotations(self, rotations: F32) -> F32:
        """Local rotation matrices (N, P, 3, 3): the root's from the body's frame to the camera's, all others within the
        body's."""
        turned: F32 = (self.body @ rotations @ self.body.T).astype(np.float32)
        if turned.shape[1]:
            turned[:, 0] = self.camera @ self.body.T @ turned[:, 0]
        return turned


def convert_frame(packet: FramePacket, axes: str) -> FramePacket:
    """Convert a frame to other axes and their unit.

    Args:
        packet: The frame. Its `model`, if any, is converted too.
        axes: "opencv", "unity", "unreal" or "gltf".

    Returns:
        A new packet, or `packet` itself when it has these axes already.

    Raises:
        WireError: The name is unknown, or the coordinates are not in the camera's frame.
    """
    source, target = system(packet.axes), system(axes)
    if source is target:
        return packet
    if packet.space != "camera":
        raise WireError(f"coordinates in a {packet.space} frame cannot be converted; only those in the camera's can")
    conversion = Conversion.between(source, target)
    people = packet.people
    people = replace(
        people,
        translation=conversion.points(people.translation),
        joints=conversion.points(people.joints),
        vertices=conversion.points(people.vertices),
        rotvecs=rotvec(conversion.rotations(rotmat(people.rotvecs))),
    )
    model = convert_model(packet.model, axes) if packet.model is not None else None
    return replace(packet, axes=target.name, unit=target.unit, people=people, model=model)


def convert_model(packet: ModelPacket, axes: str) -> ModelPacket:
    """Convert a model to the axes of converted frames.

    Args:
        packet: The model.
        axes: "opencv", "unity", "unreal" or "gltf".

    Returns:
        A new packet in the body's own frame of these axes.

    Raises:
        WireError: The name is unknown.
    """
    source, target = system(packet.axes), system(axes)
    conversion = Conversion.between(source, target)
    body = convert_body(packet.body, conversion)
    return replace(packet, axes=target.model_name, unit=target.unit, body=body)


def convert_body(body: BodyModel, conversion: Conversion) -> BodyModel:
    """The constants of the bodies in other axes. Faces keep their order: it is counter-clockwise seen from outside."""
    rig = body.rig
    if rig is not None:
        rig = replace(
            rig,
            rest_joints=conversion.body_points(rig.rest_joints),
            shape_dirs=_swapped(conversion.body_points(_swapped(rig.shape_dirs))),
            joint_shape_dirs=_swapped(conversion.body_points(_swapped(rig.joint_shape_dirs))),
        )
    return replace(body, rest_vertices=conversion.body_points(body.rest_vertices), rig=rig)


def _swapped(array: F32) -> F32:
    swapped: F32 = np.swapaxes(array, -1, -2)
    return swapped


def _permuted(points: F32, matrix: Matrix, scale: float) -> F32:
    """`matrix` is a signed permutation: selecting columns is faster than a product, and exact."""
    columns = np.abs(matrix).argmax(1)
    signs = matrix[np.arange(3), columns] * scale
    converted: F32 = points[..., columns] * signs.astype(np.float32)
    return converted
