"""Settings by their dotted names, so that a benchmark can change one of them: `localization.outlier_m=0.1`."""

from __future__ import annotations

import ast
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from engines.errors import MeshcastError
from engines.files.suggestions import did_you_mean

Settings = TypeVar("Settings")
WORDS = {"on": True, "off": False, "true": True, "false": False, "none": None}


class SettingError(MeshcastError):
    """A setting does not exist or cannot have the given value."""


def with_setting(settings: Settings, assignment: str) -> Settings:
    """A copy of a dataclass of settings with one of them changed.

    Args:
        settings: a frozen dataclass; its fields may be such dataclasses.
        assignment: `name=value` with a dotted name. A value is a Python literal, a word, or on, off and none; a tuple
            makes a nested dataclass of its fields in order.

    Raises:
        SettingError: there is no such setting, or the value has another type.
    """
    name, equals, text = assignment.partition("=")
    if not equals:
        raise SettingError(f"{assignment}: a setting is written as name=value")
    return _changed(settings, name.strip().split("."), _value(text.strip()), assignment)


def _changed(settings: Settings, path: list[str], value: object, assignment: str) -> Settings:
    names = [field.name for field in fields(settings)]  # type: ignore[arg-type]
    name, *rest = path
    if name not in names:
        raise SettingError(f"{assignment}: there is no setting {name!r}{did_you_mean(name, names)}")
    current = getattr(settings, name)
    if rest:
        if not is_dataclass(current):
            raise SettingError(f"{assignment}: {name} has no settings of its own")
        value = _changed(current, rest, value, assignment)
    else:
        value = _converted(current, value, assignment)
    return replace(settings, **{name: value})  # type: ignore[type-var]


def _converted(current: object, value: Any, assignment: str) -> object:
    """The value in the type of the setting's present one."""
    if is_dataclass(current) and not isinstance(current, type) and isinstance(value, tuple):
        if len(value) != len(fields(current)):
            names = ", ".join(field.name for field in fields(current))
            raise SettingError(f"{assignment}: needs {len(fields(current))} values: {names}")
        return type(current)(*value)
    if isinstance(current, float) and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(current, str) and isinstance(value, bool):
        return "on" if value else "off"
    if current is not None and value is not None and type(current) is not type(value):
        raise SettingError(f"{assignment}: {value!r} is not a {type(current).__name__}")
    return value


def _value(text: str) -> object:
    if text.lower() in WORDS:
        return WORDS[text.lower()]
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
