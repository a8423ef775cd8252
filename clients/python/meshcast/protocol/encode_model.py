"""Encodes the model message: the constants that a subscriber needs once to draw the bodies of a stream."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from meshcast.errors import WireError
from meshcast.protocol.body import INFLUENCES, Array, BodyModel, Rig
from meshcast.protocol.layout import AXES, LIMIT, MAX_VERTICES, MODEL_HEADER, SPACES, UNITS, Kind, topic
from meshcast.protocol.pack import code, model_name_bytes, pack_arrays, pack_message
from meshcast.protocol.packets import ModelPacket
from meshcast.protocol.quantization import direction_levels, weight_levels

MAX_RIG_JOINTS = 256  # a vertex names its joints in a byte


@dataclass(frozen=True)
class ModelArrays:
    """The arrays of a model message and their counts in its header; packed once, they serve every message."""

    counts: dict[str, int]
    payload: bytes

    @cached_property
    def model_id(self) -> int:
        """The CRC-32 of the arrays, which the frames of the stream carry."""
        return zlib.crc32(self.payload)


def encode_model(packet: ModelPacket, arrays: ModelArrays | None = None) -> bytes:
    """The message of a ModelPacket; `arrays` are those of its body where they are packed already. Raises WireError, see
    `encode`."""
    if arrays is None:
        arrays = pack_model(packet.body)
    fields = {
        "topic": topic(Kind.MODEL, packet.stream),
        "kind": Kind.MODEL,
        "seq": packet.seq,
        "t_publish_unix_ns": packet.t_publish_unix_ns,
        "session": packet.session,
        "model_id": packet.model_id,
        "model_name": model_name_bytes(packet.body.name),
        "axes": code(AXES, packet.axes, "axes"),
        "unit": code(UNITS, packet.unit, "unit"),
        "space": SPACES.index("body"),
    }
    return pack_message(MODEL_HEADER, fields | arrays.counts, arrays.payload)


def pack_model(body: BodyModel) -> ModelArrays:
    """The arrays of a body as a model message holds them.

    Raises WireError for names and rigs that a message cannot hold and for numbers that are not finite.
    """
    names = [*body.joint_names, *body.keypoint_names]
    if any("\0" in name for name in names):
        raise WireError(f"body model {body.name}: a joint or keypoint name holds a NUL character; rename it")
    if len(body.rest_vertices) > MAX_VERTICES:
        raise WireError(f"body model {body.name}: {len(body.rest_vertices)} vertices; the limit is {MAX_VERTICES}")
    blob = "".join(name + "\0" for name in names).encode()
    arrays: list[Array] = [
        body.rest_vertices.astype(np.float32),
        body.faces.astype(np.int32),
        body.parents.astype(np.int32),
        np.frombuffer(blob, np.uint8),
    ]
    counts = {
        "vertices": len(body.rest_vertices),
        "faces": len(body.faces),
        "joints": len(body.joint_names),
        "keypoints": len(body.keypoint_names),
        "parents": len(body.parents),
        "names_size": len(blob),
    }
    if body.rig is not None:
        if len(body.parents) > MAX_RIG_JOINTS:
            raise WireError(
                f"body model {body.name}: a rig of {len(body.parents)} joints; the limit is {MAX_RIG_JOINTS}"
            )
        arrays += _rig_arrays(body.rig)
        counts |= {"influences": INFLUENCES, "shapes": body.rig.shape_dirs.shape[2]}
    if body.uv is not None:
        arrays += [body.uv.coordinates.astype(np.float32), body.uv.faces.astype(np.int32)]
        counts["uvs"] = len(body.uv.coordinates)
    if body.lod is not None:
        arrays += [body.lod.vertices.astype(np.int32), body.lod.faces.astype(np.int32)]
        counts |= {"lod_vertices": len(body.lod.vertices), "lod_faces": len(body.lod.faces)}
    for array in arrays:
        if array.dtype.kind == "f" and not (np.abs(array) < LIMIT).all():
            raise WireError(f"body model {body.name}: holds a number that is not finite; repair the model")
    return ModelArrays(counts, pack_arrays(*arrays))


def _rig_arrays(rig: Rig) -> list[Array]:
    steps, levels = direction_levels(rig.shape_dirs)
    return [
        rig.rest_joints.astype(np.float32),
        rig.joints.astype(np.uint8),
        weight_levels(rig.weights),
        levels,
        steps,
        rig.joint_shape_dirs.astype(np.float32),
    ]
