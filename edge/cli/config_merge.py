"""The command line of a run together with its configuration file: options of the command line win."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from edge.cli.config_file import ConfigFile, Values, read_config
from edge.cli.config_keys import URI, Actions
from edge.errors import ConfigError, SourceError

VARIABLE = "MESHCAST_CONFIG"
IN_CURRENT_FOLDER = Path("meshcast.toml")  # never read unless it is named; mentioned where a source is missing


def config_path(args: argparse.Namespace) -> Path | None:
    """The configuration file that --config or the environment names."""
    if args.config is not None:
        return Path(args.config)
    named = os.environ.get(VARIABLE)
    return Path(named) if named else None


def with_config(args: argparse.Namespace, actions: Actions) -> argparse.Namespace:
    """The command line, completed with the values of its configuration file.

    Raises:
        ConfigError: the file cannot be read, or a key or value in it does not exist.
    """
    path = config_path(args)
    if path is None:
        return args
    file = read_config(path, actions)
    if file.problems:
        more = len(file.problems) - 1
        tail = f" (and {more} more: meshcast config check {path})" if more else ""
        raise ConfigError(f"{file.problems[0]}{tail}")
    return merged(args, file)


def merged(args: argparse.Namespace, file: ConfigFile) -> argparse.Namespace:
    """The command line, completed with the values of a file.

    SOURCE on the command line replaces all [[source]] tables. The attribute `own` has the values of each [[source]].
    """
    values = {dest: value for dest, value in file.values.items() if dest not in args.given}
    result = argparse.Namespace(**{**vars(args), **values, "own": ()})
    if URI in args.given:
        return result
    result.sources = [str(source.get(URI, "")) for source in file.sources]
    result.own = tuple(
        {dest: value for dest, value in source.items() if dest != URI and dest not in args.given}
        for source in file.sources
    )
    if "stream" not in args.given and any("stream" in own for own in result.own):
        result.stream = [own.get("stream", [""])[0] for own in result.own]
    return result


def source_views(args: argparse.Namespace) -> list[argparse.Namespace]:
    """The command line for each source, with the values of its own [[source]]; a single one if no source has any.

    Raises:
        SourceError: the number of --camera on the command line is not that of the sources.
    """
    own = getattr(args, "own", ())
    if not any(own):
        return [args]
    views = [argparse.Namespace(**{**vars(args), **_replaced(values, args.given), **values}) for values in own]
    if "camera" in args.given:
        if len(args.camera) not in (1, len(views)):
            raise SourceError(
                f"{len(views)} sources and {len(args.camera)} of --camera: give one for all or one for each"
            )
        for index, view in enumerate(views):
            view.camera = [args.camera[index % len(args.camera)]]
    return views


def _replaced(own: Values, given: frozenset[str]) -> Values:
    """What a camera of a [[source]] replaces of the camera of all sources: a file the pose, and a pose the file."""
    others: dict[str, object] = {}
    if "camera" in own:
        others = {"camera_height": None, "tilt": None}
    elif "camera_height" in own:
        others = {"camera": [], "tilt": None}
    return {dest: value for dest, value in others.items() if dest not in given}
