"""`meshcast fleet`: run many cameras on this machine or on a Ray cluster, published at one address."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from edge import console
from edge.errors import EXIT_INPUT, EXIT_WHOLE

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.fleet.status import FleetStatus

Run: TypeAlias = "Callable[[argparse.Namespace], int]"

EPILOG = """\
examples:
  meshcast fleet up fleet.toml            until Ctrl-C; clients connect to publish of [fleet]
  meshcast fleet status fleet.toml        from another terminal
  meshcast fleet reload fleet.toml        after a change of the file; unchanged cameras go on
  meshcast fleet down fleet.toml
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `fleet` command to the command line."""
    parser = subparsers.add_parser(
        "fleet",
        help="run many cameras on several machines, published at one address",
        description="Run the cameras of a file on this machine or on the nodes of a Ray cluster, start them again when "
        "their process or node dies, and publish their streams at one address.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(metavar="COMMAND", title="commands", required=True)

    def add(run: Run, name: str, summary: str, description: str, codes: str) -> argparse.ArgumentParser:
        command = commands.add_parser(
            name, help=summary, description=description, epilog=f"exit codes: {codes}, 2 usage error"
        )
        command.add_argument("path", type=Path, metavar="FILE", help="file of the fleet (docs/how-to/fleet.md)")
        command.set_defaults(run=run)
        return command

    up = add(
        run_up,
        "up",
        "run a fleet",
        "Run the cameras of FILE until Ctrl-C, `meshcast fleet down` or the end of all sources.",
        "0 ended as asked, 1 unusable file, address, key or cluster",
    )
    up.add_argument("-q", "--quiet", action="store_true", help="suppress progress")
    status = add(
        run_status,
        "status",
        "show the cameras of a running fleet",
        "Show state, node, frame rate and restarts of each camera.",
        "0 all cameras are live or at their end, 3 cameras are missing, 1 the fleet does not run",
    )
    status.add_argument("--json", action="store_true", help="print one JSON object")
    add(
        run_down,
        "down",
        "end a running fleet",
        "End the cameras and the proxy, and wait until they have ended.",
        "0 the fleet has ended, or did not run, 1 it does not answer",
    )
    add(
        run_reload,
        "reload",
        "take over the cameras of a changed file",
        "Let a running fleet read its file again: cameras are added, removed and started again where they differ; a "
        "file with problems changes nothing.",
        "0 success, 1 the fleet does not run or the file has problems",
    )


def run_up(args: argparse.Namespace) -> int:
    """Run a fleet. Returns the exit code; raises MeshcastError."""
    from edge.cli.fleet_file import read_fleet
    from edge.cli.status_line import StatusLine
    from edge.fleet.fleet import run_fleet

    config = read_fleet(args.path)
    with StatusLine() as line:

        def started(address: str, metrics: str) -> None:
            served = f", metrics at http://{metrics}/metrics" if metrics else ""
            count = len(config.cameras)
            where = f"on the Ray cluster {config.ray}" if config.ray else "on this machine"
            cameras = f"{count} cameras" if count > 1 else "1 camera"
            console.note(f"{cameras} {where} at {address}{served}; stop with Ctrl-C", "fleet")

        def show(status: FleetStatus) -> None:
            if not args.quiet:
                line.show(status.line())

        run_fleet(args.path, config, lambda: read_fleet(args.path), started, show)
    return EXIT_WHOLE


def run_status(args: argparse.Namespace) -> int:
    """Print the state of a fleet. Returns the exit code; raises MeshcastError."""
    from edge.errors import EXIT_PARTIAL

    answer = _ask(args.path, "status")
    if answer is None:
        return EXIT_INPUT
    console.out(json.dumps(answer) if args.json else _table(answer))
    missing = any(camera["state"] in ("waiting", "starting") for camera in answer["cameras"])
    return EXIT_PARTIAL if missing else EXIT_WHOLE


def run_down(args: argparse.Namespace) -> int:
    """End a fleet. Raises MeshcastError."""
    from edge.fleet.control import ask, wait_until_down

    if ask(args.path, "down") is None:
        console.note(f"{args.path}: this fleet is not running", "fleet")
        return EXIT_WHOLE
    wait_until_down(args.path)
    console.out(f"{args.path}: ended")
    return EXIT_WHOLE


def run_reload(args: argparse.Namespace) -> int:
    """Let a fleet read its file again. Returns the exit code; raises MeshcastError."""
    answer = _ask(args.path, "reload")
    if answer is None:
        return EXIT_INPUT
    for line in answer["changes"] or ["nothing has changed"]:
        console.out(str(line))
    return EXIT_WHOLE


def _ask(path: Path, command: str) -> dict[str, Any] | None:
    """The answer of the fleet; None, after a message, if there is none. Raises ConfigError."""
    from edge.errors import ConfigError
    from edge.fleet.control import ask

    answer = ask(path, command)
    if answer is None:
        console.error(f"{path}: this fleet is not running; start it with meshcast fleet up {path}", "fleet")
    elif "error" in answer:
        raise ConfigError(str(answer["error"]))
    return answer


def _table(answer: dict[str, Any]) -> str:
    from edge.text import one_line

    standbys = f", {answer['standbys']} standby processes ready" if answer["standbys"] else ""
    lines = [f"{answer['address']}, {answer['clients']} clients{standbys}"]
    lines.append(f"{'camera':<31}{'state':<10}{'fps':>6}{'frames':>10}{'restarts':>9}  node")
    for camera in answer["cameras"]:
        reason = f"  {camera['reason']}" if camera["reason"] else ""
        lines.append(
            f"{camera['name']:<31}{camera['state']:<10}{camera['fps']:>6.1f}{camera['frames']:>10}"
            f"{camera['restarts']:>9}  {one_line(camera['node'])}{one_line(reason)}"
        )
    return "\n".join(line.rstrip() for line in lines)
