"""Validates and decodes messages, the inverse of meshcast.protocol.encoding."""

from __future__ import annotations

from typing import Any

import numpy as np

from meshcast.errors import DamagedError, WireVersionError
from meshcast.protocol.body import INFLUENCES, BodyModel, Lod, Rig, UvMap
from meshcast.protocol.decode_extras import decode_preview, decode_stats, read_intrinsics
from meshcast.protocol.layout import (
    AXES,
    FRAME_HEADER,
    MAX_PEOPLE,
    MAX_VERTICES,
    MODEL_HEADER,
    OBSERVED,
    OBSERVED_FRAME_HEADER,
    OBSERVED_LEVELS,
    ROOM,
    ROOM_FRAME_HEADER,
    ROTATION_STEP,
    SHAPE_STEP,
    SPACES,
    STATES,
    STATUS_HEADER,
    TOPIC_PREFIXES,
    UNITS,
    ArrayReader,
    Kind,
    read_cameras,
    read_header,
    read_kind,
    read_observed,
)
from meshcast.protocol.packets import FramePacket, ModelPacket, Packet, People, StatusPacket
from meshcast.protocol.quantization import WEIGHT_LEVELS, dequantize


def decode(data: bytes) -> Packet:
    """Decode one message of the wire protocol.

    Args:
        data: The bytes of one ZeroMQ frame.

    Returns:
        A FramePacket, ModelPacket, StatusPacket, PreviewPacket or StatsPacket. Its arrays may be read-only views of
        `data`.

    Raises:
        NotMeshcastError: The bytes are not a Meshcast message.
        WireVersionError: The version, the message type or a code is unknown to this client.
        TruncatedError: The message is shorter or longer than its header says.
        DamagedError: The content is out of range or contradicts itself.
    """
    kind = read_kind(data)
    if kind is Kind.MODEL:
        return _decode_model(data)
    if kind is Kind.STATUS:
        return _decode_status(data)
    if kind is Kind.PREVIEW:
        return decode_preview(data)
    if kind is Kind.STATS:
        return decode_stats(data)
    return _decode_frame(data, kind)


def _decode_frame(data: bytes, kind: Kind) -> FramePacket:
    head = read_header(data, FRAME_HEADER, kind)
    N, V, J, K, P, B = (head[name] for name in ("people", "vertices", "joints", "keypoints", "rotations", "shapes"))
    if N > MAX_PEOPLE or V > MAX_VERTICES:
        raise DamagedError(
            f"damaged message: {N} people of {V} vertices; "
            f"the limits are {MAX_PEOPLE} people and {MAX_VERTICES} vertices"
        )
    if not np.isfinite(head["t_stream_s"]):
        raise DamagedError("damaged message: the stream time is not a finite number")
    visibilities, contacts = read_observed(data, head)
    cameras = read_cameras(data, head)
    known_header = OBSERVED_FRAME_HEADER if head["flags"] & OBSERVED else FRAME_HEADER
    if head["flags"] & ROOM:
        known_header = ROOM_FRAME_HEADER
    arrays = ArrayReader(data, head["header_size"])
    ids = arrays.take("ids", "<i4", N)
    scores = arrays.take("scores", "<f4", N)
    translation = arrays.take("translation", "<f4", N, 3)
    joints = arrays.take("joints", "<f4", N, J, 3)
    keypoints = arrays.take("keypoints", "<f4", N, K, 3)
    bounds = N if V else 0
    low = arrays.take("low", "<f4", bounds, 3)
    step = arrays.take("step", "<f4", bounds, 3, good=lambda a: a >= 0)
    levels = arrays.take("vertices", "<u2", N, V, 3)
    rotations = arrays.take("rotations", "<i2", N, P, 3)
    shape = arrays.take("shape", "<i2", N, B)
    error_mm = arrays.take("error_mm", "<f4", N if P else 0, good=lambda a: a >= 0)
    visibility = arrays.take("visibility", "u1", N, visibilities)
    contact = arrays.take("contacts", "u1", N, contacts)
    views = arrays.take("views", "u1", N, cameras)
    arrays.close(extended=head["header_size"] > known_header.itemsize)
    return FramePacket(
        stream=head["stream"],
        level=TOPIC_PREFIXES[kind],
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
        camera=read_intrinsics(head),
        people=People(
            ids=ids,
            scores=scores,
            translation=translation,
            joints=joints,
            keypoints=keypoints,
            vertices=dequantize(low, step, levels) if V else np.zeros((N, 0, 3), np.float32),
            rotvecs=rotations * np.float32(ROTATION_STEP),
            shape=shape * np.float32(SHAPE_STEP),
            error_mm=error_mm if P else np.zeros(N, np.float32),
            visibility=visibility / np.float32(OBSERVED_LEVELS) if visibilities else None,
            contacts=contact / np.float32(OBSERVED_LEVELS) if contacts else None,
            views=views != 0 if cameras else None,
        ),
    )


