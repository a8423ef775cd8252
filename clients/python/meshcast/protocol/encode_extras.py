"""Encodes what publishers send besides the bodies: previews of the camera's images, and how the pipeline performs."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from meshcast.errors import WireError
from meshcast.protocol.encode_frame import camera_fields
from meshcast.protocol.layout import (
    ENCODINGS,
    LENSES,
    MAX_AGE_US,
    MAX_PREVIEW_PX,
    MAX_STATS_BYTES,
    PREVIEW_HEADER,
    STATS_HEADER,
    Kind,
    topic,
)
from meshcast.protocol.pack import code, model_name_bytes, pack_arrays, pack_message
from meshcast.protocol.packets import PreviewPacket, StatsPacket


def encode_preview(packet: PreviewPacket) -> bytes:
    """The message of a PreviewPacket. Raises WireError, see `encode`."""
    if not all(0 < length <= MAX_PREVIEW_PX for length in packet.preview_size):
        raise WireError(f"preview of {packet.preview_size} px: use 1 to {MAX_PREVIEW_PX} px")
    if not packet.age_ms >= 0:
        raise WireError(f"age_ms {packet.age_ms}: must not be negative")
    fields: dict[str, Any] = {
        "topic": topic(Kind.PREVIEW, packet.stream),
        "kind": Kind.PREVIEW,
        "seq": packet.seq,
        "t_publish_unix_ns": packet.t_publish_unix_ns,
        "session": packet.session,
        "model_id": packet.model_id,
        "model_name": model_name_bytes(packet.model_name),
        "age_us": min(round(packet.age_ms * 1000), MAX_AGE_US),
        "frame_index": packet.frame_index,
        "t_capture_unix_ns": packet.t_capture_unix_ns,
        "t_capture_monotonic_ns": packet.t_capture_monotonic_ns,
        "t_stream_s": packet.t_stream_s,
        "width": packet.size[0],
        "height": packet.size[1],
        "preview_width": packet.preview_size[0],
        "preview_height": packet.preview_size[1],
        "lens": code(LENSES, packet.lens, "lens"),
        "encoding": ENCODINGS.index("jpeg"),
        "preview_size": len(packet.data),
    }
    if packet.camera is not None:
        fields |= camera_fields(packet.camera, packet.frame_index)
    return pack_message(PREVIEW_HEADER, fields, pack_arrays(np.frombuffer(packet.data, np.uint8)))


def encode_stats(packet: StatsPacket) -> bytes:
    """The message of a StatsPacket. Raises WireError, see `encode`."""
    try:
        text = json.dumps(packet.values, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError) as error:
        raise WireError(f"stats of {packet.stream}: {error}") from None
    if len(text) > MAX_STATS_BYTES:
        raise WireError(f"stats of {packet.stream}: {len(text)} bytes; the limit is {MAX_STATS_BYTES}")
    fields = {
        "topic": topic(Kind.STATS, packet.stream),
        "kind": Kind.STATS,
        "seq": packet.seq,
        "t_publish_unix_ns": packet.t_publish_unix_ns,
        "session": packet.session,
        "model_id": packet.model_id,
        "model_name": model_name_bytes(packet.model_name),
        "text_size": len(text),
        "t_publish_monotonic_ns": packet.t_publish_monotonic_ns,
    }
    return pack_message(STATS_HEADER, fields, pack_arrays(np.frombuffer(text, np.uint8)))
