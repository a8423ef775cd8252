"""BVH files: a skeleton of bones with offsets, and a row of channel values for each frame."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from engines.training.poses.pose_set import PoseError

F64 = NDArray[np.float64]

MAX_BYTES = 512 << 20
MAX_JOINTS = 1000
AXES = "XYZ"
NO_OFFSET = 1e-9


@dataclass(frozen=True, slots=True)
class Bvh:
    """J joints, parents before children, in the file's own unit and axes.

    names (J,), parents (J,) (-1 at a root), offsets (J, 3) from the parent in the rest pose, tails: the first end site
    of each joint that has one, rotations (T, J, 3, 3) relative to the parent, frame_s: time between frames.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    offsets: F64
    tails: dict[int, F64]
    rotations: F64
    frame_s: float


@dataclass(slots=True)
class _Joint:
    name: str
    parent: int
    offset: F64
    channels: tuple[str, ...] = ()


def read_bvh(path: Path) -> Bvh:
    """Reads a file. Raises PoseError, which names the damaged part."""
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise PoseError(f"{path}: {size >> 20} MiB exceed the limit of {MAX_BYTES >> 20} MiB for a BVH file")
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise PoseError(f"{path}: cannot be read ({error.strerror})") from None
    try:
        return _parse(text)
    except ValueError as error:
        raise PoseError(f"{path}: not a BVH file, or damaged: {error}") from None


def _parse(text: str) -> Bvh:
    head, found, motion = text.partition("MOTION")
    if not found or not head.lstrip("\ufeff \t\r\n").upper().startswith("HIERARCHY"):
        raise ValueError("HIERARCHY or MOTION is missing")
    joints, tails = _hierarchy(head)
    columns = [(index, channel) for index, joint in enumerate(joints) for channel in joint.channels]
    values, frame_s = _motion(motion, len(columns))
    rotations = np.tile(np.eye(3), (len(values), len(joints), 1, 1))
    placed: dict[int, F64] = {}
    for index in range(len(joints)):
        own = [column for column, (of, _) in enumerate(columns) if of == index]
        turning = [column for column in own if columns[column][1].endswith("ROTATION")]
        if turning:
            # The order of the channels is that of the matrix product: the first is applied last.
            order = "".join(columns[column][1][0] for column in turning)
            rotations[:, index] = _product(order, values[:, turning])
        moving = {columns[column][1][0]: values[:, column] for column in own if column not in turning}
        if len(moving) == len(AXES):
            placed[index] = np.median(np.stack([moving[axis] for axis in AXES], -1), axis=0)
    offsets = np.array([joint.offset for joint in joints])
    for index, where in placed.items():
        # Some programs write the position of a bone into its channels only.
        if joints[index].parent >= 0 and np.linalg.norm(offsets[index]) < NO_OFFSET:
            offsets[index] = where
    return Bvh(
        tuple(joint.name for joint in joints),
        tuple(joint.parent for joint in joints),
        offsets,
        tails,
        rotations,
        frame_s,
    )


def _product(order: str, degrees: F64) -> F64:
    matrices: F64 = np.eye(3)[None]
    for axis, angle in zip(order, degrees.T, strict=True):
        matrices = matrices @ Rotation.from_euler(axis.lower(), angle[:, None], degrees=True).as_matrix()
    return matrices


def _hierarchy(head: str) -> tuple[list[_Joint], dict[int, F64]]:
    tokens = head.replace("{", " { ").replace("}", " } ").split()[1:]
    joints: list[_Joint] = []
    tails: dict[int, F64] = {}
    stack: list[int | None] = []  # None: an end site
    at = 0

    def numbers(count: int) -> F64:
        nonlocal at
        values = np.array([float(token) for token in tokens[at : at + count]])
        if len(values) != count or not np.isfinite(values).all():
            raise ValueError("OFFSET needs three numbers")
        at += count
        return values

    while at < len(tokens):
        word = tokens[at].upper()
        at += 1
        if word in ("ROOT", "JOINT", "END"):
            brace = tokens.index("{", at) if "{" in tokens[at : at + 32] else -1
            if brace < 0:
                raise ValueError(f"{word} without a brace")
            name = " ".join(tokens[at:brace])
            at = brace + 1
            if word == "END":
                stack.append(None)
                continue
            parent = next((index for index in reversed(stack) if index is not None), -1)
            if len(joints) >= MAX_JOINTS:
                raise ValueError(f"more than {MAX_JOINTS} joints")
            stack.append(len(joints))
            joints.append(_Joint(name, parent, np.zeros(3)))
        elif word == "OFFSET" and stack:
            offset, top = numbers(3), stack[-1]
            if top is not None:
                joints[top].offset = offset
            elif len(stack) > 1 and stack[-2] is not None:
                tails.setdefault(stack[-2], offset)
        elif word == "CHANNELS" and stack and stack[-1] is not None and at < len(tokens):
            count = int(tokens[at])
            channels = tuple(token.upper() for token in tokens[at + 1 : at + 1 + count])
            known = all(name[:1] in AXES and name[1:] in ("ROTATION", "POSITION") for name in channels)
            if not 0 <= count <= 6 or len(channels) != count or not known:
                raise ValueError(f"CHANNELS of {joints[stack[-1]].name} are not up to six rotations and positions")
            joints[stack[-1]].channels = channels
            at += 1 + count
        elif word == "}" and stack:
            stack.pop()
        else:
            raise ValueError(f"{tokens[at - 1][:40]!r} is not expected in HIERARCHY")
    if stack or not joints:
        raise ValueError("a brace is not closed" if stack else "there is no joint")
    return joints, tails


def _motion(text: str, columns: int) -> tuple[F64, float]:
    head, _, rest = text.strip().partition("\n")
    time_line, _, body = rest.strip().partition("\n")
    if not head.lower().startswith("frames:") or not time_line.lower().startswith("frame time:"):
        raise ValueError("MOTION does not begin with Frames: and Frame Time:")
    frames, frame_s = int(head[len("frames:") :]), float(time_line[len("frame time:") :])
    if frames < 1 or not 0 < frame_s < 1e4:
        raise ValueError(f"{frames} frames of {frame_s:g} s")
    values = np.array(body.split(), dtype=np.float64)
    if columns == 0 or values.size != frames * columns:
        raise ValueError(
            f"{frames} frames of {columns} channels are {frames * columns} numbers, but it holds {values.size}"
        )
    if not np.isfinite(values).all():
        raise ValueError("a number is not finite")
    return values.reshape(frames, columns), frame_s
