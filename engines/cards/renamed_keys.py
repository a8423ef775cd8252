"""Renamed keys of model cards; cards with the old spelling are still read."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from engines.errors import MeshcastError, ModelError
from engines.files.toml_file import read_toml

RENAMED = {"licence": "license", "licence_files": "license_files"}
RENAMED_INPUT = {"colour": "color"}

log = logging.getLogger("meshcast.engines")


def read_card_table(path: Path, error: type[MeshcastError] = ModelError) -> dict[str, Any]:
    """The table of a card's TOML file with today's keys; a warning names the old ones that it holds.

    Raises:
        MeshcastError: `error`, where the file cannot be read, is no TOML, or has a key in both spellings.
    """
    table: dict[str, Any] = read_toml(path, "a model card", error)
    table, old = renamed(table, path)
    if old:
        log.warning("%s: %s; the old spelling is read for one more release", path, ", ".join(old))
    return table


def renamed(table: dict[str, Any], path: Path) -> tuple[dict[str, Any], list[str]]:
    """The table with today's keys, and what was renamed ("colour is color now"). Raises ModelError for both at once."""
    table, old = _renamed(table, RENAMED, path)
    if isinstance(table.get("input"), dict):
        table["input"], more = _renamed(table["input"], RENAMED_INPUT, path)
        old += [f"input.{line}" for line in more]
    decode = table.get("decode")
    if isinstance(decode, dict) and decode.get("fit") == "centre":
        table["decode"] = decode | {"fit": "center"}
        old.append('decode.fit "centre" is "center" now')
    return table, old


def _renamed(table: dict[str, Any], names: dict[str, str], path: Path) -> tuple[dict[str, Any], list[str]]:
    both = [old for old, new in names.items() if old in table and new in table]
    if both:
        raise ModelError(f"{path}: has both {both[0]} and {names[both[0]]}; keep {names[both[0]]}")
    old = [f"{key} is {names[key]} now" for key in table if key in names]
    return {names.get(key, key): value for key, value in table.items()}, old
