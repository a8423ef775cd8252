"""`meshcast replay OUT.mcap --publish ADDRESS`: a recording as if its publisher were still there."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from edge import console
from edge.cli.argument_types import Number
from edge.cli.curve_options import add_security_options, security_of
from edge.errors import EXIT_INPUT, EXIT_PARTIAL, EXIT_WHOLE

if TYPE_CHECKING:
    from edge.recording.replay import ReplayStats

SLACK_S = 5.0  # a message takes far less to send


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `replay` command to the command line."""
    parser = subparsers.add_parser(
        "replay",
        help="publish a recording again",
        description="Publish the messages of a recording (meshcast record) byte for byte, as far apart as they came.",
        epilog="exit codes: 0 whole or ended by Ctrl-C, 1 something cannot be used, 2 usage, 3 the file is damaged in "
        "the middle",
    )
    parser.add_argument("recording", type=Path, metavar="RECORDING", help="an .mcap file, or the .part of one")
    parser.add_argument("--publish", required=True, metavar="ADDRESS", help="for example tcp://127.0.0.1:5556")
    parser.add_argument(
        "--speed", type=Number(0.01, 100), default=1.0, metavar="X", help="2: twice as fast (0.01 to 100)"
    )
    parser.add_argument(
        "--start", type=Number(0, 1e9), default=0.0, metavar="S", help="begin S seconds after the beginning"
    )
    parser.add_argument("--loop", action="store_true", help="again and again")
    parser.add_argument("--wait", action="store_true", help="begin when somebody subscribes")
    add_security_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Replay until the end or Ctrl-C. Returns the exit code."""
    from contextlib import closing

    from edge.cli.status_line import StatusLine
    from edge.recording.mcap_file import Recording
    from edge.recording.replay import Replay
    from edge.runtime.health import Heartbeat
    from edge.runtime.signals import interruptible
    from edge.runtime.supervision import Supervision
    from edge.wire.publisher_socket import PublisherSocket
    from engines.errors import MeshcastError

    security = security_of(args)
    replay: Replay | None = None

    def shown(played: ReplayStats) -> None:
        heartbeat.beat()
        ticker.show(_progress(played))

    def status() -> str:
        return "waiting for a subscriber" if replay is None or not replay.played.messages else _progress(replay.played)

    heartbeat = Heartbeat(status, slack_s=SLACK_S)
    try:
        recording = Recording(args.recording)
        with (
            closing(PublisherSocket(args.publish, security=security)) as outlet,
            interruptible() as interrupt,
            StatusLine() as ticker,
            Supervision(heartbeat) as supervision,
        ):
            replay = Replay(
                recording,
                outlet,
                speed=args.speed,
                start_s=args.start,
                stopped=lambda: interrupt.asked,
                shown=shown,
            )
            supervision.ready()
            waits = ", waiting for a subscriber" if args.wait else ""
            console.note(f"publishing at {outlet.address}{waits}, Ctrl-C ends", "replay")
            if not args.wait or replay.wait():
                replay.play(loop=args.loop)
    except MeshcastError as error:
        console.error(str(error), "replay")
        return EXIT_PARTIAL if replay is not None and replay.played.messages else EXIT_INPUT
    if recording.cut:
        console.warn(f"{args.recording}: its end is missing; played as far as it goes", "replay")
    console.out(f"replayed {_progress(replay.played)}, at most {replay.played.late_s * 1e3:.1f} ms late")
    return EXIT_WHOLE


def _progress(played: ReplayStats) -> str:
    again = f", pass {played.passes}" if played.passes > 1 else ""
    return f"{played.messages} messages, {played.message_bytes / 1e6:.2f} MB, {played.seconds:.1f} s{again}"
