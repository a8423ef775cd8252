"""`meshcast`: parses the command line and hands over; every heavy import waits for the command that needs it."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from itertools import pairwise

from edge import console
from edge.cli import bench, bridge, calibrate, export, keys, models, record, replay, run, train, watch
from edge.cli import eval as eval_command
from edge.cli.parser import Parser, commands_of
from edge.cli.termination import exit_code, terminable
from edge.errors import EXIT_INPUT, EXIT_PARTIAL, EXIT_USAGE, EXIT_WHOLE, UsageError
from engines.errors import MeshcastError, UnknownNameError
from engines.files.memory_budget import job_budget

EXIT_CODES = """\
exit codes: 0 everything was done; 1 a source, file, model, camera or address cannot be used, nothing was produced;
            2 the command line is wrong or names something that does not exist; 3 part was done (a truncated video,
            a source that broke off, an interrupted file), what was made is kept; 130 interrupted before that,
            143 by SIGTERM
"""


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = Parser(
        prog="meshcast",
        description="Live 3D human meshes from a camera, a video or pictures, in metres, published over ZeroMQ.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="store_true", help="print the version and end")
    top.set_defaults(verbose=False, log_format=None)
    _add_log_options(top)
    commands = top.add_subparsers(title="commands", metavar="COMMAND")
    for command in (run, watch, record, replay, export, keys, bridge, models, bench, calibrate, eval_command, train):
        command.add_parser(commands)
    for command_parser in commands_of(top):
        _add_log_options(command_parser)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code. What cannot be used is said in one line on stderr."""
    console.prepare()
    with terminable():
        try:
            code = _command(list(sys.argv[1:] if argv is None else argv))
        except SystemExit as end:  # argparse: --help, or a wrong command line
            code = end.code if isinstance(end.code, int) else EXIT_WHOLE
        except KeyboardInterrupt as interrupt:
            console.error("interrupted")
            code = exit_code(interrupt)
    if console.stdout.failure:
        console.error(f"standard output: {console.stdout.failure}; what was printed is not whole")
        code = code or EXIT_PARTIAL
    return code


def _command(argv: list[str]) -> int:
    if "--log-format=json" in argv or ("--log-format", "json") in pairwise(argv):
        console.configure(logging.WARNING, "json")  # also for what is wrong with the command line itself
    args = parser().parse_args(models.with_command(argv))
    console.configure(logging.INFO if args.verbose else logging.WARNING, args.log_format)
    if args.version:
        from importlib.metadata import version

        console.out(f"meshcast {version('meshcast')}")
        return EXIT_WHOLE
    if not hasattr(args, "run"):
        console.error("COMMAND: missing; see meshcast --help")
        return EXIT_USAGE
    try:
        with job_budget():
            code: int = args.run(args)
    except (UnknownNameError, UsageError) as error:
        console.error(str(error))
        return EXIT_USAGE
    except MeshcastError as error:
        console.error(str(error))
        return EXIT_INPUT
    return code


def _add_log_options(to: argparse.ArgumentParser) -> None:
    """Options of the log, which may stand before and after the command."""
    to.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        default=argparse.SUPPRESS,
        help="say which engine runs what, and more",
    )
    to.add_argument(
        "--log-format",
        choices=("text", "json"),
        default=argparse.SUPPRESS,
        help="of messages on standard error: text with time and level where it is no terminal, or a JSON object a line",
    )


if __name__ == "__main__":
    sys.exit(main())
