"""Encodes the status message: the heartbeat of a stream, and its end."""

from __future__ import annotations

import numpy as np

from meshcast.protocol.layout import STATES, STATUS_HEADER, Kind, topic
from meshcast.protocol.pack import code, model_name_bytes, pack_arrays, pack_message
from meshcast.protocol.packets import StatusPacket

MAX_REASON = 200  # bytes


def encode_status(packet: StatusPacket) -> bytes:
    """The message of a StatusPacket. A reason beyond MAX_REASON bytes is cut. Raises WireError, see `encode`."""
    reason = packet.reason.encode(errors="replace")[:MAX_REASON].decode(errors="ignore").encode()
    fields = {
        "topic": topic(Kind.STATUS, packet.stream),
        "kind": Kind.STATUS,
        "seq": packet.seq,
        "t_publish_unix_ns": packet.t_publish_unix_ns,
        "session": packet.session,
        "model_id": packet.model_id,
        "model_name": model_name_bytes(packet.model_name),
        "state": code(STATES, packet.state, "state"),
        "next_seq": packet.next_seq,
        "t_publish_monotonic_ns": packet.t_publish_monotonic_ns,
        "reason_size": len(reason),
    }
    return pack_message(STATUS_HEADER, fields, pack_arrays(np.frombuffer(reason, np.uint8)))
