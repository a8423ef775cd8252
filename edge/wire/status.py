"""The status message: a stream's heartbeat, and its end."""

from __future__ import annotations

import time

import numpy as np

from edge.wire.model import ModelEncoder
from edge.wire.pack import pack_arrays, pack_message
from meshcast.protocol.layout import STATES, STATUS_HEADER, Kind, topic

MAX_REASON = 200  # bytes


def encode_status(
    model: ModelEncoder,
    *,
    stream: str,
    seq: int,
    session: int,
    state: str,
    next_seq: int,
    reason: str = "",
    t_publish_unix_ns: int | None = None,
    t_publish_monotonic_ns: int | None = None,
) -> bytes:
    """One status message; the publish times are now unless they are given. A long reason is cut."""
    text = reason.encode()[:MAX_REASON].decode(errors="ignore").encode()
    fields = {
        "topic": topic(Kind.STATUS, stream),
        "kind": Kind.STATUS,
        "seq": seq,
        "t_publish_unix_ns": time.time_ns() if t_publish_unix_ns is None else t_publish_unix_ns,
        "session": session,
        "model_id": model.model_id,
        "model_name": model.name,
        "state": STATES.index(state),
        "next_seq": next_seq,
        "t_publish_monotonic_ns": time.monotonic_ns() if t_publish_monotonic_ns is None else t_publish_monotonic_ns,
        "reason_size": len(text),
    }
    return pack_message(STATUS_HEADER, fields, pack_arrays(np.frombuffer(text, np.uint8)))
