"""Stream clocks: convert the timestamps of a source to strictly increasing seconds."""

from __future__ import annotations

import math

MAX_GAP_S = 60.0
HOST_BOUND_S = 5.0

_UNKNOWN_FPS = 25.0
_MIN_STEP_S = 1e-6
_LIVE_SLACK_S = 0.5
_FILE_SLACK_S = 1.0
_TYPICAL_STEPS = 3.0


class StreamClock:
    """The time `t_s` of every frame of a stream, in seconds from its first frame.

    The policy is the same for all sources:

    1. Times increase strictly. The first frame is at 0.
    2. Plausible timestamps keep their spacing, so a variable frame rate is preserved exactly. A timestamp is plausible
       if it is later than the previous frame, but not too much later.
    3. A frame without a plausible timestamp follows the previous frame after one typical step: the nominal frame
       duration in a file, the time measured by the host's clock in a live stream.
    4. If the next timestamps continue from an implausible one, the clock of the stream was set: the new offset is valid
       from then on. A single implausible timestamp does not affect later frames.

    FileClock and LiveClock define "too much later" and "one typical step". Timestamps are seconds, None (or not finite)
    if missing. `shortened` counts gaps that were too long, `restarts` the other jumps of the stream's clock.
    """

    def __init__(self, fps: float | None = None) -> None:
        """fps: nominal frames per second, None while unknown."""
        self.shortened = self.restarts = 0
        self._nominal_s = 1.0 / fps if fps is not None and math.isfinite(fps) and fps > 0 else None
        self._last_s: float | None = None
        self._steps_s = (0.0, 0.0)  # the last two steps between plausible timestamps
        self._offset_s: float | None = None  # time minus timestamp
        self._new_offset_s: float | None = None  # the same for the latest, implausible timestamp
        self._ahead = False  # whether that timestamp was too late rather than too early

    def resume(self, origin_s: float, last_s: float) -> None:
        """Go on within a stream whose first timestamp was origin_s; last_s: time of the frame before, s."""
        self._offset_s, self._last_s = -origin_s, last_s

    def restart(self) -> None:
        """Make the next timestamp independent of the previous ones: another pass or another connection."""
        self._offset_s = self._new_offset_s = None

    @property
    def _typical_step_s(self) -> float | None:
        """Typical time between two frames, None while unknown. A single long step does not change it."""
        return self._nominal_s or min(self._steps_s) or None

    def _next(self, pts_s: float | None, step_s: float, longest_s: float, confirms_s: float) -> float:
        """Return the time of the next frame.

        step_s: step if the timestamp is not used; longest_s: longest plausible step; confirms_s: longest step between
        two timestamps that confirm a new offset.
        """
        last_s = self._last_s
        if last_s is None:
            return self._anchor(pts_s, 0.0)
        stepped_s = _later(last_s, last_s + step_s)
        if pts_s is None or not math.isfinite(pts_s):
            self._last_s = stepped_s
            return stepped_s
        if self._offset_s is None:
            return self._anchor(pts_s, stepped_s)
        time_s = pts_s + self._offset_s
        if last_s + _MIN_STEP_S <= time_s <= last_s + longest_s:
            self._new_offset_s = None
            self._last_s, self._steps_s = time_s, (self._steps_s[1], time_s - last_s)
            return time_s
        if self._new_offset_s is not None:
            new_s = pts_s + self._new_offset_s
            if last_s + _MIN_STEP_S <= new_s <= last_s + confirms_s:
                self.shortened += self._ahead
                self.restarts += not self._ahead
                return self._anchor(pts_s, new_s)
        self._ahead = time_s > last_s
        self._new_offset_s = stepped_s - pts_s
        self._last_s = stepped_s
        return stepped_s

    def _anchor(self, pts_s: float | None, time_s: float) -> float:
        """Map this timestamp to this time from now on."""
        self._offset_s = time_s - pts_s if pts_s is not None and math.isfinite(pts_s) else None
        self._new_offset_s = None
        self._last_s = time_s
        return time_s


class FileClock(StreamClock):
    """The clock of a file.

    A gap of more than a minute (and more than three nominal frames) is shortened to one nominal frame. A looped file
    continues one nominal frame after its last frame.
    """

    def stamp(self, pts_s: float | None) -> float:
        """Return the time of the next frame, in seconds."""
        usual_s = self._typical_step_s or 1.0 / _UNKNOWN_FPS
        longest_s = max(MAX_GAP_S, _TYPICAL_STEPS * usual_s)
        return self._next(pts_s, usual_s, longest_s, max(_FILE_SLACK_S, _TYPICAL_STEPS * usual_s))


class LiveClock(StreamClock):
    """The clock of a live stream: timestamps give the spacing of frames, the host's clock the limits.

    A step is too long if it exceeds the step of the host's monotonic clock by half a second (and three typical steps).
    Times stay within 5 s of that clock, apart from a microsecond for each frame that arrives at the same time as the
    previous one. The first frame after restart() is at the host's time.
    """

    def __init__(self) -> None:
        super().__init__()
        self._first_ns: int | None = None
        self._host_s = 0.0

    def stamp(self, pts_s: float | None, now_ns: int) -> float:
        """Return the time in seconds of a frame that arrived at `now_ns` of the host's monotonic clock."""
        if self._first_ns is None:
            self._first_ns = now_ns
        host_s = max((now_ns - self._first_ns) / 1e9, self._host_s)
        waited_s, self._host_s = host_s - self._host_s, host_s
        last_s = self._last_s
        step_s = waited_s if self._offset_s is not None or last_s is None else max(waited_s, host_s - last_s)
        longest_s = waited_s + max(_LIVE_SLACK_S, _TYPICAL_STEPS * (self._typical_step_s or 0.0))
        time_s = self._next(pts_s, step_s, longest_s, longest_s)
        near_s = min(max(time_s, host_s - HOST_BOUND_S), host_s + HOST_BOUND_S)
        if near_s == time_s or last_s is None:
            return time_s
        return self._anchor(pts_s, _later(last_s, near_s))


def _later(last_s: float, time_s: float) -> float:
    """Return time_s, or the smallest later time than last_s."""
    return max(time_s, last_s + _MIN_STEP_S, math.nextafter(last_s, math.inf))
