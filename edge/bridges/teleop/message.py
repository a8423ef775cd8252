"""Messages of the pose stream that GR00T Whole-Body Control (SONIC) reads with --input-type zmq.

A message is one ZeroMQ frame: the topic, a JSON header that is padded with zeros to HEADER_BYTES, and the arrays that
it names, little-endian, one after the other.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from edge.bridges.teleop.smpl_pose import BODY_JOINTS, SmplPose

HEADER_BYTES = 1280
ROBOT_JOINTS = 29  # of the Unitree G1
TYPES = {np.dtype("<f4"): "f32", np.dtype("<f8"): "f64", np.dtype("<i4"): "i32", np.dtype("<i8"): "i64"}

Array = NDArray[np.float32] | NDArray[np.int64]


def pack(topic: str, version: int, arrays: Mapping[str, Array]) -> bytes:
    """One message.

    Args:
        topic: the prefix that receivers subscribe to.
        version: of the protocol.
        arrays: by the name of the field.
    """
    fields = [{"name": name, "dtype": TYPES[array.dtype], "shape": list(array.shape)} for name, array in arrays.items()]
    header = json.dumps({"v": version, "endian": "le", "count": 1, "fields": fields}, separators=(",", ":")).encode()
    if len(header) > HEADER_BYTES:
        raise ValueError(f"a header of {len(header)} bytes is longer than {HEADER_BYTES}")
    return topic.encode() + header.ljust(HEADER_BYTES, b"\0") + b"".join(array.tobytes() for array in arrays.values())


def fields_of(pose: SmplPose, index: int, version: int) -> dict[str, Array]:
    """The fields of a frame, N = 1, of protocol version 2 (SMPL) or 3 (SMPL and the robot's wrists).

    root_pos and smpl_rotvecs are additions: receivers look fields up by name.
    """
    arrays: dict[str, Array] = {
        "smpl_joints": _f32(pose.local_joints),
        "smpl_pose": _f32(pose.rotvecs[1 : BODY_JOINTS + 1]),
        "body_quat": _f32(pose.body_quat),
        "frame_index": np.array([index], np.int64),
        "root_pos": _f32(pose.root),
        "smpl_rotvecs": _f32(pose.rotvecs),
    }
    if version == 3:
        # Wrists at rest: hands are not observed well enough to turn a robot's.
        arrays |= {name: np.zeros((1, ROBOT_JOINTS), np.float32) for name in ("joint_pos", "joint_vel")}
    return arrays


def _f32(values: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.ascontiguousarray(values[None], np.float32)
