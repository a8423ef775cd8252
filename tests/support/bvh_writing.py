"""BVH files of a known motion in the styles of different programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from engines.body.body import kinematic_chain, open_body
from engines.training.poses.sample import sample_poses
from meshcast.protocol.rotations import rotmat

F64 = NDArray[np.float64]
BODY = open_body()
JOINTS = (BODY.joint_regressor @ BODY.v_template).astype(np.float64)

CMU = {
    "pelvis": "Hips", "spine1": "LowerBack", "spine2": "Spine", "spine3": "Spine1", "neck": "Neck", "head": "Head",
    "hip": "{side}UpLeg", "knee": "{side}Leg", "ankle": "{side}Foot", "foot": "{side}ToeBase",
    "collar": "{side}Shoulder", "shoulder": "{side}Arm", "elbow": "{side}ForeArm", "wrist": "{side}Hand",
    "hand": "{side}FingerBase",
}  # fmt: skip
MIXAMO = {
    key: f"mixamorig:{name}"
    for key, name in (CMU | {"spine1": "Spine", "spine2": "Spine1", "spine3": "Spine2"}).items()
}
STYLE_100 = CMU | {
    "spine1": "Chest", "spine2": "Chest2", "spine3": "Chest3", "hip": "{side}Hip", "knee": "{side}Knee",
    "ankle": "{side}Ankle", "foot": "{side}Toe", "collar": "{side}Collar", "shoulder": "{side}Shoulder",
    "elbow": "{side}Elbow", "wrist": "{side}Wrist",
}  # fmt: skip
BANDAI = CMU | {
    "spine1": "Spine", "spine2": "Chest", "spine3": "UpperChest", "hip": "UpperLeg_{s}", "knee": "LowerLeg_{s}",
    "ankle": "Foot_{s}", "foot": "Toes_{s}", "collar": "Shoulder_{s}", "shoulder": "UpperArm_{s}",
    "elbow": "LowerArm_{s}", "wrist": "Hand_{s}",
}  # fmt: skip
DAZ = CMU | {
    "pelvis": "hip", "spine1": "abdomen", "spine2": "abdomen2", "spine3": "chest", "hip": "{low}Thigh",
    "knee": "{low}Shin", "ankle": "{low}Foot", "foot": "{low}Toe", "collar": "{low}Collar", "shoulder": "{low}Shldr",
    "elbow": "{low}ForeArm", "wrist": "{low}Hand", "head": "head", "neck": "neck",
}  # fmt: skip
BODYS_OWN = {part: f"{{low_side}}{part}" if part in CMU and "{" in CMU[part] else part for part in CMU}


def known_poses(frames: int = 40) -> F64:
    """Rotation vectors (T, 24, 3) of the sample's motions, some frames of each of its first clips."""
    return sample_poses(20)["pose"].astype(np.float64)[::24][:frames]


def positions(pose: NDArray[np.floating]) -> F64:
    """Joints (T, 24, 3) relative to the pelvis."""
    rest = np.broadcast_to(JOINTS.astype(np.float32), (len(pose), *JOINTS.shape)).copy()
    _, placed = kinematic_chain(rotmat(pose), rest, BODY.parents)
    return placed.astype(np.float64) - placed[:, :1]


@dataclass(frozen=True, slots=True)
class Style:
    """How a program writes: the bones' names, the rest pose as rotations of bones against the T-pose, the order of the
    rotations, the unit, the world, and where positions go."""

    names: Mapping[str, str] = field(default_factory=lambda: CMU)
    rest: Mapping[str, F64] = field(default_factory=dict)
    order: str = "ZXY"
    scale: float = 100.0
    world: F64 = field(default_factory=lambda: np.eye(3))
    six_channels: bool = False
    offsets_in_channels: bool = False
    frame_s: float = 1 / 30
    newline: str = "\n"


def name_of(joint: str, names: Mapping[str, str]) -> str:
    side, _, part = joint.partition("_")
    if not part:
        return names[joint]
    return names[part].format(side=side.capitalize(), s=side[0].upper(), low=side[0], low_side=f"{side}_")


def write(pose: F64, style: Style) -> str:
    """The text of a file in which a skeleton with the body's bones does these poses (T, 24, 3)."""
    world = np.empty((len(pose), 24, 3, 3))
    local = Rotation.from_rotvec(pose.reshape(-1, 3)).as_matrix().reshape(world.shape)
    rest = np.array([style.rest.get(name, np.eye(3)) for name in BODY.joint_names])
    for joint, parent in enumerate(BODY.parents):
        world[:, joint] = local[:, joint] if parent < 0 else world[:, parent] @ local[:, joint]
    theirs = style.world @ world @ np.swapaxes(rest, 1, 2)
    bones = range(24)
    columns: list[F64] = []
    lines: list[str] = ["HIERARCHY"]

    def bone(joint: int, indent: str) -> None:
        parent = BODY.parents[joint]
        offset = np.zeros(3) if parent < 0 else rest[parent] @ (JOINTS[joint] - JOINTS[parent]) * style.scale
        turned = theirs[:, joint] if parent < 0 else np.swapaxes(theirs[:, parent], 1, 2) @ theirs[:, joint]
        moves = bool(parent < 0 or style.six_channels)
        channels = [f"{axis}position" for axis in "XYZ"] * moves + [f"{axis}rotation" for axis in style.order]
        written = np.zeros(3) if style.offsets_in_channels else offset
        lines.extend((
            f"{indent}{'ROOT' if parent < 0 else 'JOINT'} {name_of(BODY.joint_names[joint], style.names)}",
            f"{indent}{{",
            f"{indent}  OFFSET {' '.join(f'{value:.6f}' for value in written)}",
            f"{indent}  CHANNELS {len(channels)} {' '.join(channels)}",
        ))  # fmt: skip
        if moves:
            columns.append(np.tile(offset, (len(pose), 1)))
        columns.append(Rotation.from_matrix(turned).as_euler(style.order.upper(), degrees=True))
        children = [child for child in bones if BODY.parents[child] == joint]
        for child in children:
            bone(child, indent + "  ")
        if not children:
            lines.extend((f"{indent}  End Site", f"{indent}  {{", f"{indent}    OFFSET 1 2 3", f"{indent}  }}"))
        lines.append(f"{indent}}}")

    bone(0, "")
    rows = [" ".join(f"{value:.6f}" for value in row) for row in np.concatenate(columns, 1)]
    text = [*lines, "MOTION", f"Frames: {len(rows)}", f"Frame Time: {style.frame_s:.7f}", *rows, ""]
    return style.newline.join(text)
