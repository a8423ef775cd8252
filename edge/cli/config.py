"""`meshcast config`: write, check and show configuration files of runs."""

from __future__ import annotations

import argparse
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from edge import console
from edge.cli import run as run_command
from edge.errors import EXIT_INPUT, EXIT_WHOLE

if TYPE_CHECKING:
    from edge.cli.config_file import ConfigFile

DEFAULT = Path("meshcast.toml")
MAX_PROBLEMS = 100  # that are printed

EPILOG = """\
examples:
  meshcast config init                                write meshcast.toml with all keys and their defaults
  meshcast config check meshcast.toml
  meshcast run --config meshcast.toml
  meshcast config show meshcast.toml --fov 75         what that run would use
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `config` command to the command line."""
    parser = subparsers.add_parser(
        "config",
        help="write, check, show and reload configuration files of runs",
        description="Write, check, show and reload the file that `meshcast run --config` takes.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(metavar="COMMAND", title="commands", required=True)

    init = commands.add_parser("init", help="write a commented template", description="Write a commented template.")
    init.add_argument("path", nargs="?", type=Path, default=DEFAULT, metavar="PATH", help=f"new file ({DEFAULT})")
    init.set_defaults(run=run_init)

    check = commands.add_parser(
        "check",
        help="report the problems of a file",
        description="Report the problems of a file, one line each: keys and values, and sources, cameras, models, keys "
        "and outputs that cannot be used. Nothing is run, connected to or written.",
        epilog="exit codes: 0 no problem, 1 problems, 2 usage error",
    )
    check.add_argument("path", type=Path, metavar="PATH", help="file to check")
    check.set_defaults(run=run_check)

    show = commands.add_parser(
        "show",
        help="print the configuration that a run would use",
        description="Print the configuration of meshcast run with a file and options, defaults included, as TOML that "
        "--config accepts: with absolute paths, without passwords.",
    )
    show.add_argument(
        "config", nargs="?", type=Path, metavar="PATH", help="file (default: $MESHCAST_CONFIG, else the defaults alone)"
    )
    run_command.add_options(show)
    show.set_defaults(run=run_show, sources=[])

    again = commands.add_parser(
        "reload",
        help="let running runs read their file again",
        description="Send SIGUSR1 to the runs of this user that were started with the file. They apply what can change "
        "without a restart (zones, smooth, detect_every, rerun_image_fps, hours of outputs, settings of the log) "
        "and log one line for each key that "
        "changed; a file with problems changes nothing.",
        epilog="exit codes: 0 a run was told, 1 no run uses the file or it has problems",
    )
    again.add_argument("path", nargs="?", type=Path, metavar="PATH", help="file (default: $MESHCAST_CONFIG)")
    again.set_defaults(run=run_reload)


def run_init(args: argparse.Namespace) -> int:
    """Write the template. Raises OutputError, and then an existing file is as it was."""
    from edge.cli.config_write import template
    from edge.errors import OutputError

    text = template(run_command.actions())
    try:
        with open(args.path, "x", encoding="utf-8") as file:
            try:
                file.write(text)
                file.flush()
            except OSError:
                args.path.unlink()
                raise
    except FileExistsError:
        raise OutputError(f"{args.path}: exists and is not replaced; choose another path or remove it") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise OutputError(f"{args.path}: cannot be written ({reason}); choose another path") from None
    console.out(f"wrote {args.path}; next: meshcast config check {args.path}")
    return EXIT_WHOLE


def run_check(args: argparse.Namespace) -> int:
    """Print the problems of a file. Raises ConfigError when it cannot be read."""
    from edge.cli.config_merge import merged
    from edge.cli.hours import explained
    from edge.text import one_line

    file, problems = _checked(args.path)
    for problem in problems[:MAX_PROBLEMS]:
        console.out(one_line(problem))
    if problems[MAX_PROBLEMS:]:
        console.out(f"{args.path}: {len(problems) - MAX_PROBLEMS} more problems")
    if problems:
        return EXIT_INPUT
    console.out(f"{args.path}: no problems; {len(file.sources)} source{'s' * (len(file.sources) != 1)}")
    options = merged(run_command.options_parser().parse_args([]), file)
    for line in explained(options, datetime.now()):
        console.out(f"{args.path}: {line}")
    return EXIT_WHOLE


def run_reload(args: argparse.Namespace) -> int:
    """Signal the runs with a file. Raises ConfigError for a file with problems, or if no run uses it."""
    import os
    import signal

    from edge.cli.config_file import read_config
    from edge.cli.config_merge import VARIABLE
    from edge.cli.running import processes_with
    from edge.errors import ConfigError

    path = args.path or (Path(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else None)
    if path is None:
        raise ConfigError(f"config reload: which file? give PATH, or set {VARIABLE}")
    file = read_config(path, run_command.actions())
    if file.problems:
        raise ConfigError(f"{file.problems[0]}; no run was told (see meshcast config check {path})")
    found = processes_with(path)
    if not found:
        raise ConfigError(f"{path}: no run of this user was started with this file; start one with --config {path}")
    for process in found:
        os.kill(process, signal.SIGUSR1)
        console.out(f"told process {process}; its log says what changed")
    return EXIT_WHOLE


def problems_in(path: Path) -> list[str]:
    """What is wrong with a configuration file, one line each. Raises ConfigError when it cannot be read."""
    return _checked(path)[1]


def _checked(path: Path) -> tuple[ConfigFile, list[str]]:
    from edge.cli.config_check import problems_of
    from edge.cli.config_file import read_config
    from edge.cli.config_merge import merged

    file = read_config(path, run_command.actions())
    problems = list(file.problems)
    if not file.sources and not problems:
        problems.append(f"{path}: no [[source]]; add one, or give SOURCE to meshcast run")
    if not problems:
        options = run_command.options_parser().parse_args([])
        problems = [f"{path}: {line}" for line in problems_of(merged(options, file), run_command.run_config)]
    return file, problems


def run_show(args: argparse.Namespace) -> int:
    """Print the effective configuration. Raises ConfigError for a file with problems."""
    from edge.cli.config_merge import with_config
    from edge.cli.config_write import effective_toml

    console.out(effective_toml(with_config(args, run_command.actions())).rstrip("\n"))
    return EXIT_WHOLE
