"""Loss and reordering from the sequence numbers of a stream (docs/wire.md, "Latency and loss")."""

from __future__ import annotations


class LossCounter:
    """Counts lost frames of one stream at one level."""

    def __init__(self) -> None:
        self._newest: tuple[int, int] | None = None  # session, seq

    def step(self, session: int, seq: int) -> tuple[int, bool]:
        """For a received frame: the number of frames lost just before it, and whether a newer one came earlier."""
        if self._newest is None or self._newest[0] != session:  # the first frame, or the publisher has restarted
            self._newest = session, seq
            return 0, False
        newest_seq = self._newest[1]
        if seq <= newest_seq:
            return 0, True
        self._newest = session, seq
        return seq - newest_seq - 1, False
