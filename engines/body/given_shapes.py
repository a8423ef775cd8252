"""Shapes of people that are known: read from a file instead of estimated."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from engines.errors import MeshcastError
from engines.files.npz import read_npz
from engines.files.regular_file import read_file
from engines.files.toml_file import LARGEST, read_toml

LARGEST_ENTRY = 10.0  # standard deviations
MOST_ENTRIES = 300  # shape directions of the largest bodies
MOST_PEOPLE = 10_000


class ShapeFileError(MeshcastError):
    """A file of shapes cannot be used."""


@dataclass(frozen=True, slots=True)
class GivenShapes:
    """Shapes of a body, in standard deviations; missing entries are zero.

    Attributes:
        everybody: the shape of people without one of their own, None for none.
        people: shapes by id.
    """

    everybody: tuple[float, ...] | None = None
    people: Mapping[int, tuple[float, ...]] = field(default_factory=dict)

    def of(self, identity: int) -> tuple[float, ...] | None:
        """The shape of a person, None where it is not given."""
        return self.people.get(identity, self.everybody)

    @property
    def entries(self) -> int:
        """The largest number of entries of a shape."""
        return max(map(len, (self.everybody or (), *self.people.values())))

    @staticmethod
    def load(path: str | Path) -> GivenShapes:
        """Read a file: `.npz`, `.json`, or TOML.

        TOML and JSON have `shape`, a list of numbers, or a table `people` with such a list by id, or both. An `.npz`
        has `shape` (B,), or `ids` (N,) and `shapes` (N, B); the name `betas` stands for `shape` too.

        Raises:
            ShapeFileError: in one line, when the file cannot be read or has no valid shape.
        """
        suffix = Path(path).suffix.lower()
        table = (
            _npz(path)
            if suffix == ".npz"
            else _json(path)
            if suffix == ".json"
            else read_toml(path, "a file of shapes in TOML", ShapeFileError, pipes=True)
        )
        everybody = table.get("shape", table.get("betas"))
        people = table.get("people", {})
        if not isinstance(people, dict) or len(people) > MOST_PEOPLE:
            raise ShapeFileError(f"{path}: people must be a table of at most {MOST_PEOPLE} shapes by id")
        if everybody is None and not people:
            raise ShapeFileError(f"{path}: has no shape; give shape = [0.5, -1.0] or people with shapes by id")
        by_id = {_identity(path, key): _shape(path, f"the shape of {key}", value) for key, value in people.items()}
        return GivenShapes(None if everybody is None else _shape(path, "shape", everybody), by_id)


def _npz(path: str | Path) -> dict[str, Any]:
    arrays = read_npz(path, "a file of shapes", ShapeFileError, ("shape", "betas", "ids", "shapes"))
    table: dict[str, Any] = {name: arrays[name].tolist() for name in ("shape", "betas") if name in arrays}
    if "ids" in arrays and "shapes" in arrays:
        ids, shapes = arrays["ids"], arrays["shapes"]
        if ids.ndim != 1 or shapes.ndim != 2 or len(ids) != len(shapes):
            raise ShapeFileError(f"{path}: ids must be (N,) and shapes (N, B), not {ids.shape} and {shapes.shape}")
        table["people"] = dict(zip(map(str, ids.tolist()), shapes.tolist(), strict=True))
    return table


def _json(path: str | Path) -> dict[str, Any]:
    data = read_file(path, ShapeFileError, limit_bytes=LARGEST, pipes=True)
    try:
        table = json.loads(data)
    except (ValueError, RecursionError):
        raise ShapeFileError(f"{path}: not JSON; give an object with shape or people") from None
    if not isinstance(table, dict):
        raise ShapeFileError(f"{path}: must be an object with shape or people")
    return table


def _identity(path: str | Path, key: str) -> int:
    if not key.isdecimal() or len(key) > 9:
        raise ShapeFileError(f"{path}: people has the key {key[:20]!r}; keys are ids, whole numbers")
    return int(key)


def _shape(path: str | Path, name: str, value: Any) -> tuple[float, ...]:
    try:
        entries = np.asarray(value, np.float64)
    except (TypeError, ValueError, OverflowError):
        entries = np.empty((0, 0))
    if entries.ndim != 1 or not 1 <= len(entries) <= MOST_ENTRIES:
        raise ShapeFileError(f"{path}: {name} must be a list of 1 to {MOST_ENTRIES} numbers")
    if not (np.abs(entries) <= LARGEST_ENTRY).all():
        raise ShapeFileError(f"{path}: {name} has an entry beyond {LARGEST_ENTRY:g} standard deviations or NaN")
    return tuple(entries.tolist())
