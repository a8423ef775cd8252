"""The stream's own clock: presentation times into seconds from the first frame that never decrease."""

from __future__ import annotations

_UNKNOWN_FPS = 25.0
_MAX_LEAD_S = 5.0


class FileClock:
    """Seconds of a file's frames. A file that is played again goes on one frame after the last one."""

    def __init__(self, fps: float | None) -> None:
        self._step_s = 1.0 / (fps or _UNKNOWN_FPS)
        self._last_s: float | None = None
        self._offset_s: float | None = None

    def stamp(self, pts_s: float | None) -> float:
        """The time of the next frame; one nominal frame after the last one where the file does not say."""
        next_s = 0.0 if self._last_s is None else self._last_s + self._step_s
        if pts_s is not None:
            if self._offset_s is None:
                self._offset_s = next_s - pts_s
            next_s = max(pts_s + self._offset_s, self._last_s or 0.0)
        self._last_s = next_s
        return next_s

    def restart(self) -> None:
        """The next frame is the first one of another pass over the file."""
        self._offset_s = None


class LiveClock:
    """Seconds of a live stream's frames: the stream's time stamps, tied to the host's clock at every connection.

    Stamps that are more than 5 s away from the host's clock (a sender that started again, a wrapped counter) tie it
    anew.
    """

    def __init__(self) -> None:
        self._first_ns: int | None = None
        self._last_s = 0.0
        self._offset_s: float | None = None

    def stamp(self, pts_s: float | None, now_ns: int) -> float:
        """The time of a frame with that presentation time, which arrived at that host monotonic time."""
        if self._first_ns is None:
            self._first_ns = now_ns
        host_s = (now_ns - self._first_ns) / 1e9
        time_s = host_s
        if pts_s is not None:
            if self._offset_s is None or abs(pts_s + self._offset_s - host_s) > _MAX_LEAD_S:
                self._offset_s = host_s - pts_s
            time_s = pts_s + self._offset_s
        self._last_s = max(time_s, self._last_s)
        return self._last_s

    def restart(self) -> None:
        """The next frame is the first one of another connection."""
        self._offset_s = None
