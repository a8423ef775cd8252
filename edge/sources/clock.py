"""What time is: timestamps of a stream, as its source gives them, become seconds that rise from frame to frame."""

from __future__ import annotations

import math

LONGEST_GAP_S = 60.0
HOST_BOUND_S = 5.0

_UNKNOWN_FPS = 25.0
_LEAST_STEP_S = 1e-6
_LIVE_SLACK_S = 0.5
_FILE_SLACK_S = 1.0
_USUAL_STEPS = 3.0


class StreamClock:
    """The time `t_s` of every frame of a stream, in seconds from its first frame.

    The policy is the same for all sources:

    1. Times rise strictly. The first frame is at 0.
    2. While timestamps are plausible, the times are as far apart as the timestamps, so that a variable frame rate is
       kept exactly. A timestamp is plausible when it is later than the frame before, and not too much later.
    3. A frame without a plausible timestamp comes one usual step after the frame before: one nominal frame in a file,
       the time that the host's clock measured in a live stream.
    4. When the timestamps that follow go on from one that was not plausible, the stream's clock was set: from then on
       the new count is valid. A single implausible timestamp has no effect on the frames after it.

    FileClock and LiveClock define "too much later" and "one usual step". Timestamps are seconds, and None (or a number
    that is not finite) where there is none. `shortened` counts the gaps that were too long, `restarts` the other
    changes of the stream's clock.
    """

    def __init__(self, fps: float | None = None) -> None:
        """fps: nominal frames per second, None while unknown."""
        self.shortened = self.restarts = 0
        self._nominal_s = 1.0 / fps if fps is not None and math.isfinite(fps) and fps > 0 else None
        self._last_s: float | None = None
        self._steps_s = (0.0, 0.0)  # the last two between plausible timestamps
        self._offset_s: float | None = None  # from timestamps to times
        self._new_offset_s: float | None = None  # the same by the latest timestamp, which was not plausible
        self._ahead = False  # that one was too late, rather than too early

    def restart(self) -> None:
        """The next frame's timestamp is independent of those before: another pass or another connection."""
        self._offset_s = self._new_offset_s = None

    @property
    def _usual_s(self) -> float | None:
        """What lies between two frames, None while unknown. A single long step does not change it."""
        return self._nominal_s or min(self._steps_s) or None

    def _next(self, pts_s: float | None, step_s: float, longest_s: float, confirms_s: float) -> float:
        """The next frame's time.

        step_s: the step where the timestamp is not used; longest_s: the longest plausible one; confirms_s: the longest
        one between two timestamps by which a new count is valid.
        """
        last_s = self._last_s
        if last_s is None:
            return self._settle(pts_s, 0.0)
        stepped_s = _later(last_s, last_s + step_s)
        if pts_s is None or not math.isfinite(pts_s):
            self._last_s = stepped_s
            return stepped_s
        if self._offset_s is None:
            return self._settle(pts_s, stepped_s)
        time_s = pts_s + self._offset_s
        if last_s + _LEAST_STEP_S <= time_s <= last_s + longest_s:
            self._new_offset_s = None
            self._last_s, self._steps_s = time_s, (self._steps_s[1], time_s - last_s)
            return time_s
        if self._new_offset_s is not None:
            new_s = pts_s + self._new_offset_s
            if last_s + _LEAST_STEP_S <= new_s <= last_s + confirms_s:
                self.shortened += self._ahead
                self.restarts += not self._ahead
                return self._settle(pts_s, new_s)
        self._ahead = time_s > last_s
        self._new_offset_s = stepped_s - pts_s
        self._last_s = stepped_s
        return stepped_s

    def _settle(self, pts_s: float | None, time_s: float) -> float:
        """Tie this timestamp to this time."""
        self._offset_s = time_s - pts_s if pts_s is not None and math.isfinite(pts_s) else None
        self._new_offset_s = None
        self._last_s = time_s
        return time_s


class FileClock(StreamClock):
    """The clock of a file.

    More than a minute (and more than three nominal frames) between two frames is too much: it becomes one nominal
    frame. A file that is played again goes on one nominal frame after the last one.
    """

    def stamp(self, pts_s: float | None) -> float:
        """The time of the next frame."""
        usual_s = self._usual_s or 1.0 / _UNKNOWN_FPS
        longest_s = max(LONGEST_GAP_S, _USUAL_STEPS * usual_s)
        return self._next(pts_s, usual_s, longest_s, max(_FILE_SLACK_S, _USUAL_STEPS * usual_s))


class LiveClock(StreamClock):
    """The clock of a live stream: timestamps say how far frames are apart, the host's clock what is plausible.

    Half a second (and three usual steps) more than the host's monotonic clock measured between two frames is too
    much. Times stay within 5 s of that clock, apart from a microsecond for each frame that arrives at the same moment
    as the one before. The first frame after restart() is at the host's time.
    """

    def __init__(self) -> None:
        super().__init__()
        self._first_ns: int | None = None
        self._host_s = 0.0

    def stamp(self, pts_s: float | None, now_ns: int) -> float:
        """The time of a frame that arrived at that time of the host's monotonic clock."""
        if self._first_ns is None:
            self._first_ns = now_ns
        host_s = max((now_ns - self._first_ns) / 1e9, self._host_s)
        waited_s, self._host_s = host_s - self._host_s, host_s
        last_s = self._last_s
        step_s = waited_s if self._offset_s is not None or last_s is None else max(waited_s, host_s - last_s)
        longest_s = waited_s + max(_LIVE_SLACK_S, _USUAL_STEPS * (self._usual_s or 0.0))
        time_s = self._next(pts_s, step_s, longest_s, longest_s)
        near_s = min(max(time_s, host_s - HOST_BOUND_S), host_s + HOST_BOUND_S)
        if near_s == time_s or last_s is None:
            return time_s
        return self._settle(pts_s, _later(last_s, near_s))


def _later(last_s: float, time_s: float) -> float:
    """time_s, but later than last_s."""
    return max(time_s, last_s + _LEAST_STEP_S, math.nextafter(last_s, math.inf))
