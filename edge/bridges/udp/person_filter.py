"""Whom a bridge shows: somebody, one track, or everybody."""

from __future__ import annotations

from collections.abc import Sequence

FIRST, ALL = "first", "all"
MISSED_S = 0.5  # whoever is missing for no longer has not left (docs/wire.md)
PATIENCE_S = 1.0  # whoever was first is waited for so long before another takes the place


class PersonFilter:
    """Picks people from frame to frame.

    wanted: "all"; the number of a track; or "first", whoever was seen first (of several the lowest id), and once that
    one has been gone for a second, the next.
    """

    def __init__(self, wanted: str) -> None:
        self._wanted = wanted
        self._seen_s: dict[str, dict[int, float]] = {}  # those who are shown, by stream: when they were seen
        self._first: tuple[str, int] | None = None
        self._first_seen_s = 0.0

    def frame(self, stream: str, t_s: float, ids: Sequence[int]) -> tuple[set[int], set[int]]:
        """Of the people `ids` in a frame of `stream` at `t_s` (any clock of the stream): whom to show now, and who was
        shown before and has left, for longer than a moment."""
        if self._wanted == ALL:
            now = set(ids)
        elif self._wanted == FIRST:
            now = self._with_first(stream, t_s, ids)
        else:
            now = {int(self._wanted)} & set(ids)
        seen_s = self._seen_s.setdefault(stream, {})
        seen_s.update(dict.fromkeys(now, t_s))
        left = {id_ for id_, last_s in seen_s.items() if t_s - last_s > MISSED_S}
        for id_ in left:
            del seen_s[id_]
        return now, left

    def end(self, stream: str) -> set[int]:
        """The stream has ended: who was shown of it."""
        if self._first is not None and self._first[0] == stream:
            self._first = None
        return set(self._seen_s.pop(stream, ()))

    def streams(self) -> list[str]:
        """Those that had a frame and have not ended."""
        return list(self._seen_s)

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