def _decode_model(data: bytes) -> ModelPacket:
    head = read_header(data, MODEL_HEADER, Kind.MODEL)
    V, F, P, B, T = (head[name] for name in ("vertices", "faces", "parents", "shapes", "uvs"))
    L, G, influences = head["lod_vertices"], head["lod_faces"], head["influences"]
    if V > MAX_VERTICES:
        raise DamagedError(f"damaged message: a model of {V} vertices; the limit is {MAX_VERTICES}")
    if influences not in (0, INFLUENCES):
        raise WireVersionError(
            f"unsupported number of influences: {influences} joints per vertex, not {INFLUENCES}; upgrade this client"
        )
    arrays = ArrayReader(data, head["header_size"])
    rest = arrays.take("rest_vertices", "<f4", V, 3)
    faces = arrays.take("faces", "<i4", F, 3, good=_below(V))
    # A parent comes before its children, so that a client can walk the skeleton in one pass.
    parents = arrays.take("parents", "<i4", P, good=lambda a: (a >= -1) & (a < np.arange(P)))
    joint_names, keypoint_names = _names(arrays.take("names", "u1", head["names_size"]).tobytes(), head)
    rig = _rig(arrays, V, P, B) if influences else None
    uv = None
    if T:
        uv = UvMap(arrays.take("uvs", "<f4", T, 2), arrays.take("uv_faces", "<i4", F, 3, good=_below(T)))
    lod = None
    if L:
        kept = arrays.take("lod_vertices", "<i4", L, good=lambda a: _below(V)(a) & (np.diff(a, prepend=-1) > 0))
        lod = Lod(kept, arrays.take("lod_faces", "<i4", G, 3, good=_below(L)))
    arrays.close(extended=head["header_size"] > MODEL_HEADER.itemsize)
    return ModelPacket(
        stream=head["stream"],
        seq=head["seq"],
        session=head["session"],
        t_publish_unix_ns=head["t_publish_unix_ns"],
        model_id=head["model_id"],
        axes=AXES[head["axes"]],
        unit=UNITS[head["unit"]],
        body=BodyModel(head["model_name"], faces, rest, parents, joint_names, keypoint_names, rig, uv, lod),
    )


def _rig(arrays: ArrayReader, V: int, P: int, B: int) -> Rig:
    rest_joints = arrays.take("rest_joints", "<f4", P, 3)
    joints = arrays.take("skin_joints", "u1", V, INFLUENCES, good=_below(P))
    weights = arrays.take("skin_weights", "<u2", V, INFLUENCES)
    dirs = arrays.take("shape_dirs", "<i2", V, 3, B)
    steps = arrays.take("shape_steps", "<f4", B, good=lambda a: a >= 0)
    joint_dirs = arrays.take("joint_shape_dirs", "<f4", P, 3, B)
    return Rig(rest_joints, joints, weights / np.float32(WEIGHT_LEVELS), dirs * steps, joint_dirs)


def _below(count: int) -> Any:
    return lambda a: (a >= 0) & (a < count)


def _names(blob: bytes, head: dict[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    try:
        names = blob.decode().split("\0")
    except UnicodeDecodeError:
        raise DamagedError("damaged message: the names are not UTF-8") from None
    J, K, P = head["joints"], head["keypoints"], head["parents"]
    if len(names) != J + K + 1 or names[-1] or P > J:
        raise DamagedError(f"damaged message: {len(names) - 1} names and {P} parents for {J} joints and {K} keypoints")
    return tuple(names[:J]), tuple(names[J:-1])


def _decode_status(data: bytes) -> StatusPacket:
    head = read_header(data, STATUS_HEADER, Kind.STATUS)
    if head["state"] >= len(STATES):
        raise WireVersionError(f"unsupported state code {head['state']}; upgrade this client")
    arrays = ArrayReader(data, head["header_size"])
    reason = arrays.take("reason", "u1", head["reason_size"]).tobytes()
    arrays.close(extended=head["header_size"] > STATUS_HEADER.itemsize)
    try:
        text = reason.decode()
    except UnicodeDecodeError:
        raise DamagedError("damaged message: the reason is not UTF-8") from None
    return StatusPacket(
        stream=head["stream"],
        seq=head["seq"],
        session=head["session"],
        t_publish_unix_ns=head["t_publish_unix_ns"],
        t_publish_monotonic_ns=head["t_publish_monotonic_ns"],
        model_id=head["model_id"],
        model_name=head["model_name"],
        state=STATES[head["state"]],
        next_seq=head["next_seq"],
        reason=text,
    )
