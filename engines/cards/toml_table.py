"""Reads a TOML table key by key; errors name missing, invalid and unknown keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engines.files.suggestions import did_you_mean
from engines.joint_sets import JOINT_SETS

LARGEST = 1e30  # of the numbers in a card


class Table:
    """A TOML table that is read key by key; keys that were not read are reported by finish()."""

    def __init__(self, values: dict[str, Any], where: str) -> None:
        self._values = values
        self._where = where
        self._left = set(values)
        self._asked: list[str] = []

    def names(self) -> list[str]:
        return list(self._values)

    def text(self, key: str, default: str | None = None) -> str:
        return str(self._take(key, default, lambda v: isinstance(v, str), "a text"))

    def integer(self, key: str, default: int) -> int:
        return int(self._take(key, default, lambda v: type(v) is int, "a whole number"))

    def flag(self, key: str, default: bool) -> bool:
        return bool(self._take(key, default, lambda v: isinstance(v, bool), "true or false"))

    def number(self, key: str, default: float | None = None) -> float:
        return float(self._take(key, default, _finite, "a number"))

    def texts(self, key: str) -> tuple[str, ...]:
        return tuple(self.items(key, (str,)))

    def keypoints(self, key: str) -> tuple[str, ...]:
        """A list of names, or the name of a joint set."""
        if isinstance(self._values.get(key), str):
            name = self.text(key)
            if name not in JOINT_SETS:
                raise ValueError(
                    f"{self._where}{key} {name[:80]!r} is not one of {', '.join(JOINT_SETS)}, nor a list of names"
                    f"{did_you_mean(name, JOINT_SETS)}"
                )
            return JOINT_SETS[name].joint_names
        return self.texts(key)

    def texts_by_name(self, key: str) -> tuple[tuple[str, str], ...]:
        """A table whose keys are any names and whose values are texts, none where it is missing."""
        table = self.table(key, {})
        return tuple((name, table.text(name)) for name in table.names())

    def items(self, key: str, kinds: tuple[type, ...]) -> list[Any]:
        def good(value: object) -> bool:
            return isinstance(value, list) and all(isinstance(item, kinds) and _plain(item) for item in value)

        return list(self._take(key, [], good, "a list"))

    def table(self, key: str, default: dict[str, Any] | None = None) -> Table:
        return Table(dict(self._take(key, default, lambda v: isinstance(v, dict), "a table")), f"{self._where}{key}.")

    def finish(self) -> None:
        if self._left:
            name = sorted(self._left)[0]
            raise ValueError(f"unknown entry {self._where}{name[:80]}{did_you_mean(name, self._asked)}")

    def _take(self, key: str, default: object, good: Callable[[Any], bool], wanted: str) -> Any:
        self._left.discard(key)
        self._asked.append(key)
        if key not in self._values:
            if default is None:
                raise ValueError(f"{self._where}{key} is missing")
            return default
        if not good(self._values[key]):
            raise ValueError(f"{self._where}{key} must be {wanted}")
        return self._values[key]


def _plain(value: object) -> bool:
    """Whether a number is finite, and not true or false; anything else is taken."""
    return not isinstance(value, bool) and (not isinstance(value, (int, float)) or _finite(value))


def _finite(value: object) -> bool:
    """Whether a value is a number of a size that float32 holds. TOML has infinities, and integers of any length."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < LARGEST
