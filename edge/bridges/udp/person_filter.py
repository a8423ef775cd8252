"""Selects which people a bridge outputs."""

from __future__ import annotations

from collections.abc import Sequence

FIRST, ALL = "first", "all"
HOLD_S = 0.5  # a person missing for less than this is still considered present (docs/wire.md)
REPLACE_S = 1.0  # time without the first person before another one takes its place


class PersonFilter:
    """Selects people frame by frame.

    wanted: "all", a track id, or "first": the person seen first (the lowest id of several) and, once that person has
    been missing for a second, the next one.
    """

    def __init__(self, wanted: str) -> None:
        self._wanted = wanted
        self._seen_s: dict[str, dict[int, float]] = {}  # stream -> id -> time last seen, of the selected people
        self._first: tuple[str, int] | None = None
        self._first_last_seen_s = 0.0

    def update(self, stream: str, t_s: float, ids: Sequence[int]) -> tuple[set[int], set[int]]:
        """Process the ids in a frame of `stream` at `t_s` (any clock of the stream). Returns the ids to output, and the
        ids that were output before and have been missing for longer than HOLD_S."""
        if self._wanted == ALL:
            now = set(ids)
        elif self._wanted == FIRST:
            now = self._with_first(stream, t_s, ids)
        else:
            now = {int(self._wanted)} & set(ids)
        seen_s = self._seen_s.setdefault(stream, {})
        seen_s.update(dict.fromkeys(now, t_s))
        left = {id_ for id_, last_s in seen_s.items() if t_s - last_s > HOLD_S}
        for id_ in left:
            del seen_s[id_]
        return now, left

    def end(self, stream: str) -> set[int]:
        """End a stream. Returns the ids that were output."""
        if self._first is not None and self._first[0] == stream:
            self._first = None
        return set(self._seen_s.pop(stream, ()))

    def streams(self) -> list[str]:
        """Return the streams that had a frame and have not ended."""
        return list(self._seen_s)

    def _with_first(self, stream: str, t_s: float, ids: Sequence[int]) -> set[int]:
        gone = self._first is not None and self._first[0] == stream and self._first[1] not in ids
        if gone and t_s - self._first_last_seen_s > REPLACE_S:
            self._first = None
        if self._first is None and len(ids) > 0:
            self._first = stream, min(ids)
        if self._first is None or self._first[0] != stream or self._first[1] not in ids:
            return set()
        self._first_last_seen_s = t_s
        return {self._first[1]}
