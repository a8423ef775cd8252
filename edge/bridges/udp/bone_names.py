"""Names of body joints in other programs, and skeletons of a subset of the joints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from edge.bridges.udp.skeleton_pose import Person
from meshcast.protocol.body import F32, BodyModel
from meshcast.protocol.rotations import quaternion

# Joints of the SMPL family -> (bone of Unity's HumanBodyBones and of VRM, bone of Unreal's mannequin). SMPL's
# left_hand and right_hand (the knuckles) have no counterpart.
_CENTER = {
    "pelvis": ("Hips", "pelvis"),
    "spine1": ("Spine", "spine_01"),
    "spine2": ("Chest", "spine_02"),
    "spine3": ("UpperChest", "spine_03"),
    "neck": ("Neck", "neck_01"),
    "head": ("Head", "head"),
    "jaw": ("Jaw", "jaw"),
}
_SIDES = {
    "hip": ("UpperLeg", "thigh"),
    "knee": ("LowerLeg", "calf"),
    "ankle": ("Foot", "foot"),
    "foot": ("Toes", "ball"),
    "collar": ("Shoulder", "clavicle"),
    "shoulder": ("UpperArm", "upperarm"),
    "elbow": ("LowerArm", "lowerarm"),
    "wrist": ("Hand", "hand"),
    "eye": ("Eye", "eye"),
}
_FINGERS = {"thumb": "Thumb", "index": "Index", "middle": "Middle", "ring": "Ring", "pinky": "Little"}
_SEGMENTS = ("Proximal", "Intermediate", "Distal")


def _humanoid() -> dict[str, str]:
    table = {joint: humanoid for joint, (humanoid, _) in _CENTER.items()}
    for side, prefix in (("left", "Left"), ("right", "Right")):
        table |= {f"{side}_{joint}": prefix + humanoid for joint, (humanoid, _) in _SIDES.items()}
        for finger, humanoid in _FINGERS.items():
            table |= {f"{side}_{finger}{n}": prefix + humanoid + part for n, part in enumerate(_SEGMENTS, 1)}
    return table


def _mannequin() -> dict[str, str]:
    table = {joint: bone for joint, (_, bone) in _CENTER.items()}
    for side, letter in (("left", "l"), ("right", "r")):
        table |= {f"{side}_{joint}": f"{bone}_{letter}" for joint, (_, bone) in _SIDES.items()}
        table |= {f"{side}_{finger}{n}": f"{finger}_0{n}_{letter}" for finger in _FINGERS for n in (1, 2, 3)}
    return table


HUMANOID = _humanoid()
MANNEQUIN = _mannequin()


@dataclass(frozen=True, slots=True)
class Bones:
    """A skeleton of some joints of a body, parents before children.

    names: of the bones. joints: indices into the joints of the body. parents: index in this skeleton of the nearest
    included ancestor, -1 for a root.
    """

    names: list[str]
    joints: list[int]
    parents: list[int]

    def local(self, person: Person) -> tuple[F32, F32]:
        """Return quaternions (n, 4), x y z w, and positions (n, 3) of the bones relative to their parents.

        Forward kinematics gives the person's joints: the children of an omitted joint include its rotation.
        """
        rotations, positions = person.rotations[self.joints], person.positions[self.joints]
        parents = np.array(self.parents)
        roots = (parents < 0)[:, None]
        above = np.where(roots[..., None], np.eye(3, dtype=np.float32), rotations[parents]).swapaxes(1, 2)
        start = np.where(roots, np.float32(0), positions[parents])
        return quaternion(above @ rotations), np.einsum("nab,nb->na", above, positions - start)


def bones_of(body: BodyModel, table: Mapping[str, str]) -> Bones:
    """Return the skeleton of the joints of a body that are in the table."""
    bone_of: dict[int, int] = {-1: -1}  # joint -> bone of the joint or of its nearest included ancestor
    bones = Bones([], [], [])
    for joint, parent in enumerate(body.parents.tolist()):
        bone_of[joint] = bone_of[parent]
        name = table.get(body.joint_names[joint])
        if name is not None:
            bones.parents.append(bone_of[parent])
            bone_of[joint] = len(bones.names)
            bones.names.append(name)
            bones.joints.append(joint)
    return bones
