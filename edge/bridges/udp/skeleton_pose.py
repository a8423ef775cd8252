"""The people of a frame as posed skeletons in a world's axes."""

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
    """One skeleton of P joints: rotations (P, 3, 3) turn the resting body, positions (P, 3) are the joints' places,
    both in the world."""

    id: int
    rotations: F32
    positions: F32


class SkeletonPoser:
    """Poses the people of "params" packets of any axes in `world`, in the axes of that name."""

    def __init__(self, axes: str, world: WorldFrame) -> None:
        self._axes = axes
        self._rotation, self._shift = world.from_camera(system(axes))
        self._bodies: dict[int, BodyModel] = {}

    def body(self, packet: FramePacket) -> BodyModel:
        """The constants of the packet's people. Raises WireError when it came without its model, or that has no rig."""
        if packet.model is None:
            raise WireError(f"the body model of {packet.stream} has not come yet")
        if packet.model_id not in self._bodies:
            self._bodies = {packet.model_id: convert_model(packet.model, self._axes).body}
        return self._bodies[packet.model_id]

    def __call__(self, packet: FramePacket) -> list[Person]:
        """Raises WireError for a packet that does not fit its model, or is not in the camera's frame."""
        body = self.body(packet)
        rig = body.rig
        if rig is None:
            raise WireError(f"body model {body.name} has no rig: nothing can be posed")
        people = convert_frame(replace(packet, model=None), self._axes).people
        P, B = rig.joint_shape_dirs.shape[::2]
        if people.rotvecs.shape[1] != P or people.shape.shape[1] != B:
            raise WireError(f"body model {body.name} does not fit: {P} joints, {people.rotvecs.shape[1]} rotations")
        if packet.space != "camera":
            raise WireError(
                f"coordinates in a {packet.space} frame: only those in the camera's can be put into a world"
            )
        rotations = rotmat(people.rotvecs)
        rotations[:, 0] = self._rotation @ rotations[:, 0]
        places = (people.translation @ self._rotation.T + self._shift).astype(np.float32)
        joints = rig.rest_joints + np.einsum("jcb,nb->njc", rig.joint_shape_dirs, people.shape)
        turned, positions = pose_skeleton(rotations, joints, body.parents.tolist(), places)
        return [Person(*each) for each in zip(people.ids.tolist(), turned, positions, strict=True)]
