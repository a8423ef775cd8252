"""Reads meshcast.toml: the values of its keys as the command line would have set them, or what is wrong with them."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.cli.config_keys import MODEL_FILES, SOURCE, TABLES, URI, Actions, Key, keys
from edge.cli.options import FloatRange, IntegerRange
from edge.cli.zones import DEST, zones_of
from edge.errors import ConfigError
from edge.redaction import redact_text
from edge.sources.uri import relative_to
from engines.files.suggestions import did_you_mean
from engines.files.toml_file import one_line, read_toml

REFERENCE = "docs/reference/configuration.md"
MAX_NUMBER = 1e300  # not infinite, and a whole number that a float can hold
LONGEST_SHOWN = 1000  # characters of a value that are searched for passwords before it is shortened
LONGEST = 60  # characters of a value or key that a message repeats

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """The content of a configuration file.

    Attributes:
        path: of the file.
        values: for all sources, by attribute of the parsed command line.
        sources: the same of each [[source]].
        problems: of the file, one line each; the keys that have one are left out of the values.
    """

    path: Path
    values: Values
    sources: tuple[Values, ...]
    problems: tuple[str, ...]


def read_config(path: Path, actions: Actions) -> ConfigFile:
    """Read a configuration file.

    Args:
        path: of the file; paths in it are relative to its folder.
        actions: the options of `meshcast run`, which know types and ranges.

    Raises:
        ConfigError: the file cannot be read or is not TOML.
    """
    return parse_config(path, read_toml(path, "a configuration file", ConfigError), actions)


def parse_config(path: Path, content: Mapping[str, Any], actions: Actions) -> ConfigFile:
    """The content of a configuration file, from its tables."""
    reader = _Reader(path, actions)
    values: dict[str, Any] = {}
    sources: list[Values] = []
    for name, table in content.items():
        if name == SOURCE:
            sources = reader.sources(table)
        elif name not in TABLES:
            reader.unknown(name, name, tuple(TABLES), "table" if isinstance(table, dict | list) else "key")
        elif not isinstance(table, dict):
            reader.problem(name, f"is not a table; write [{name}] on a line of its own")
        else:
            values.update(reader.values(name, table, TABLES[name]))
    return ConfigFile(path, values, tuple(sources), tuple(reader.problems))


class _Reader:
    """Collects the values and the problems of a file."""

    def __init__(self, path: Path, actions: Actions) -> None:
        self.problems: list[str] = []
        self._path = path
        self._folder = path.absolute().parent
        self._actions = actions

    def sources(self, tables: object) -> list[Values]:
        """The values of the [[source]] tables."""
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            self.problem(SOURCE, f"is not a list of tables; write [[{SOURCE}]] above each source")
            return []
        found: list[Values] = []
        for number, table in enumerate(tables, 1):
            subject = f"{SOURCE}[{number}]"
            if "uri" not in table:
                self.problem(f"{subject}.uri", 'missing; add uri = "..."')
            found.append(self.values(subject, table, TABLES[SOURCE]))
        return found

    def values(self, subject: str, table: Mapping[str, object], known: tuple[Key, ...]) -> dict[str, Any]:
        """The valid values of a table."""
        by_name = {key.name: key for key in known}
        found: dict[str, Any] = {}
        for name, value in table.items():
            key = by_name.get(name)
            if key is None:
                self.unknown(f"{subject}.{name}", name, tuple(by_name), "key")
                continue
            try:
                found[key.dest] = convert(self._actions[key.dest], value, self._folder)
            except ValueError as error:
                self.problem(f"{subject}.{name}", str(error))
        return found

    def problem(self, subject: str, text: str) -> None:
        self.problems.append(f"{self._path}: {one_line(subject, 2 * LONGEST)}: {text}")

    def unknown(self, subject: str, name: str, known: tuple[str, ...], kind: str) -> None:
        elsewhere = [table for table, key in keys() if key.name == name]
        if elsewhere:
            tables = " or ".join(f"[[{table}]]" if table == SOURCE else f"[{table}]" for table in elsewhere)
            self.problem(subject, f"no such {kind} here; it belongs in {tables}")
        else:
            self.problem(subject, f"no such {kind}{did_you_mean(name, known)}; see {REFERENCE}")


def convert(action: argparse.Action, value: object, folder: Path) -> Any:
    """The value of an option, from the value of its key.

    Args:
        action: the option.
        value: from the file.
        folder: where relative paths start.

    Raises:
        ValueError: the value has the wrong type, or is out of range.
    """
    if action.dest == DEST:
        return zones_of(value)
    converted = _converted(action, value, folder)
    return [converted] if isinstance(action, argparse._AppendAction) else converted


def _converted(action: argparse.Action, value: object, folder: Path) -> Any:
    shown = one_line(redact_text(repr(value)[:LONGEST_SHOWN]), LONGEST)
    if action.nargs == 0:
        if not isinstance(value, bool):
            raise ValueError(f"{shown} is neither true nor false")
        return value
    if action.type is int or isinstance(action.type, IntegerRange):
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError(f"{shown} is not a whole number")
        return _parsed(action, str(value), shown)
    if action.type is float or isinstance(action.type, FloatRange):
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < MAX_NUMBER:
            raise ValueError(f"{shown} is not a number")
        return _parsed(action, repr(value), shown)
    if not isinstance(value, str):
        raise ValueError(f"{shown} is not a string; write it in quotes")
    if not value.strip() or any(ord(letter) < 32 or letter == "\x7f" for letter in value):
        raise ValueError(f"{shown} is empty or has control characters; leave the key out for the default")
    if action.choices is not None and value not in action.choices:
        names = [str(choice) for choice in action.choices]
        raise ValueError(f"{shown} is not a valid choice{did_you_mean(value, names)}; choose from {', '.join(names)}")
    if action.dest == URI:
        return relative_to(value, folder)
    is_model_file = action.dest in MODEL_FILES and ("/" in value or value.endswith((".onnx", ".toml")))
    is_rerun_file = action.dest == "rerun" and value.lower().endswith(".rrd")
    if action.type is Path or is_model_file or is_rerun_file:
        path = folder / os.path.expanduser(value)
        return path if action.type is Path else str(path)
    return _parsed(action, value, shown)


def _parsed(action: argparse.Action, text: str, shown: str) -> Any:
    if action.type is None:
        return text
    try:
        return action.type(text)  # type: ignore[operator]
    except argparse.ArgumentTypeError as error:
        raise ValueError(str(error).replace(repr(text), shown, 1)) from None
    except (ValueError, OverflowError):
        raise ValueError(f"{shown} is not a valid value") from None
