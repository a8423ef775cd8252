"""Posed skeletons of the people of a frame, in a world frame."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from edge.bridges.udp.world_frame import WorldFrame
from meshcast.errors import WireError
from meshcast.protocol.axes import convert_frame, convert_model, system
from meshcast.protocol.body import F32, BodyModel
from meshcast.protocol.packets import FramePacket
from meshcast.protocol.rotations import rotmat
from meshcast.protocol.skinning import pose_skeleton


@dataclass(frozen=True, slots=True)
class Person:
    """One skeleton of P joints in the world frame: rotations (P, 3, 3) relative to the body at rest, and positions
    (P, 3) of the joints."""

    id: int
    rotations: F32
    positions: F32


class SkeletonPoser:
    """Poses the people of "params" packets in the world frame `world`, in the named axes."""

    def __init__(self, axes: str, world: WorldFrame) -> None:
        self._axes = axes
        self._rotation, self._shift = world.from_camera(system(axes))
        self._bodies: dict[int, BodyModel] = {}

    def body(self, packet: FramePacket) -> BodyModel:
        """Return the body model of a packet in the named axes. Raises WireError if the packet has no model."""
        if packet.model is None:
            raise WireError(f"{packet.stream}: its body model has not been received yet")
        if packet.model_id not in self._bodies:
            self._bodies = {packet.model_id: convert_model(packet.model, self._axes).body}
        return self._bodies[packet.model_id]

    def __call__(self, packet: FramePacket) -> list[Person]:
        """Pose the people of a packet. Raises WireError for a packet that does not match its model, or that is not in
        camera coordinates."""
        body = self.body(packet)
        rig = body.rig
        if rig is None:
            raise WireError(f"body model {body.name}: no rig; the bridges need a mesh model with rotations")
        people = convert_frame(replace(packet, model=None), self._axes).people
        P, B = rig.joint_shape_dirs.shape[::2]
        if people.rotvecs.shape[1] != P or people.shape.shape[1] != B:
            raise WireError(f"body model {body.name}: {P} joints do not match {people.rotvecs.shape[1]} rotations")
        if packet.space != "camera":
            raise WireError(
                f"coordinates in a {packet.space} frame cannot be converted to the world frame; "
                "only camera coordinates are supported"
            )
        rotations = rotmat(people.rotvecs)
        rotations[:, 0] = self._rotation @ rotations[:, 0]
        roots = (people.translation @ self._rotation.T + self._shift).astype(np.float32)
        joints = rig.rest_joints + np.einsum("jcb,nb->njc", rig.joint_shape_dirs, people.shape)
        world_rotations, positions = pose_skeleton(rotations, joints, body.parents.tolist(), roots)
        return [Person(*each) for each in zip(people.ids.tolist(), world_rotations, positions, strict=True)]
