"""Entry point of `meshcast`: parse the command line and run a command. Commands import heavy modules when they run."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from itertools import pairwise

from edge import console
from edge.cli import (
    batch,
    bench,
    bridge,
    calibrate,
    completion,
    config,
    data,
    doctor,
    explain,
    export,
    fleet,
    fuse,
    keys,
    models,
    proxy,
    record,
    replay,
    run,
    train,
    view,
    watch,
)
from edge.cli import eval as eval_command
from edge.cli.options import add_log_options
from edge.cli.parser import Parser, commands_of
from edge.cli.termination import exit_code, terminable
from edge.errors import EXIT_INPUT, EXIT_PARTIAL, EXIT_USAGE, EXIT_WHOLE, UsageError
from engines.errors import MeshcastError, UnknownNameError
from engines.files.memory_budget import job_budget

COMMANDS = (
    *(
        run,
        view,
        config,
        fuse,
        watch,
        record,
        replay,
        export,
        batch,
        fleet,
        proxy,
        keys,
        bridge,
        models,
        bench,
        calibrate,
        eval_command,
        data,
        train,
        explain,
        doctor,
    ),
)
EXIT_CODES = """\
exit codes: 0 success; 1 unusable source, file, model, camera or address, no output produced;
            2 usage error or unknown name; 3 partial output, which is kept (a truncated video, a source that
            disconnected, an interrupted run); 130 interrupted (Ctrl-C), 143 terminated (SIGTERM) without output
"""


def parser() -> argparse.ArgumentParser:
    """Build the parser of all commands."""
    top = Parser(
        prog="meshcast",
        description="Recover 3D human meshes in meters from cameras, videos and images, and publish them over ZeroMQ.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="store_true", help="show the version and exit")
    top.set_defaults(verbose=False, log_format=None)
    add_log_options(top)
    commands = top.add_subparsers(title="commands", metavar="COMMAND")
    for command in COMMANDS:
        command.add_parser(commands)
    completion.add_parser(commands, top)
    for command_parser in commands_of(top):
        add_log_options(command_parser)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code. Errors are one line on stderr."""
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
        console.error(f"standard output: {console.stdout.failure}; the output is incomplete")
        code = code or EXIT_PARTIAL
    return code


def _command(argv: list[str]) -> int:
    if "--log-format=json" in argv or ("--log-format", "json") in pairwise(argv):
        console.configure(logging.WARNING, "json")  # usage errors are logged in the same format
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


if __name__ == "__main__":
    sys.exit(main())
