"""How much of a live video is decoded: less where most decoded frames are dropped."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum


class DecodeLevel(IntEnum):
    """What a decoder decodes, from everything to the least; each level leaves out more."""

    ALL = 0
    REFERENCES = 1
    """Frames that other frames need: B frames of most encoders are left out, nothing of a stream without them."""
    PARTS = 2
    """The same, of the first part of the time between two key frames; the rest is left out."""
    KEYS = 3
    """Key frames only."""


class Decoding:
    """The level of one source, which its reader sets, and what its decoder knows about key frames.

    Attributes:
        level: what the decoder is asked for. Frames that were left out between key frames end at the next one.
        part_s: time after a key frame that is decoded at level PARTS, s.
        key_interval_s: time between the last two key frames, s; None while unknown.
    """

    def __init__(self) -> None:
        self.level = DecodeLevel.ALL
        self.part_s = math.inf
        self.key_interval_s: float | None = None
        self._key_s: float | None = None
        self._latest_s = -math.inf

    def saw(self, pts_s: float, *, key: bool) -> None:
        """A packet arrived. pts_s: its presentation time, s, which starts again where a file is repeated."""
        if key:
            if self._key_s is not None:
                interval_s = (pts_s if pts_s > self._key_s else self._latest_s) - self._key_s
                self.key_interval_s = interval_s if interval_s > 0 else self.key_interval_s
            self._key_s = self._latest_s = pts_s
        self._latest_s = max(self._latest_s, pts_s)

    def now(self, pts_s: float | None) -> DecodeLevel:
        """The level at a presentation time, where PARTS is REFERENCES or KEYS."""
        if self.level is not DecodeLevel.PARTS:
            return self.level
        over = pts_s is not None and self._key_s is not None and pts_s - self._key_s > self.part_s
        return DecodeLevel.KEYS if over else DecodeLevel.REFERENCES


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
        part_use: share of the decoded frames that are taken, below which a part between key frames is left out; from
            four times this share on, it is decoded again.
        max_pause_s: longest time that is left out, s.
        min_part: share of the time between key frames, 0..1, that is decoded at least.
        max_part: share above which leaving out the rest is not worth the pause.
    """

    window_s: float = 1.0
    low_use: float = 0.4
    high_use: float = 0.9
    max_late_s: float = 0.25
    raise_windows: int = 1
    lower_windows: int = 4
    most_lower_windows: int = 64
    max_key_interval_s: float = 0.3
    part_use: float = 0.1
    max_pause_s: float = 1.0
    min_part: float = 0.4
    max_part: float = 0.8


class DecodeController:
    """Sets the level of a source from the share of its frames that are taken.

    The order of shedding: frames that no other frame needs; then everything between key frames where these come at
    least as often as frames are taken; else, where nine of ten decoded frames are dropped, the last part of the time
    between key frames: the frames that can be taken then come closer together, and later ones not at all.
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
        high_use = 4 * config.part_use if level is DecodeLevel.PARTS else config.high_use
        self._low = self._low + 1 if use < config.low_use or late else 0
        self._high = self._high + 1 if use >= high_use and not late else 0
        higher = self._higher(level, use, taken_per_s, late)
        if self._low >= config.raise_windows and higher is not None:
            early = self._lowered
            self._patience = min(2 * self._patience, config.most_lower_windows) if early else config.lower_windows
            self._change(higher, lowered=False)
        elif self._high >= self._patience and level > DecodeLevel.ALL:
            self._change(DecodeLevel.ALL if level is DecodeLevel.REFERENCES else DecodeLevel.REFERENCES, lowered=True)
        elif self._high >= config.most_lower_windows:
            self._lowered = False  # the load is gone

    def _higher(self, level: DecodeLevel, use: float, taken_per_s: float, late: bool) -> DecodeLevel | None:
        """The level at which less is decoded, None where there is none that is enough for the reader."""
        config, interval_s = self._config, self._decoding.key_interval_s
        if level is DecodeLevel.ALL:
            return DecodeLevel.REFERENCES
        if level is DecodeLevel.KEYS or interval_s is None:
            return None
        if interval_s <= config.max_key_interval_s and taken_per_s * interval_s <= 1.0:
            return DecodeLevel.KEYS
        part = max(config.min_part, 1 - config.max_pause_s / interval_s)
        if level is DecodeLevel.REFERENCES and part <= config.max_part and (use < config.part_use or late):
            self._decoding.part_s = part * interval_s
            return DecodeLevel.PARTS
        return None

    def _change(self, level: DecodeLevel, *, lowered: bool) -> None:
        self._decoding.level, self._lowered = level, lowered
        self._low = self._high = 0
