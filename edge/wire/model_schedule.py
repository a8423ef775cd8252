"""When a model goes out."""

from __future__ import annotations

from collections import deque

REPEAT_S = 10.0
MODELS_A_SECOND = 10


class ModelSchedule:
    """At once when somebody asks for it, and again after `repeat_s`.

    A model is a megabyte for everybody who listens to it: more than MODELS_A_SECOND are not sent, so that who asks
    again and again harms nobody.
    """

    def __init__(self, repeat_s: float = REPEAT_S) -> None:
        self.due_s = 0.0  # monotonic
        self._repeat_s = repeat_s
        self._sent_s: deque[float] = deque(maxlen=MODELS_A_SECOND)

    def ask(self) -> None:
        """Somebody has subscribed."""
        crowded = len(self._sent_s) == MODELS_A_SECOND
        self.due_s = min(self.due_s, self._sent_s[0] + 1 if crowded else 0.0)

    def sent(self, now_s: float) -> None:
        """It has gone out."""
        self._sent_s.append(now_s)
        self.due_s = now_s + self._repeat_s
