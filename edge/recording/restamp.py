"""Messages that are sent once more, at another speed or again: with the times and the session that this makes true.

The times are those that tell a reader how late a message is; without a change it would take slow for late, and leave
frames out.
"""

from __future__ import annotations

import numpy as np

from meshcast.protocol.layout import COMMON_HEADER, FRAME_HEADER, STATUS_HEADER, Kind, read_header, read_kind

SESSIONS = 1 << 32
LATEST_NS = (1 << 63) - 1


class TimestampRewriter:
    """speed: how many times as fast the messages go out as they came; `again`: how often they have gone out before.

    The publisher's monotonic clock runs faster or slower by `speed` from the first message on. Each time again is a
    session of its own, as if the publisher had been started anew. At speed 1 and the first time, messages stay as they
    are, byte for byte. Raises WireError for a message without a whole header.
    """

    def __init__(self, speed: float = 1.0) -> None:
        self.again = 0
        self._speed = speed
        self._origin_ns: int | None = None

    def __call__(self, message: bytes) -> bytes:
        if self._speed == 1.0 and self.again == 0:
            return message
        kind = read_kind(message)
        layout = {Kind.MODEL: COMMON_HEADER, Kind.STATUS: STATUS_HEADER}.get(kind, FRAME_HEADER)
        read_header(message, layout, kind)
        changed = bytearray(message)
        head = np.frombuffer(changed, layout, 1)
        for name in ("t_publish_monotonic_ns", "t_capture_monotonic_ns"):
            if name in (layout.names or ()):
                head[name] = self._time(int(head[name][0]))
        head["session"] = (int(head["session"][0]) + self.again) % SESSIONS
        return bytes(changed)

    def _time(self, t_ns: int) -> int:
        if self._origin_ns is None:
            self._origin_ns = t_ns
        stretched = self._origin_ns + round((t_ns - self._origin_ns) / self._speed)
        return max(-LATEST_NS, min(stretched, LATEST_NS))
