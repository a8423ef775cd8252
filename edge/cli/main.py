"""`meshcast`: parses the command line and hands over; every heavy import waits for the command that needs it."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence

from edge.cli import bench, bridge, calibrate, export, keys, models, record, replay, run, train, watch
from edge.cli import eval as eval_command
from edge.errors import EXIT_INPUT, EXIT_USAGE, UsageError
from engines.errors import MeshcastError, UnknownNameError
from engines.memory_budget import job_budget

EXIT_CODES = """\
exit codes: 0 everything was done; 1 a source, file, model, camera or address cannot be used, nothing was produced;
            2 the command line is wrong or names something that does not exist; 3 part was done (a truncated video,
            a source that broke off, an interrupted file), what was made is kept; 130 interrupted before that
"""

EXIT_INTERRUPTED = 130  # what shells say of a process that Ctrl-C ended


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = argparse.ArgumentParser(
        prog="meshcast",
        description="Live 3D human meshes from a camera, a video or pictures, in metres, published over ZeroMQ.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="store_true", help="print the version and end")
    top.add_argument("-v", "--verbose", action="store_true", help="say which engine runs what, and more")
    commands = top.add_subparsers(title="commands", metavar="COMMAND")
    for command in (run, watch, record, replay, export, keys, bridge, models, bench, calibrate, eval_command, train):
        command.add_parser(commands)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code. What cannot be used is said in one line on stderr."""
    top = parser()
    args = top.parse_args(models.with_command(list(sys.argv[1:] if argv is None else argv)))
    logging.basicConfig(level=logging.INFO if args.verbose else logging.WARNING, format="meshcast: %(message)s")
    if args.version:
        from importlib.metadata import version

        print(f"meshcast {version('meshcast')}")
        return 0
    if not hasattr(args, "run"):
        top.print_help(sys.stderr)
        return EXIT_USAGE
    try:
        with job_budget():
            code: int = args.run(args)
    except (UnknownNameError, UsageError) as error:
        print(f"meshcast: {error}", file=sys.stderr)
        return EXIT_USAGE
    except MeshcastError as error:
        print(f"meshcast: {error}", file=sys.stderr)
        return EXIT_INPUT
    except KeyboardInterrupt:
        print("meshcast: interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
    return code


if __name__ == "__main__":
    sys.exit(main())
