"""Validates and decodes previews and stats, the inverse of meshcast.protocol.encode_extras."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from meshcast.errors import DamagedError, WireVersionError
from meshcast.protocol.layout import (
    CAMERA_ASSUMED,
    DISTORTION_FIELDS,
    ENCODINGS,
    K_FIELDS,
    LENSES,
    MAX_PREVIEW_PX,
    MAX_STATS_BYTES,
    PREVIEW_HEADER,
    STATS_HEADER,
    ArrayReader,
    Kind,
    read_header,
)
from meshcast.protocol.packets import Intrinsics, PreviewPacket, StatsPacket


def decode_preview(data: bytes) -> PreviewPacket:
    """The preview in a message that `read_kind` accepted. Raises WireError, see `decode`."""
    head = read_header(data, PREVIEW_HEADER, Kind.PREVIEW)
    for name, table in (("lens", LENSES), ("encoding", ENCODINGS)):
        if head[name] >= len(table):
            raise WireVersionError(f"unsupported {name} code {head[name]}; upgrade this client")
    size = head["preview_width"], head["preview_height"]
    if not all(0 < length <= MAX_PREVIEW_PX for length in size) or not np.isfinite(head["t_stream_s"]):
        raise DamagedError(f"damaged message: a preview of {size[0]} x {size[1]} px")
    arrays = ArrayReader(data, head["header_size"])
    content = arrays.take("preview", "u1", head["preview_size"]).tobytes()
    arrays.close(extended=head["header_size"] > PREVIEW_HEADER.itemsize)
    return PreviewPacket(
        stream=head["stream"],
        seq=head["seq"],
        session=head["session"],
        model_id=head["model_id"],
        model_name=head["model_name"],
        frame_index=head["frame_index"],
        t_stream_s=head["t_stream_s"],
        t_capture_unix_ns=head["t_capture_unix_ns"],
        t_capture_monotonic_ns=head["t_capture_monotonic_ns"],
        t_publish_unix_ns=head["t_publish_unix_ns"],
        age_ms=head["age_us"] / 1000,
        size=(head["width"], head["height"]),
        camera=read_intrinsics(head),
        lens=LENSES[head["lens"]],
        preview_size=size,
        data=content,
    )


def read_intrinsics(head: dict[str, Any]) -> Intrinsics | None:
    """The camera in the header of a frame or preview message. Raises DamagedError."""
    fx, fy, cx, cy, skew = (head[name] for name in K_FIELDS)
    distortion = np.array([head[name] for name in DISTORTION_FIELDS])
    K = np.array([[fx, skew, cx], [0, fy, cy], [0, 0, 1]])
    if not np.isfinite(K).all() or not np.isfinite(distortion).all() or min(fx, fy) < 0:
        raise DamagedError("damaged message: invalid camera intrinsics")
    if fx == 0 or fy == 0:
        return None
    return Intrinsics(K, distortion, bool(head["flags"] & CAMERA_ASSUMED))


def decode_stats(data: bytes) -> StatsPacket:
    """The stats in a message that `read_kind` accepted. Raises WireError, see `decode`."""
    head = read_header(data, STATS_HEADER, Kind.STATS)
    if head["text_size"] > MAX_STATS_BYTES:
        raise DamagedError(f"damaged message: stats of {head['text_size']} bytes")
    arrays = ArrayReader(data, head["header_size"])
    text = arrays.take("text", "u1", head["text_size"]).tobytes()
    arrays.close(extended=head["header_size"] > STATS_HEADER.itemsize)
    try:
        values = json.loads(text.decode())
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        raise DamagedError("damaged message: the stats are not a JSON object")
    return StatsPacket(
        stream=head["stream"],
        seq=head["seq"],
        session=head["session"],
        t_publish_unix_ns=head["t_publish_unix_ns"],
        t_publish_monotonic_ns=head["t_publish_monotonic_ns"],
        model_id=head["model_id"],
        model_name=head["model_name"],
        values=values,
    )
