"""How much of a live video is decoded: less where most decoded frames are dropped."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class DecodeLevel(IntEnum):
    """What a decoder decodes, from everything to the least; each level leaves out more."""

    ALL = 0
    REFERENCES = 1
    """Frames that other frames need: B frames of most encoders are left out, nothing of a stream without them."""
    KEYS = 2
    """Key frames only."""


class Decoding:
    """The level of one source, which its reader sets, and what its decoder knows about key frames.

    Attributes:
        level: what the decoder is asked for. From KEYS it goes back at the next key frame.
        key_interval_s: time between the last two key frames, s; None while unknown.
    """

    def __init__(self) -> None:
        self.level = DecodeLevel.ALL
        self.key_interval_s: float | None = None
        self._key_s: float | None = None

    def saw_key(self, pts_s: float) -> None:
        """A key frame arrived. pts_s: its presentation time, s."""
        if self._key_s is not None and pts_s > self._key_s:
            self.key_interval_s = pts_s - self._key_s
        self._key_s = pts_s


@dataclass(frozen=True, slots=True)
class DecodeLoadConfig:
    """When decoding is reduced and restored. All values are tuned.

    Attributes:
        window_s: time over which frames are counted, s.
        low_use: share of the decoded frames that are taken, 0..1, below which the level is raised.
        high_use: the share from which it is lowered.
        max_late_s: delay of a paced file's frames, s, above which the level is raised too.
        raise_windows: consecutive windows before it is raised.
        lower_windows: consecutive windows before it is lowered; doubled each time that this was too early.
        most_lower_windows: bound of the doubling.
        max_key_interval_s: longest time between key frames, s, at which they alone are enough.
    """

    window_s: float = 1.0
    low_use: float = 0.4
    high_use: float = 0.9
    max_late_s: float = 0.25
    raise_windows: int = 1
    lower_windows: int = 4
    most_lower_windows: int = 64
    max_key_interval_s: float = 0.3


class DecodeController:
    """Sets the level of a source from the share of its frames that are taken.

    The order of shedding: frames that no other frame needs, then everything between key frames, the latter only where
    key frames come at least as often as frames are taken.
    """

    def __init__(self, decoding: Decoding, config: DecodeLoadConfig | None = None) -> None:
        self._decoding = decoding
        self._config = config or DecodeLoadConfig()
        self._begin_s: float | None = None
        self._read = self._taken = 0
        self._low = self._high = 0
        self._late_s = 0.0
        self._patience = self._config.lower_windows
        self._lowered = False  # whether the last change lowered the level

    def update(self, now_s: float, read: int, taken: int, late_s: float = 0.0) -> None:
        """Count the frames so far.

        Args:
            now_s: monotonic time, s.
            read: frames that were decoded so far.
            taken: those of them that were not dropped.
            late_s: by which the latest frame came after its time, s; 0 for a camera.
        """
        self._late_s = max(self._late_s, late_s)
        if self._begin_s is None:
            self._begin_s, self._read, self._taken = now_s, read, taken
            return
        seconds = now_s - self._begin_s
        if seconds < self._config.window_s:
            return
        new_read, new_taken, late = read - self._read, taken - self._taken, self._late_s
        self._begin_s, self._read, self._taken, self._late_s = now_s, read, taken, 0.0
        if new_read > 0:
            self._decide(new_taken / new_read, new_taken / seconds, late > self._config.max_late_s)

    def _decide(self, use: float, taken_per_s: float, late: bool) -> None:
        config, level = self._config, self._decoding.level
        self._low = self._low + 1 if use < config.low_use or late else 0
        self._high = self._high + 1 if use >= config.high_use and not late else 0
        if self._low >= config.raise_windows and self._can_raise(level, taken_per_s):
            early = self._lowered
            self._patience = min(2 * self._patience, config.most_lower_windows) if early else config.lower_windows
            self._change(DecodeLevel(level + 1), lowered=False)
        elif self._high >= self._patience and level > DecodeLevel.ALL:
            self._change(DecodeLevel(level - 1), lowered=True)
        elif self._high >= config.most_lower_windows:
            self._lowered = False  # the load is gone

    def _can_raise(self, level: DecodeLevel, taken_per_s: float) -> bool:
        if level is not DecodeLevel.REFERENCES:
            return level is DecodeLevel.ALL
        interval_s = self._decoding.key_interval_s
        return (
            interval_s is not None and interval_s <= self._config.max_key_interval_s and taken_per_s * interval_s <= 1.0
        )

    def _change(self, level: DecodeLevel, *, lowered: bool) -> None:
        self._decoding.level, self._lowered = level, lowered
        self._low = self._high = 0
