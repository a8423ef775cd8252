"""The rate at which a proxy sends requests to a publisher."""

from __future__ import annotations

from edge.wire.peers import Limits

SHARE = 0.5  # of what a publisher grants a peer; the rest is for the handshake and for repeated requests


class RequestBudget:
    """A token bucket of bytes, full at the start."""

    def __init__(self, limits: Limits | None = None) -> None:
        """limits: of the publisher."""
        limits = limits or Limits()
        self._burst = limits.sent_bytes * SHARE
        self._per_s = limits.sent_bytes_per_s * SHARE
        self._level = self._burst
        self._updated_s = 0.0

    def take(self, size: int, now_s: float) -> bool:
        """Take `size` bytes out; False, and nothing taken, if there are fewer."""
        self._level = min(self._burst, self._level + max(0.0, now_s - self._updated_s) * self._per_s)
        self._updated_s = now_s
        if self._level < size:
            return False
        self._level -= size
        return True

    def ready_s(self, size: int, now_s: float) -> float:
        """The time at which `size` bytes can be taken."""
        return now_s + max(0.0, size - self._level) / self._per_s
