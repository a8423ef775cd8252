"""One-way latency relative to the fastest packet, without synchronized clocks."""

from __future__ import annotations

DRIFT = 1e-4  # how far two machines' clocks may drift apart, s a second
STALE_S = 0.5  # a packet this much later than the fastest one has waited in a queue
RESET_S = 1.0  # packets that stay late for longer: a clock was suspended, nothing is queued


class LatencyEstimator:
    """Compares a publisher's monotonic clock with this machine's.

    The fastest packet defines a delay of 0; the delay of others is the excess over it. A client reads a backlog after
    a stall quickly, so packets that stay late for longer than RESET_S mean that one of the clocks was suspended.
    """

    def __init__(self) -> None:
        self._session: int | None = None
        self._fastest_s = 0.0
        self._seen_s = 0.0
        self._late_since_s: float | None = None

    def of(self, session: int, t_publish_s: float, t_receive_s: float) -> float:
        """The delay of a packet in s, from both monotonic times; 0 for the first packet of a session."""
        elapsed_s = t_receive_s - t_publish_s
        if session != self._session:
            self._session = session
            self._restart(elapsed_s, t_receive_s)
        self._fastest_s = min(elapsed_s, self._fastest_s + DRIFT * (t_receive_s - self._seen_s))
        self._seen_s = t_receive_s
        late = elapsed_s - self._fastest_s > STALE_S
        if not late:
            self._late_since_s = None
        elif self._late_since_s is None:
            self._late_since_s = t_receive_s
        elif t_receive_s - self._late_since_s > RESET_S:
            self._restart(elapsed_s, t_receive_s)
        return elapsed_s - self._fastest_s

    def _restart(self, elapsed_s: float, t_receive_s: float) -> None:
        self._fastest_s, self._seen_s, self._late_since_s = elapsed_s, t_receive_s, None
