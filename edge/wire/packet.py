"""The mesh message: every body of one frame, vertices in 16 bits between per-person bounds."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calibration.camera import Camera
from edge.types import F32, I32, Bodies, Frame
from edge.wire.layout import (
    AXES,
    LIMIT,
    MAX_PEOPLE,
    MAX_VERTICES,
    MESH_HEADER,
    SPACES,
    UNITS,
    ArrayReader,
    Kind,
    WireError,
    pack_header,
    padded,
    read_header,
    read_kind,
    topic,
)
from edge.wire.model import ModelPacket, decode_model

LEVELS = 65535  # steps between the lower and the upper bound of a person's vertices, per axis
BLOCK = 32  # vertices in an inner loop
K_FIELDS = ("fx", "fy", "cx", "cy", "skew")
DISTORTION_FIELDS = ("k1", "k2", "p1", "p2", "k3")


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a publisher knows and a frame does not: the stream, its counter and clocks, the body model's identity.

    seq counts the mesh messages of the stream from 0; session is a number drawn once per publisher. The two
    publish times are the same moment on the wall clock (unix) and on the host's monotonic clock.
    """

    stream: str
    seq: int
    session: int
    model_id: int
    model_name: bytes
    t_publish_unix_ns: int
    t_publish_monotonic_ns: int

    @staticmethod
    def now(stream: str, seq: int, session: int, model_id: int, model_name: bytes) -> Stamp:
        """A stamp of this moment."""
        return Stamp(stream, seq, session, model_id, model_name, time.time_ns(), time.monotonic_ns())


@dataclass(frozen=True, slots=True)
class People:
    """N people: ids (N,) int32, scores (N,) float32, translation (N, 3), joints (N, J, 3) and vertices (N, V, 3)
    float32 in the packet's unit and axes, keypoints (N, K, 3) float32 (x px, y px, score).

    All but the vertices are read-only views of the message.
    """

    ids: I32
    scores: F32
    translation: F32
    joints: F32
    keypoints: F32
    vertices: F32

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class MeshPacket:
    """One mesh message.

    t_capture_unix_ns and t_publish_unix_ns are the publisher's wall clock, for clients on any machine whose clock is
    set; t_capture_monotonic_ns is its monotonic clock, for processes on the same machine; t_stream_s is the
    stream's own time. size is the image's (width, height) px; camera is None when the publisher knows none.
    axes ("opencv": x right, y down, z forward), unit ("m") and space ("camera") say what the coordinates mean.
    The subscriber fills in `model`, the last model message of this stream or None, and `lost`, how many messages
    of this stream were published since the previous packet but not handed out.
    """

    stream: str
    seq: int
    session: int
    model_id: int
    model_name: str
    axes: str
    unit: str
    space: str
    frame_index: int
    t_stream_s: float
    t_capture_unix_ns: int
    t_capture_monotonic_ns: int
    t_publish_unix_ns: int
    age_ms: float
    size: tuple[int, int]
    camera: Camera | None
    people: People
    model: ModelPacket | None = None
    lost: int = 0


