"""Rewrites timestamps and sessions of messages that are replayed at another speed or in a loop.

Clients estimate their latency from these timestamps; without the change they would mistake slow motion for latency and
drop frames.
"""

from __future__ import annotations

import numpy as np

from meshcast.protocol.layout import (
    COMMON_HEADER,
    FRAME_HEADER,
    STATS_HEADER,
    STATUS_HEADER,
    Kind,
    read_header,
    read_kind,
)

SESSIONS = 1 << 32
LATEST_NS = (1 << 63) - 1


class TimestampRewriter:
    """Rewrites messages for a replay at `speed`, in pass number `loop_index` (0 is the first).

    The publisher's monotonic clock runs faster or slower by `speed` from the first message on. Each further pass is a
    new session, as if the publisher had been restarted. At speed 1 messages of the first pass stay unchanged, byte for
    byte. Raises WireError for a message without a complete header.
    """

    def __init__(self, speed: float = 1.0) -> None:
        self.loop_index = 0
        self._speed = speed
        self._origin_ns: int | None = None

    def __call__(self, message: bytes) -> bytes:
        if self._speed == 1.0 and self.loop_index == 0:
            return message
        kind = read_kind(message)
        layout = {Kind.MODEL: COMMON_HEADER, Kind.STATUS: STATUS_HEADER, Kind.STATS: STATS_HEADER}.get(
            kind, FRAME_HEADER
        )
        read_header(message, layout, kind)
        changed = bytearray(message)
        head = np.frombuffer(changed, layout, 1)
        for name in ("t_publish_monotonic_ns", "t_capture_monotonic_ns"):
            if name in (layout.names or ()):
                head[name] = self._time(int(head[name][0]))
        head["session"] = (int(head["session"][0]) + self.loop_index) % SESSIONS
        return bytes(changed)

    def _time(self, t_ns: int) -> int:
        if self._origin_ns is None:
            self._origin_ns = t_ns
        stretched = self._origin_ns + round((t_ns - self._origin_ns) / self._speed)
        return max(-LATEST_NS, min(stretched, LATEST_NS))
