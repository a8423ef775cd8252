"""Writes meshcast.toml: a commented template, and the effective configuration of a run."""

from __future__ import annotations

import argparse
import os
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tomli_w

from edge.cli.config_keys import ABOUT, MODEL_FILES, SOURCE, SOURCE_KEYS, TABLES, URI, Actions, Key
from edge.cli.config_merge import source_views
from edge.cli.zones import DEST, shown_zones
from edge.errors import UsageError
from edge.redaction import redact_path, redact_text
from edge.sources.uri import parse, relative_to
from engines.errors import MeshcastError

WIDTH = 100  # characters of a line of the template
HEAD = """\
# A run of Meshcast:  meshcast run --config meshcast.toml
# Check this file with:  meshcast config check meshcast.toml
# Paths are relative to the folder of this file. Options of the command line win over it.
# A line with # in front of a key shows its default, or an example where it has none.
"""


def template(actions: Actions) -> str:
    """The text of a new file, with all keys and their descriptions."""
    lines = [HEAD]
    for table, entries in TABLES.items():
        title = f"[[{table}]]" if table == SOURCE else f"[{table}]"
        lines += [*_comment(ABOUT[table]), title]
        for key in entries:
            action = actions[key.dest]
            lines += _comment(key.about or _help(action))
            mark = "" if key.dest == URI else "# "
            lines.append(f"{mark}{key.name} = {_default(action) or key.example}\n")
    return "\n".join(lines)


def effective_toml(args: argparse.Namespace) -> str:
    """The configuration of a run as the text of a configuration file, without passwords, with absolute paths.

    Args:
        args: the options of the run, completed with its file.

    Raises:
        MeshcastError: numbers of options and sources do not match.
    """
    names = args.stream
    if names and len(names) != len(args.sources):
        raise UsageError(f"{len(args.sources)} sources and {len(names)} names: give --stream once for each source")
    own: Sequence[Mapping[str, Any]] = getattr(args, "own", ()) or ({},) * len(args.sources)
    views = source_views(args)
    cameras = views[0].camera if len(views) == 1 else [view.camera[0] if view.camera else None for view in views]
    if len(views) == 1 and len(cameras) not in (0, 1, len(args.sources)):
        raise UsageError(
            f"{len(args.sources)} sources and {len(cameras)} of --camera: give one for all or one for each"
        )
    sources = []
    for index, (uri, values) in enumerate(zip(args.sources, own, strict=True)):
        values = {**values, URI: uri, "stream": names[index] if names else None}
        if len(args.camera) > 1 and len(cameras) == len(args.sources):
            values["camera"] = cameras[index]
        sources.append(_table(SOURCE_KEYS, values))
    lines = [f"[[{SOURCE}]]\n{tomli_w.dumps(source)}" for source in sources]
    for name, keys in TABLES.items():
        common = {**vars(args), "camera": args.camera if len(args.camera) == 1 else None}
        if name != SOURCE and (table := _table(keys, common)):
            lines.append(f"[{name}]\n{tomli_w.dumps(table)}")
    return "\n".join(lines)


def _table(keys: tuple[Key, ...], values: dict[str, Any]) -> dict[str, Any]:
    shown = {key.name: _shown(key, values.get(key.dest)) for key in keys}
    return {name: value for name, value in shown.items() if value is not None}


def _shown(key: Key, value: Any) -> Any:
    if key.dest == DEST:
        return shown_zones(value or [])
    if isinstance(value, list):
        value = value[0] if value else None
    if value is None or value == "":
        return None
    if key.dest == URI:
        return _shown_uri(relative_to(value, Path.cwd()))
    if key.dest == "publish":
        return redact_text(value)
    if isinstance(value, Path) or (key.dest in MODEL_FILES and "/" in value):
        return os.path.abspath(value)
    return value


def _shown_uri(uri: str) -> str:
    try:
        label = parse(uri).label
    except MeshcastError:
        return redact_path(uri)
    return uri if label == "standard input" else label


def _comment(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)


def _help(action: argparse.Action) -> str:
    return (action.help or "").replace("%(default)s", str(action.default)).replace("%%", "%")


def _default(action: argparse.Action) -> str:
    """The default of an option in TOML; empty for one that has none."""
    value = False if action.default is argparse.SUPPRESS and action.nargs == 0 else action.default
    if value is argparse.SUPPRESS or value is None or isinstance(value, list):
        return ""
    return tomli_w.dumps({"value": value}).partition(" = ")[2].strip()