def encode_bodies(frame: Frame, bodies: Bodies, stamp: Stamp, camera: Camera | None = None) -> bytes:
    """One mesh message. Raises WireError when a number is not finite (or beyond LIMIT) or there are too many people."""
    N, V = bodies.vertices.shape[:2]
    if N > MAX_PEOPLE or V > MAX_VERTICES:
        raise WireError(f"{N} people of {V} vertices: a message holds at most {MAX_PEOPLE} people of {MAX_VERTICES}")
    low, step, levels = quantise(bodies.vertices)
    arrays = (bodies.scores, bodies.translation, bodies.joints, bodies.keypoints, low, step)
    floats = np.concatenate([array.ravel() for array in arrays], dtype=np.float32)
    if not (np.abs(floats) < LIMIT).all():
        raise WireError(f"frame {frame.index}: a body holds a number that is not finite; drop it before publishing")
    padding = bytes(padded(levels.nbytes) - levels.nbytes)
    payload = b"".join(
        [bodies.ids.astype("<i4").tobytes(), floats.astype("<f4", copy=False).tobytes(), levels.tobytes(), padding]
    )
    age_ns = max(0, stamp.t_publish_monotonic_ns - frame.t_capture_ns)
    height, width = frame.image.shape[:2]
    fields: dict[str, Any] = {
        "topic": topic(Kind.MESH, stamp.stream),
        "kind": Kind.MESH,
        "seq": stamp.seq,
        "t_publish_unix_ns": stamp.t_publish_unix_ns,
        "session": stamp.session,
        "model_id": stamp.model_id,
        "model_name": stamp.model_name,
        "axes": AXES.index("opencv"),
        "unit": UNITS.index("m"),
        "space": SPACES.index("camera"),
        "age_us": min(age_ns // 1000, 2**32 - 1),
        "frame_index": frame.index,
        "t_capture_unix_ns": stamp.t_publish_unix_ns - age_ns,
        "t_capture_monotonic_ns": frame.t_capture_ns,
        "t_stream_s": frame.t_s,
        "width": width,
        "height": height,
        "people": N,
        "vertices": V,
        "joints": bodies.joints.shape[1],
        "keypoints": bodies.keypoints.shape[1],
    }
    if camera is not None:
        K = camera.K
        fields |= zip(K_FIELDS, (K[0, 0], K[1, 1], K[0, 2], K[1, 2], K[0, 1]), strict=True)
        fields |= zip(DISTORTION_FIELDS, camera.distortion, strict=True)
    return pack_header(MESH_HEADER, MESH_HEADER.itemsize + len(payload), fields) + payload


def decode(data: bytes) -> MeshPacket | ModelPacket:
    """The message in `data`. Raises WireError in one line for anything foreign, damaged or of another version."""
    return decode_model(data) if read_kind(data) is Kind.MODEL else _decode_mesh(data)


def quantise(vertices: F32) -> tuple[F32, F32, NDArray[np.uint16]]:
    """Vertices (N, V, 3) as low (N, 3), step (N, 3) float32 and levels (N, V, 3) uint16: vertex = low + step * level.

    The error is at most half a step, 0.02 mm per axis for a body of 2 m.
    """
    N, V = vertices.shape[:2]
    if N * V == 0:
        zero = np.zeros((N, 3), np.float32)
        return zero, zero, np.zeros((N, V, 3), "<u2")
    rows, whole = _blocks(N, V)
    whole[:, :V], whole[:, V:] = vertices, vertices[:, :1]
    with np.errstate(over="ignore", invalid="ignore"):  # the caller finds what is not finite in low and step
        low = rows.min(1).reshape(N, BLOCK, 3).min(1)
        step = (rows.max(1).reshape(N, BLOCK, 3).max(1) - low) / np.float32(LEVELS)
        flat = step < np.finfo(np.float32).tiny  # its quotient would overflow
        rows -= _tile(low)
        rows *= _tile(np.where(flat, 0, 1 / np.where(flat, 1, step)))
        rows += 0.5
        levels = whole.astype("<u2")
    return low, np.where(flat, np.float32(0), step), np.ascontiguousarray(levels[:, :V])


def dequantise(low: F32, step: F32, levels: NDArray[np.uint16]) -> F32:
    """Vertices (N, V, 3) from what `quantise` returns."""
    N, V = levels.shape[:2]
    rows, whole = _blocks(N, V)
    whole[:, :V], whole[:, V:] = levels, 0
    rows *= _tile(step)
    rows += _tile(low)
    return np.ascontiguousarray(whole[:, :V])


def _blocks(N: int, V: int) -> tuple[F32, F32]:
    """Room for vertices up to the next whole block, seen as (N, blocks, BLOCK * 3) and as (N, blocks * BLOCK, 3).

    numpy is several times slower when its inner loop runs over an axis of 3.
    """
    blocks = -(-V // BLOCK)
    rows = np.empty((N, blocks, BLOCK * 3), np.float32)
    return rows, rows.reshape(N, blocks * BLOCK, 3)


def _tile(bounds: F32) -> F32:
    """(N, 3) as (N, 1, BLOCK * 3), for the rows of `_blocks`."""
    return np.tile(bounds, BLOCK)[:, None]


def _decode_mesh(data: bytes) -> MeshPacket:
    head = read_header(data, MESH_HEADER, Kind.MESH)
    N, V, J, K = head["people"], head["vertices"], head["joints"], head["keypoints"]
    if N > MAX_PEOPLE or V > MAX_VERTICES:
        raise WireError(f"mesh message of {N} people of {V} vertices: at most {MAX_PEOPLE} of {MAX_VERTICES}")
    if not np.isfinite(head["t_stream_s"]):
        raise WireError("damaged message: the stream time is not a finite number")
    arrays = ArrayReader(data, head["header_size"])
    ids = arrays.take("ids", "<i4", N)
    scores = arrays.take("scores", "<f4", N)
    translation = arrays.take("translation", "<f4", N, 3)
    joints = arrays.take("joints", "<f4", N, J, 3)
    keypoints = arrays.take("keypoints", "<f4", N, K, 3)
    low = arrays.take("low", "<f4", N, 3)
    step = arrays.take("step", "<f4", N, 3, good=lambda a: a >= 0)
    levels = arrays.take("vertices", "<u2", N, V, 3)
    arrays.close(extended=head["header_size"] > MESH_HEADER.itemsize)
    return MeshPacket(
        stream=head["stream"],
        seq=head["seq"],
        session=head["session"],
        model_id=head["model_id"],
        model_name=head["model_name"],
        axes=AXES[head["axes"]],
        unit=UNITS[head["unit"]],
        space=SPACES[head["space"]],
        frame_index=head["frame_index"],
        t_stream_s=head["t_stream_s"],
        t_capture_unix_ns=head["t_capture_unix_ns"],
        t_capture_monotonic_ns=head["t_capture_monotonic_ns"],
        t_publish_unix_ns=head["t_publish_unix_ns"],
        age_ms=head["age_us"] / 1000,
        size=(head["width"], head["height"]),
        camera=_camera(head),
        people=People(ids, scores, translation, joints, keypoints, dequantise(low, step, levels)),
    )


def _camera(head: dict[str, float]) -> Camera | None:
    fx, fy, cx, cy, skew = (head[name] for name in K_FIELDS)
    distortion = np.array([head[name] for name in DISTORTION_FIELDS])
    K = np.array([[fx, skew, cx], [0, fy, cy], [0, 0, 1]])
    if not np.isfinite(K).all() or not np.isfinite(distortion).all() or min(fx, fy) < 0:
        raise WireError("damaged message: its camera is not one")
    if fx == 0 or fy == 0:
        return None
    return Camera((int(head["width"]), int(head["height"])), K, distortion)
