"""What a running `meshcast run` takes over when its configuration file is read again."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from edge import console
from edge.cli.config_keys import SOURCE, TABLES, URI
from edge.cli.config_merge import config_path, merged, source_views
from edge.cli.hours import FILES
from edge.cli.zones import DEST as ZONES
from edge.errors import ConfigError
from edge.redaction import redact_text
from engines.files.toml_file import one_line

if TYPE_CHECKING:
    from edge.cli.config_keys import Actions
    from edge.run_config import RunConfig
    from edge.runtime.control import RunControl

log = logging.getLogger("meshcast.reload")

LONGEST = 60  # of a value in a message
LOG = ("verbose", "log_format")


class Reloader:
    """Applies the changes of a configuration file to a run, one log line for each key that changed."""

    def __init__(
        self,
        command: argparse.Namespace,
        current: argparse.Namespace,
        actions: Actions,
        build: Callable[[argparse.Namespace], RunConfig],
    ) -> None:
        """
        Args:
            command: the command line without the file.
            current: with the file, as the run was started.
            actions: the options of a run.
            build: makes the run's configuration of a command line.
        """
        self._command, self._current, self._actions, self._build = command, current, actions, build

    def __call__(self, control: RunControl) -> None:
        """Read the file again. Raises ConfigError if it cannot be read or has problems: then nothing changes."""
        new = self._read()
        lines = [*self._sources(new, control), *self._tables(new, control)]
        self._current = new
        for line in lines:
            log.warning("reload: %s", line)
        if not lines:
            log.warning("reload: nothing has changed")

    def _read(self) -> argparse.Namespace:
        from edge.cli.config_check import problems_of
        from edge.cli.config_file import read_config

        path = config_path(self._command)
        assert path is not None
        file = read_config(path, self._actions)
        problems = list(file.problems)
        new = merged(self._command, file)
        if not problems:
            problems = problems_of(new, self._build, running=True)
        if problems:
            more = f" (and {len(problems) - 1} more)" if problems[1:] else ""
            raise ConfigError(f"{problems[0]}{more}")
        return new

    def _sources(self, new: argparse.Namespace, control: RunControl) -> list[str]:
        """The changes of the [[source]] tables and of zones."""
        if new.sources != self._current.sources:
            return [f"{SOURCE}: other sources need a restart; ignored, with the zones"]
        lines = []
        before, after = (_per_source(args, control.streams) for args in (self._current, new))
        for index, (old, view) in enumerate(zip(before, after, strict=True)):
            name = f"{SOURCE}[{index + 1}]"
            if vars(old)[ZONES] != vars(view)[ZONES]:
                control.set_zones(index, vars(view)[ZONES])
                lines.append(f"{name}.zones: {len(vars(view)[ZONES])} zones; applied")
            lines += [
                f"{name}.{key.name}: needs a restart; ignored"
                for key in TABLES[SOURCE]
                if key.dest not in (ZONES, URI) and _own(self._current, index, key.dest) != _own(new, index, key.dest)
            ]
        return lines

    def _tables(self, new: argparse.Namespace, control: RunControl) -> list[str]:
        """The changes of the other tables."""
        apply: Mapping[str, Callable[[Any], None]] = {
            "detect_every": control.set_detect_every,
            "smooth": control.set_smoothing,
            "rerun_image_fps": control.set_image_fps,
            **{dest: partial(_set_hours, control, dest) for dest in _hours_that_change(self._current, new)},
            "verbose": lambda verbose: _configure_log(new),
            "log_format": lambda form: _configure_log(new),
        }
        lines = []
        for table, keys in TABLES.items():
            for key in keys if table != SOURCE else ():
                old, value = getattr(self._current, key.dest, None), getattr(new, key.dest, None)
                if old == value or key.dest in (ZONES, "stream"):
                    continue
                if key.dest in apply:
                    apply[key.dest](value)
                    lines.append(f"{table}.{key.name}: {_shown(old)} -> {_shown(value)}; applied")
                else:
                    lines.append(f"{table}.{key.name}: needs a restart; ignored")
        return lines


def _hours_that_change(old: argparse.Namespace, new: argparse.Namespace) -> list[str]:
    """The hours that take effect at once: of publishing, and of files that begin again with each window."""
    from edge.recording.file_series import FIELD

    files = {dest: (getattr(old, name), getattr(new, name)) for dest, name in FILES.items()}
    dated = [dest for dest, (path, later) in files.items() if path == later and path and FIELD in path.name]
    return [*dated, *([] if old.publish is None else ["publish_hours"])]


def _set_hours(control: RunControl, dest: str, text: str | None) -> None:
    from edge.runtime.schedule import Hours

    control.set_hours(dest.removesuffix("_hours"), None if text is None else Hours.parse(text))


def _per_source(args: argparse.Namespace, count: int) -> list[argparse.Namespace]:
    views = source_views(args)
    return views if len(views) == count else views * count


def _own(args: argparse.Namespace, index: int, dest: str) -> object:
    own = getattr(args, "own", ())
    return own[index].get(dest) if index < len(own) else None


def _configure_log(args: argparse.Namespace) -> None:
    console.configure(logging.INFO if args.verbose else logging.WARNING, args.log_format)


def _shown(value: object) -> str:
    return one_line(redact_text(str(value)), LONGEST)
