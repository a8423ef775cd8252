"""What the sequence numbers of a stream tell (docs/wire.md, "Being on time")."""

from __future__ import annotations


class LossCounter:
    """Follows the frames of one stream at one level."""

    def __init__(self) -> None:
        self._newest: tuple[int, int] | None = None  # session, seq

    def step(self, session: int, seq: int) -> tuple[int, bool]:
        """Of a frame that came: how many were lost just before it, and whether a newer one has overtaken it."""
        if self._newest is None or self._newest[0] != session:  # the first one, or the publisher has started anew
            self._newest = session, seq
            return 0, False
        newest_seq = self._newest[1]
        if seq <= newest_seq:
            return 0, True
        self._newest = session, seq
        return seq - newest_seq - 1, False
