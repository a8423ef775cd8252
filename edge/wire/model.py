"""The model message: the constants that a subscriber needs once to draw the bodies of a stream."""

from __future__ import annotations

import time
import zlib
from dataclasses import dataclass

import numpy as np

from edge.types import BodyModel
from edge.wire.layout import (
    AXES,
    MAX_VERTICES,
    MODEL_HEADER,
    SPACES,
    UNITS,
    ArrayReader,
    Kind,
    WireError,
    model_name_bytes,
    pack_header,
    padded,
    read_header,
    topic,
)


@dataclass(frozen=True, slots=True)
class ModelPacket:
    """One model message: `body` is what the mesh messages with the same `stream` and `model_id` are made of.

    seq counts the model messages of this stream; session tells one run of a publisher from the next. The rest
    vertices are in the body's own `axes` ("gltf": Y up, the body faces +Z) and `unit`.
    """

    stream: str
    seq: int
    session: int
    t_publish_unix_ns: int
    model_id: int
    axes: str
    unit: str
    body: BodyModel


class ModelEncoder:
    """Packs one body model once; every message after that costs a header and a copy.

    model_id is the CRC-32 of the arrays as they are sent: mesh messages carry it. Raises WireError for names that
    cannot be sent.
    """

    def __init__(self, body: BodyModel) -> None:
        names = [*body.joint_names, *body.keypoint_names]
        if any("\0" in name for name in names):
            raise WireError(f"body model {body.name}: a joint or keypoint name holds a NUL character")
        blob = "".join(name + "\0" for name in names).encode()
        self._payload = b"".join(
            [
                body.rest_vertices.astype("<f4").tobytes(),
                body.faces.astype("<i4").tobytes(),
                body.parents.astype("<i4").tobytes(),
                blob.ljust(padded(len(blob)), b"\0"),
            ]
        )
        self._fields = {
            "vertices": len(body.rest_vertices),
            "faces": len(body.faces),
            "joints": len(body.joint_names),
            "keypoints": len(body.keypoint_names),
            "parents": len(body.parents),
            "names_size": len(blob),
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
            "axes": AXES.index("gltf"),
            "unit": UNITS.index("m"),
            "space": SPACES.index("body"),
        }
        size = MODEL_HEADER.itemsize + len(self._payload)
        return pack_header(MODEL_HEADER, size, head | self._fields) + self._payload


def decode_model(data: bytes) -> ModelPacket:
    """The model message in `data`, which `read_kind` accepted. Raises WireError."""
    head = read_header(data, MODEL_HEADER, Kind.MODEL)
    V, P = head["vertices"], head["parents"]
    if V > MAX_VERTICES:
        raise WireError(f"model message with {V} vertices, more than the {MAX_VERTICES} of the protocol")
    arrays = ArrayReader(data, head["header_size"])
    rest = arrays.take("rest_vertices", "<f4", V, 3)
    faces = arrays.take("faces", "<i4", head["faces"], 3, good=lambda a: (a >= 0) & (a < V))
    # A parent comes before its children, so that a client can walk the skeleton in one pass.
    parents = arrays.take("parents", "<i4", P, good=lambda a: (a >= -1) & (a < np.arange(P)))
    blob = arrays.take("names", "u1", head["names_size"]).tobytes()
    arrays.close(extended=head["header_size"] > MODEL_HEADER.itemsize)
    try:
        names = blob.decode().split("\0")
    except UnicodeDecodeError:
        raise WireError("damaged message: the names are not UTF-8") from None
    J, K = head["joints"], head["keypoints"]
    if len(names) != J + K + 1 or names[-1] or P > J:
        raise WireError(f"damaged message: {len(names) - 1} names and {P} parents for {J} joints and {K} keypoints")
    body = BodyModel(head["model_name"], faces, rest, parents, tuple(names[:J]), tuple(names[J:-1]))
    return ModelPacket(
        stream=head["stream"],
        seq=head["seq"],
        session=head["session"],
        t_publish_unix_ns=head["t_publish_unix_ns"],
        model_id=head["model_id"],
        axes=AXES[head["axes"]],
        unit=UNITS[head["unit"]],
        body=body,
    )
