"""The schedule of model messages."""

from __future__ import annotations

from collections import deque

REPEAT_S = 10.0
MODELS_A_SECOND = 10


class ModelSchedule:
    """A model is due immediately after a subscription to it, and again after `repeat_s`.

    Rate limit: at most MODELS_A_SECOND, so that repeated subscriptions cannot flood the link. A model is a megabyte for
    each of its subscribers.
    """

    def __init__(self, repeat_s: float = REPEAT_S) -> None:
        self.due_s = 0.0  # monotonic
        self._repeat_s = repeat_s
        self._sent_s: deque[float] = deque(maxlen=MODELS_A_SECOND)

    def ask(self) -> None:
        """Record a new subscription."""
        crowded = len(self._sent_s) == MODELS_A_SECOND
        self.due_s = min(self.due_s, self._sent_s[0] + 1 if crowded else 0.0)

    def sent(self, now_s: float) -> None:
        """Record that the model was sent."""
        self._sent_s.append(now_s)
        self.due_s = now_s + self._repeat_s
