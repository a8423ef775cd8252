"""Whom a bridge shows: somebody, one track, or everybody."""

from __future__ import annotations

from collections.abc import Sequence

FIRST, ALL = "first", "all"
PATIENCE_S = 1.0  # whoever was first is waited for so long before another takes the place


class Cast:
    """Picks people from frame to frame.

    wanted: "all"; the number of a track; or "first", whoever was seen first (of several the lowest id), and once that
    one has been gone for a second, the next.
    """

    def __init__(self, wanted: str) -> None:
        self._wanted = wanted
        self._shown: dict[str, set[int]] = {}
        self._first: tuple[str, int] | None = None
        self._first_seen_s = 0.0

    def frame(self, stream: str, t_s: float, ids: Sequence[int]) -> tuple[set[int], set[int]]:
        """Of the people `ids` in a frame of `stream` at `t_s` (any clock of the stream): whom to show now, and who was
        shown before and has left."""
        if self._wanted == ALL:
            now = set(ids)
        elif self._wanted == FIRST:
            now = self._with_first(stream, t_s, ids)
        else:
            now = {int(self._wanted)} & set(ids)
        left = self._shown.get(stream, set()) - now
        self._shown[stream] = now
        return now, left

    def end(self, stream: str) -> set[int]:
        """The stream has ended: who was shown of it."""
        if self._first is not None and self._first[0] == stream:
            self._first = None
        return self._shown.pop(stream, set())

    def streams(self) -> list[str]:
        """Those that had a frame and have not ended."""
        return list(self._shown)

    def _with_first(self, stream: str, t_s: float, ids: Sequence[int]) -> set[int]:
        gone = self._first is not None and self._first[0] == stream and self._first[1] not in ids
        if gone and t_s - self._first_seen_s > PATIENCE_S:
            self._first = None
        if self._first is None and len(ids) > 0:
            self._first = stream, min(ids)
        if self._first is None or self._first[0] != stream or self._first[1] not in ids:
            return set()
        self._first_seen_s = t_s
        return {self._first[1]}
