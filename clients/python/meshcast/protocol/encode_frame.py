"""Encodes the frame messages of all levels: params, joints, mesh-lod and mesh."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from meshcast.errors import WireError
from meshcast.protocol.body import F32, Array
from meshcast.protocol.layout import (
    AXES,
    CAMERA_ASSUMED,
    DISTORTION_FIELDS,
    FEET,
    FRAME_HEADER,
    K_FIELDS,
    LEVELS,
    LIMIT,
    MAX_AGE_US,
    MAX_CAMERAS,
    MAX_PEOPLE,
    MAX_VERTICES,
    OBSERVED,
    OBSERVED_FRAME_HEADER,
    OBSERVED_LEVELS,
    ROOM,
    ROOM_FRAME_HEADER,
    ROTATION_STEP,
    SHAPE_STEP,
    SPACES,
    UNITS,
    topic,
)
from meshcast.protocol.pack import code, model_name_bytes, pack_arrays, pack_message
from meshcast.protocol.packets import FramePacket, Intrinsics, People
from meshcast.protocol.quantization import quantize

MAX_LEVEL = 32767  # of rotations and shape


Quantized = tuple[F32, F32, NDArray[np.uint16]]
"""Vertices as `quantize` returns them."""


def encode_frame(packet: FramePacket, quantized: Quantized | None = None) -> bytes:
    """The message of a FramePacket: each array of `packet.people` that is not empty. Raises WireError, see `encode`.

    quantized: the vertices, in the packet's unit and axes, where `packet.people` has none.
    """
    people = packet.people
    fields = _fields(packet) | _counts(people, packet.frame_index, quantized)
    payload = _payload(people, packet.frame_index, quantized)
    observed = _observed_arrays(people, packet.frame_index)
    if not observed and people.views is None:
        return pack_message(FRAME_HEADER, fields, payload)
    fields["flags"] = fields.get("flags", 0) | OBSERVED
    fields |= {name: array.shape[1] for name, array in observed.items()}
    payload += pack_arrays(*observed.values())
    if people.views is None:
        return pack_message(OBSERVED_FRAME_HEADER, fields, payload)
    views = _views(people, packet.frame_index)
    fields |= {"flags": fields["flags"] | ROOM, "cameras": views.shape[1]}
    return pack_message(ROOM_FRAME_HEADER, fields, payload + pack_arrays(views))


def _counts(people: People, frame_index: int, quantized: Quantized | None) -> dict[str, int]:
    N, V, J, K = len(people), people.vertices.shape[1], people.joints.shape[1], people.keypoints.shape[1]
    P, B = people.rotvecs.shape[1], people.shape.shape[1]
    for name, array, shape in (
        ("scores", people.scores, (N,)),
        ("translation", people.translation, (N, 3)),
        ("joints", people.joints, (N, J, 3)),
        ("keypoints", people.keypoints, (N, K, 3)),
        ("vertices", people.vertices, (N, V, 3)),
        ("rotvecs", people.rotvecs, (N, P, 3)),
        ("shape", people.shape, (N, B)),
        ("error_mm", people.error_mm, (N,)),
    ):
        if array.shape != shape:
            raise WireError(f"frame {frame_index}: {name} has the shape {array.shape}; use {shape}")
    if quantized is not None:
        V = quantized[2].shape[1]
    if N > MAX_PEOPLE or V > MAX_VERTICES:
        raise WireError(
            f"frame {frame_index}: {N} people of {V} vertices do not fit a message; "
            f"the limits are {MAX_PEOPLE} people and {MAX_VERTICES} vertices"
        )
    return {"people": N, "vertices": V, "joints": J, "keypoints": K, "rotations": P, "shapes": B}


def _payload(people: People, frame_index: int, quantized: Quantized | None) -> bytes:
    floats: list[Array] = [people.scores, people.translation, people.joints, people.keypoints]
    parts = [pack_arrays(people.ids.astype("<i4", copy=False))]
    if people.vertices.shape[1]:
        quantized = quantize(people.vertices)
    if quantized is not None:
        low, step, levels = quantized
        parts += [_floats(frame_index, *floats, low, step), pack_arrays(levels.astype("<u2", copy=False))]
    else:
        parts.append(_floats(frame_index, *floats))
    rotations, shape = people.rotvecs.shape[1], people.shape.shape[1]
    if rotations or shape:
        parts.append(
            pack_arrays(_rotation_levels(people.rotvecs, frame_index), _shape_levels(people.shape, frame_index))
        )
    if rotations:
        parts.append(_floats(frame_index, people.error_mm))
    return b"".join(parts)


def _observed_arrays(people: People, frame_index: int) -> dict[str, Array]:
    """The levels (N, count) of visibilities and contacts that are known, by the field that counts them."""
    N, J = len(people), people.joints.shape[1]
    arrays = {}
    for field, name, values, count in (
        ("visibilities", "visibility", people.visibility, J),
        ("contacts", "contacts", people.contacts, FEET),
    ):
        if values is None:
            continue
        if values.ndim != 2 or len(values) != N or (count and values.shape[1] != count):
            raise WireError(f"frame {frame_index}: {name} has the shape {values.shape}; use {(N, count or 'J')}")
        levels = np.rint(np.clip(values, 0, 1) * OBSERVED_LEVELS)
        if np.isnan(levels).any():
            raise WireError(f"frame {frame_index}: {name} holds a value that is not a number; use 0 to 1")
        arrays[field] = levels.astype(np.uint8)
    return arrays


def _views(people: People, frame_index: int) -> Array:
    """Which cameras of a room saw each person, (N, C) uint8."""
    views = np.asarray(people.views)
    if views.ndim != 2 or len(views) != len(people) or not 1 <= views.shape[1] <= MAX_CAMERAS:
        limit = f"{len(people)} rows of 1 to {MAX_CAMERAS} cameras"
        raise WireError(f"frame {frame_index}: views has the shape {views.shape}; use {limit}")
    seen: Array = np.asarray(views != 0, np.uint8)
    return seen


def _fields(packet: FramePacket) -> dict[str, Any]:
    kind = LEVELS.get(packet.level)
    if kind is None:
        raise WireError(f"level {packet.level!r}: unknown; choose from {', '.join(LEVELS)}")
    if math.isnan(packet.age_ms):
        raise WireError(f"frame {packet.frame_index}: its age is not a number; use milliseconds since the capture")
    width, height = packet.size
    fields: dict[str, Any] = {
        "topic": topic(kind, packet.stream),
        "kind": kind,
        "seq": packet.seq,
        "t_publish_unix_ns": packet.t_publish_unix_ns,
        "session": packet.session,
        "model_id": packet.model_id,
        "model_name": model_name_bytes(packet.model_name),
        "axes": code(AXES, packet.axes, "axes"),
        "unit": code(UNITS, packet.unit, "unit"),
        "space": code(SPACES, packet.space, "space"),
        "age_us": round(min(max(packet.age_ms * 1000, 0), MAX_AGE_US)),
        "frame_index": packet.frame_index,
        "t_capture_unix_ns": packet.t_capture_unix_ns,
        "t_capture_monotonic_ns": packet.t_capture_monotonic_ns,
        "t_stream_s": packet.t_stream_s,
        "width": width,
        "height": height,
    }
    if packet.camera is not None:
        fields |= camera_fields(packet.camera, packet.frame_index)
    return fields


def camera_fields(camera: Intrinsics, frame_index: int) -> dict[str, Any]:
    (fx, skew, cx), (_, fy, cy), _ = camera.K.tolist()
    if not (fx > 0 and fy > 0):
        raise WireError(f"frame {frame_index}: invalid camera intrinsics; use focal lengths above 0, or no camera")
    return {
        "flags": CAMERA_ASSUMED if camera.assumed else 0,
        **dict(zip(K_FIELDS, (fx, fy, cx, cy, skew), strict=True)),
        **dict(zip(DISTORTION_FIELDS, camera.distortion.tolist(), strict=True)),
    }


def _floats(frame_index: int, *arrays: Array) -> bytes:
    flat = np.concatenate([array.ravel() for array in arrays], dtype=np.float32)
    if not (np.abs(flat) < LIMIT).all():
        raise WireError(f"frame {frame_index}: a body holds a number that is not finite; drop it before publishing")
    return flat.astype("<f4", copy=False).tobytes()


def _rotation_levels(rotvecs: Array, frame_index: int) -> Array:
    levels = np.rint(rotvecs / ROTATION_STEP)
    if not (np.abs(levels) <= MAX_LEVEL).all():
        raise WireError(f"frame {frame_index}: a rotation vector is not finite or longer than pi; normalize it")
    return levels.astype("<i2")


def _shape_levels(shape: Array, frame_index: int) -> Array:
    levels = np.rint(shape / SHAPE_STEP)
    if np.isnan(levels).any():
        raise WireError(f"frame {frame_index}: a shape parameter is not a number; drop the body before publishing")
    return np.clip(levels, -MAX_LEVEL, MAX_LEVEL).astype("<i2")
