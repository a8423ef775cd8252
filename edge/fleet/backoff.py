"""Pauses before a camera is started again."""

from __future__ import annotations

import random

FIRST_S = 0.5
LONGEST_S = 60.0
GROWTH = 2.0
HEALTHY_S = 60.0  # a camera that published for longer starts with the first pause again


class Backoff:
    """Growing pauses, each shortened by a random part of up to a half, so that cameras do not start all at once."""

    def __init__(self, source: random.Random | None = None) -> None:
        self._source = source or random.Random()
        self._next_s = FIRST_S

    def pause_s(self) -> float:
        """The next pause."""
        pause_s = self._next_s * self._source.uniform(0.5, 1.0)
        self._next_s = min(LONGEST_S, self._next_s * GROWTH)
        return pause_s

    def worked(self, duration_s: float) -> None:
        """Record for how long a camera has published."""
        if duration_s >= HEALTHY_S:
            self._next_s = FIRST_S
