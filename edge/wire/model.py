"""The model message: the constants that a subscriber needs once to draw the bodies of a stream."""

from __future__ import annotations

import time
import zlib

import numpy as np

from edge.wire.pack import model_name_bytes, pack_arrays, pack_message
from meshcast.errors import WireError
from meshcast.protocol.axes import SYSTEMS, Conversion, convert_body
from meshcast.protocol.body import F32, INFLUENCES, Array, BodyModel, Rig
from meshcast.protocol.decoding import WEIGHT_LEVELS
from meshcast.protocol.layout import AXES, MODEL_HEADER, SPACES, UNITS, Kind, topic

MAX_RIG_JOINTS = 256  # a vertex names its joints in a byte
DIR_LEVELS = 32767  # of a shape direction, to either side


class ModelEncoder:
    """Packs one body model once; every message after that costs a header and a copy.

    axes: those of the frames. model_id is the CRC-32 of the arrays as they are sent: frame messages carry it. Raises
    WireError for names and rigs that cannot be sent.
    """

    def __init__(self, body: BodyModel, axes: str = "opencv") -> None:
        system = SYSTEMS[axes]
        body = convert_body(body, Conversion.between(SYSTEMS["gltf"], system))
        names = [*body.joint_names, *body.keypoint_names]
        if any("\0" in name for name in names):
            raise WireError(f"body model {body.name}: a joint or keypoint name holds a NUL character")
        blob = "".join(name + "\0" for name in names).encode()
        arrays: list[Array] = [
            body.rest_vertices.astype(np.float32),
            body.faces.astype(np.int32),
            body.parents.astype(np.int32),
            np.frombuffer(blob, np.uint8),
        ]
        fields = {
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
                    f"body model {body.name}: a rig of {len(body.parents)} joints; at most {MAX_RIG_JOINTS}"
                )
            arrays += _rig_arrays(body.rig)
            fields |= {"influences": INFLUENCES, "shapes": body.rig.shape_dirs.shape[2]}
        if body.uv is not None:
            arrays += [body.uv.coordinates.astype(np.float32), body.uv.faces.astype(np.int32)]
            fields["uvs"] = len(body.uv.coordinates)
        if body.lod is not None:
            arrays += [body.lod.vertices.astype(np.int32), body.lod.faces.astype(np.int32)]
            fields |= {"lod_vertices": len(body.lod.vertices), "lod_faces": len(body.lod.faces)}
        self._payload = pack_arrays(*arrays)
        self._fields = fields
        self._axes = {
            "axes": AXES.index(system.model_name),
            "unit": UNITS.index(system.unit),
            "space": SPACES.index("body"),
        }
        self.name = model_name_bytes(body.name)
        self.model_id = zlib.crc32(self._payload)

    def encode(self, *, stream: str, seq: int, session: int, t_publish_unix_ns: int | None = None) -> bytes:
        """One model message; the publish time is now unless it is given."""
        head = {
            "topic": topic(Kind.MODEL, stream),
            "kind": Kind.MODEL,
            "seq": seq,
            "t_publish_unix_ns": time.time_ns() if t_publish_unix_ns is None else t_publish_unix_ns,
            "session": session,
            "model_id": self.model_id,
            "model_name": self.name,
        }
        return pack_message(MODEL_HEADER, head | self._axes | self._fields, self._payload)


def _rig_arrays(rig: Rig) -> list[Array]:
    steps, levels = _dir_levels(rig.shape_dirs)
    return [
        rig.rest_joints.astype(np.float32),
        rig.joints.astype(np.uint8),
        weight_levels(rig.weights),
        levels,
        steps,
        rig.joint_shape_dirs.astype(np.float32),
    ]


def weight_levels(weights: F32) -> Array:
    """Shares as whole numbers that sum to WEIGHT_LEVELS in each row; the largest share takes what rounding leaves."""
    levels = np.rint(weights * WEIGHT_LEVELS).astype(np.int64)
    rows = np.arange(len(levels))
    levels[rows, levels.argmax(1)] += WEIGHT_LEVELS - levels.sum(1)
    return levels.astype(np.uint16)


def _dir_levels(dirs: F32) -> tuple[F32, Array]:
    """Steps (B,) float32 and levels (V, 3, B) int16 of shape directions, which are steps * levels."""
    steps = (np.abs(dirs).max((0, 1), initial=0) / DIR_LEVELS).astype(np.float32)
    levels = np.rint(dirs / np.where(steps > 0, steps, 1)).astype(np.int16)
    return steps, levels
