"""How long packets are on their way, without a common clock."""

from __future__ import annotations

DRIFT = 1e-4  # how far two machines' clocks may drift apart, s a second
STALE_S = 0.5  # a packet this much later than the quickest has waited in a queue
RESET_S = 1.0  # packets that are all late for so long: a clock has changed, nothing is queued


class LatencyEstimator:
    """Compares a publisher's monotonic clock with this machine's.

    The quickest packet ever seen took no time, by definition; what others took longer is their delay. A backlog after
    a stall is read within a moment, so packets that stay late for longer than RESET_S mean that one clock stood still.
    """

    def __init__(self) -> None:
        self._session: int | None = None
        self._quickest_s = 0.0
        self._seen_s = 0.0
        self._late_since_s: float | None = None

    def of(self, session: int, t_publish_s: float, t_receive_s: float) -> float:
        """The delay in s of a packet, given both monotonic times; 0 for the first one of a session."""
        way_s = t_receive_s - t_publish_s
        if session != self._session:
            self._session = session
            self._restart(way_s, t_receive_s)
        self._quickest_s = min(way_s, self._quickest_s + DRIFT * (t_receive_s - self._seen_s))
        self._seen_s = t_receive_s
        late = way_s - self._quickest_s > STALE_S
        if not late:
            self._late_since_s = None
        elif self._late_since_s is None:
            self._late_since_s = t_receive_s
        elif t_receive_s - self._late_since_s > RESET_S:
            self._restart(way_s, t_receive_s)
        return way_s - self._quickest_s

    def _restart(self, way_s: float, t_receive_s: float) -> None:
        self._quickest_s, self._seen_s, self._late_since_s = way_s, t_receive_s, None
