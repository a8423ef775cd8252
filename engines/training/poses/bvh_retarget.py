"""Converts the BVH skeleton of any person to the rotations of the body's 24 joints.

A bone's global rotation carries over as it is, after a correction of its rest pose: C turns the body's bone in its
T-pose into the file's bone at rest, so that the body's bone points in every frame where the file's does. The
trunk has one correction, from the line of the hips and the way up; each limb adds the smallest turn that is left. Only
directions count, so that a file's unit does not.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from engines.body.body import Body, open_body
from engines.training.poses.bone_names import body_bones
from engines.training.poses.bvh_file import Bvh, read_bvh
from engines.training.poses.pose_set import F32, PoseError, rotation_vectors, stride, upright

F64 = NDArray[np.float64]

TRUNK = ("spine1", "spine2", "spine3")
# Each limb bone's end, the joint at whose hinge the limb bends, and that hinge's axis in the body's T-pose (left).
LIMBS = {
    "hip": ("knee", "knee", (1.0, 0.0, 0.0)),
    "knee": ("ankle", "knee", (1.0, 0.0, 0.0)),
    "shoulder": ("elbow", "elbow", (0.0, -1.0, 0.0)),
    "elbow": ("wrist", "elbow", (0.0, -1.0, 0.0)),
}
BEFORE = {"knee": "hip", "elbow": "shoulder"}
CORRECTED_BY = {
    "ankle": "knee",
    "foot": "knee",
    "wrist": "elbow",
    "hand": "elbow",
}  # parts that take the correction of another one
SHORTEST = 1e-9
OTHER_REST_RAD = (
    np.pi / 2
)  # a rest pose turned by more is neither T-pose nor A-pose, and the twist of its bones is undefined


def read_bvh_poses(path: Path) -> F32:
    """Poses (T, 24, 3) of a file, thinned to about 30 a second, in a Y-up world. Raises PoseError."""
    return retarget(read_bvh(path), path)


def retarget(bvh: Bvh, path: object) -> F32:
    """Poses (T, 24, 3) of a motion, see read_bvh_poses."""
    bones = body_bones(bvh.names, bvh.parents, path)
    step = stride(1 / bvh.frame_s)
    world = _world(bvh.rotations[::step], bvh.parents)
    rest = _rest(bvh)
    body = open_body()
    spine, neck = _trunk(bvh, bones, path)
    trunk = _trunk_correction(bvh, rest, bones, body, spine[-1], path)
    corrections = {"pelvis": trunk} | {
        f"{side}_{name}": correction
        for side in ("left", "right")
        for name, correction in _limb_corrections(world, rest, bones, body, side, trunk, bvh).items()
    }
    made: dict[str, F64] = {"pelvis": world[:, bones["pelvis"]] @ trunk}
    made |= _spread(TRUNK, [world[:, index] @ trunk for index in (bones["pelvis"], *spine)])
    head = [world[:, index] @ trunk for index in neck]
    made |= _spread(("neck", "head"), [made["spine3"], *head]) if head else {}
    for index, name in enumerate(body.joint_names):
        if name in made:
            continue
        if name in bones:
            side, _, part = name.partition("_")
            made[name] = world[:, bones[name]] @ corrections.get(f"{side}_{CORRECTED_BY.get(part, part)}", trunk)
        else:  # it keeps the rotation of its parent
            made[name] = made[body.joint_names[body.parents[index]]]
    return _local(made, body)


def _local(made: dict[str, F64], body: Body) -> F32:
    globals_ = np.stack([made[name] for name in body.joint_names], axis=1)
    local: F64 = globals_.copy()
    local[:, 0] = upright(globals_[:, 0], "y")
    for joint in range(1, len(body.parents)):
        local[:, joint] = np.swapaxes(globals_[:, body.parents[joint]], 1, 2) @ globals_[:, joint]
    return rotation_vectors(local)


def _world(rotations: F64, parents: tuple[int, ...]) -> F64:
    world: F64 = rotations.copy()
    for joint, parent in enumerate(parents):
        if parent >= 0:
            world[:, joint] = world[:, parent] @ rotations[:, joint]
    return world


def _rest(bvh: Bvh) -> F64:
    """Where the joints (J, 3) are at rest."""
    rest: F64 = bvh.offsets.copy()
    for joint, parent in enumerate(bvh.parents):
        if parent >= 0:
            rest[joint] += rest[parent]
    return rest


def _trunk(bvh: Bvh, bones: dict[str, int], path: object) -> tuple[list[int], list[int]]:
    """The bones from above the pelvis to the chest, and from there to the head."""
    pelvis = bones["pelvis"]
    left, right = (_above(bvh, bones[f"{side}_shoulder"], pelvis) for side in ("left", "right"))
    common = [index for index in left if index in right]
    if not left or not right or not common:
        raise PoseError(f"{path}: the arms do not hang on the pelvis by a spine; its skeleton cannot be used")
    head = bones.get("head")
    neck = [] if head is None else [index for index in (*_above(bvh, head, pelvis), head) if index not in common]
    return common, neck


def _above(bvh: Bvh, joint: int, pelvis: int) -> list[int]:
    """The joints between the pelvis and a joint, in order; none where it is not below the pelvis."""
    chain = []
    at = bvh.parents[joint]
    while at >= 0 and at != pelvis:
        chain.append(at)
        at = bvh.parents[at]
    return chain[::-1] if at == pelvis else []


def _trunk_correction(bvh: Bvh, rest: F64, bones: dict[str, int], body: Body, chest: int, path: object) -> F64:
    joints = body.joint_regressor @ body.v_template
    at = dict(zip(body.joint_names, joints.astype(np.float64), strict=True))
    shoulders = (rest[bones["left_shoulder"]] + rest[bones["right_shoulder"]]) / 2
    up = shoulders - rest[bones["pelvis"]]
    theirs = _frame(rest[bones["left_hip"]] - rest[bones["right_hip"]], up)
    ours = _frame(at["left_hip"] - at["right_hip"], (at["left_shoulder"] + at["right_shoulder"]) / 2 - at["pelvis"])
    if theirs is None or ours is None:
        raise PoseError(
            f"{path}: hips, pelvis and {bvh.names[chest]} lie on a line at rest; its skeleton cannot be used"
        )
    correction: F64 = theirs @ ours.T
    return correction


def _frame(left: F64, up: F64) -> F64 | None:
    """A frame (3, 3) with x to the left and y near the way up, or None where they do not make one."""
    if np.linalg.norm(np.cross(left, up)) <= 1e-6 * max(float(np.linalg.norm(left) * np.linalg.norm(up)), 1e-12):
        return None
    x = left / np.linalg.norm(left)
    z = np.cross(x, up)
    z /= np.linalg.norm(z)
    return np.stack([x, np.cross(z, x), z], axis=1)


def _limb_corrections(
    world: F64, rest: F64, bones: dict[str, int], body: Body, side: str, trunk: F64, bvh: Bvh
) -> dict[str, F64]:
    at = dict(zip(body.joint_names, (body.joint_regressor @ body.v_template).astype(np.float64), strict=True))
    found: dict[str, F64] = {}
    for joint, (end, bending, hinge) in LIMBS.items():
        before = found.get(BEFORE.get(joint, ""), trunk)
        bone, tip = bones[f"{side}_{joint}"], bones.get(f"{side}_{end}")
        theirs = rest[tip] - rest[bone] if tip is not None else bvh.tails.get(bone, np.zeros(3))
        if np.linalg.norm(theirs) < SHORTEST:
            found[joint] = before
            continue
        turn = _turn(before @ (at[f"{side}_{end}"] - at[f"{side}_{joint}"]), theirs)
        correction = turn.as_matrix() @ before
        if turn.magnitude() > OTHER_REST_RAD:
            mirrored = np.array(hinge) * (-1.0 if side == "right" and bending == "elbow" else 1.0)
            axis = _bending_axis(world, bvh, bones[f"{side}_{bending}"])
            correction = _twist(theirs, correction @ mirrored, axis) @ correction
        found[joint] = correction
    return found


def _bending_axis(world: F64, bvh: Bvh, bone: int) -> F64:
    """The mean axis (3,) about which a bone turns against the one before, in the axes of the rest pose."""
    bends = np.swapaxes(world[:, bvh.parents[bone]], 1, 2) @ world[:, bone]
    axis: F64 = Rotation.from_matrix(bends).as_rotvec().mean(axis=0)
    return axis


def _turn(a: F64, b: F64) -> Rotation:
    """The smallest rotation that turns the direction of a into that of b."""
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    axis, cosine = np.cross(a, b), float(a @ b)
    sine = float(np.linalg.norm(axis))
    if sine < 1e-9:
        axis = np.cross(a, np.eye(3)[np.abs(a).argmin()]) if cosine < 0 else a
        sine = 0.0
    return Rotation.from_rotvec(axis / np.linalg.norm(axis) * np.arctan2(sine, cosine))


def _twist(about: F64, axis: F64, wanted: F64) -> F64:
    """The rotation about a bone that brings one axis across it to where another one is."""
    about = about / np.linalg.norm(about)
    a, b = axis - about * (axis @ about), wanted - about * (wanted @ about)
    if min(np.linalg.norm(a), np.linalg.norm(b)) < 1e-6:
        return np.eye(3)
    angle = np.arctan2(np.cross(a, b) @ about, a @ b)
    matrix: F64 = Rotation.from_rotvec(about * angle).as_matrix()
    return matrix


def _spread(names: tuple[str, ...], chain: list[F64]) -> dict[str, F64]:
    """Rotations of the body's joints `names`, spread evenly over a chain (T, 3, 3) that begins with what is before."""
    frames = len(chain[0])
    made = {}
    for index, name in enumerate(names, 1):
        where = index / len(names) * (len(chain) - 1)
        low = min(int(where), len(chain) - 2)
        share = where - low
        if share > 1 - 1e-9:
            made[name] = chain[low + 1]
            continue
        between = Rotation.from_matrix(np.swapaxes(chain[low], 1, 2) @ chain[low + 1]).as_rotvec() * share
        made[name] = chain[low] @ Rotation.from_rotvec(between).as_matrix().reshape(frames, 3, 3)
    return made
