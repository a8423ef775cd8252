"""Export of one person's motion as BVH: a skeleton and Euler angles as text.

Units are centimeters with y up, as usual for the format; the bone lengths follow the shape of the body. BVH has a
constant frame rate: the median of the recording, to which other frame times are resampled.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.errors import OutputError
from edge.recording.export.animation import Animation
from edge.recording.export.curves import at_times, continuous, euler_zxy, frame_times, slerp
from edge.sinks.output_file import OutputFile
from edge.types import F32

CM = 100.0  # per meter
BLOCK_LINES = 1000
ROTATION = "Zrotation Xrotation Yrotation"
POSITION = "Xposition Yposition Zposition"


def write_bvh(path: str | Path, person: Animation) -> None:
    """Write the motion of one person to a file, which appears complete or not at all. Raises OutputError."""
    target = OutputFile(path)
    try:
        frame_s, times = frame_times(person.times)
    except ValueError as error:
        target.discard()
        raise OutputError(f"{path}: {error}") from None
    lines = _lines(person, frame_s, times)
    # iter() with a sentinel: blocks of lines, until one is empty.
    target.write_parts(iter(lambda: "".join(f"{line}\n" for line in islice(lines, BLOCK_LINES)).encode(), b""))


def bvh(person: Animation) -> str:
    """Return the text of the file. The root has zero offset and the position of the pelvis. Raises ValueError for a
    motion that is too long."""
    return "".join(f"{line}\n" for line in _lines(person, *frame_times(person.times)))


def _lines(person: Animation, frame_s: float, times: NDArray[np.float64]) -> Iterator[str]:
    yield from (*_hierarchy(person), "MOTION", f"Frames: {len(times)}", f"Frame Time: {frame_s:.6f}")
    order = list(_depth_first(person.body.parents.tolist()))
    angles = np.empty((len(times), len(order), 3))
    for column, joint in enumerate(order):  # one joint at a time: a recording may be hours long
        rotations = continuous(person.quaternions[:, joint : joint + 1])
        angles[:, column] = euler_zxy(slerp(person.times, times, rotations))[:, 0]
    positions = at_times(person.times, times, person.translation.astype(np.float64)) * CM
    for position, rotation in zip(positions, angles, strict=True):
        yield " ".join(f"{value:.4f}" for value in (*position.tolist(), *rotation.ravel().tolist()))


def _depth_first(parents: list[int], joint: int = 0) -> Iterator[int]:
    """Yield joints depth first, in the order of the hierarchy."""
    yield joint
    for child, parent in enumerate(parents):
        if parent == joint:
            yield from _depth_first(parents, child)


def _hierarchy(person: Animation) -> Iterator[str]:
    vertices, joints = person.rest()
    parents = person.body.parents.tolist()
    tips = _tips(person, vertices, joints)

    def lines(joint: int, indent: str) -> Iterator[str]:
        root = parents[joint] < 0
        offset = np.zeros(3) if root else joints[joint] - joints[parents[joint]]
        name = re.sub(r"\s+", "_", person.body.joint_names[joint])
        yield f"{indent}{'ROOT' if root else 'JOINT'} {name}"
        yield f"{indent}{{"
        inner = indent + "\t"
        yield f"{inner}OFFSET {_numbers(offset)}"
        yield f"{inner}CHANNELS {6 if root else 3} {POSITION + ' ' if root else ''}{ROTATION}"
        children = [child for child, parent in enumerate(parents) if parent == joint]
        for child in children:
            yield from lines(child, inner)
        if not children:
            yield from (f"{inner}End Site", f"{inner}{{", f"{inner}\tOFFSET {_numbers(tips[joint])}", f"{inner}}}")
        yield f"{indent}}}"

    yield "HIERARCHY"
    yield from lines(0, "")


def _tips(person: Animation, vertices: F32, joints: F32) -> NDArray[np.float64]:
    """Return the ends of leaf bones, (P, 3) in meters relative to their joints: twice the offset of the centroid of
    their vertices, which is about the end of a head, a hand or a foot."""
    rig = person.body.rig
    assert rig is not None
    total, moment = np.zeros(len(joints)), np.zeros((len(joints), 3))
    for of, weights in zip(rig.joints.T, rig.weights.T, strict=True):
        np.add.at(total, of, weights)
        np.add.at(moment, of, weights[:, None] * vertices)
    middle = moment / np.maximum(total, 1e-9)[:, None]
    tips: NDArray[np.float64] = np.where(total[:, None] > 0, 2 * (middle - joints), 0.0)
    return tips


def _numbers(offset: NDArray[np.floating]) -> str:
    return " ".join(f"{value:.6f}" for value in (offset * CM).tolist())
