"""`meshcast replay OUT.mcap --publish ADDRESS`: publish a recording with its original timing."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from edge import console
from edge.cli.options import FloatRange, add_server_curve_options, security_from
from edge.errors import EXIT_INPUT, EXIT_PARTIAL, EXIT_WHOLE

if TYPE_CHECKING:
    from edge.recording.replay import ReplayStats

MAX_SEND_S = 5.0  # a heartbeat that is later than this counts as a stall


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `replay` command to the command line."""
    parser = subparsers.add_parser(
        "replay",
        help="publish a recording",
        description="Publish the messages of a recording (meshcast record) byte for byte with the original timing.",
        epilog="exit codes: 0 success or stopped by Ctrl-C, 1 unusable file or address, 2 usage error, 3 the file is "
        "corrupted in the middle",
    )
    parser.add_argument("recording", type=Path, metavar="RECORDING", help=".mcap file, complete or .part")
    parser.add_argument(
        "--publish", required=True, metavar="ADDRESS", help="address to publish at, for example tcp://127.0.0.1:5556"
    )
    parser.add_argument(
        "--speed", type=FloatRange(0.01, 100), default=1.0, metavar="X", help="playback speed, 0.01 to 100 (default: 1)"
    )
    parser.add_argument("--start", type=FloatRange(0, 1e9), default=0.0, metavar="S", help="skip the first S seconds")
    parser.add_argument("--loop", action="store_true", help="loop the recording")
    parser.add_argument("--wait", action="store_true", help="wait for the first subscriber before playing")
    add_server_curve_options(parser)
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

    security = security_from(args)
    replay: Replay | None = None

    def on_progress(stats: ReplayStats) -> None:
        heartbeat.beat()
        status_line.show(_progress(stats))

    def status() -> str:
        return "waiting for a subscriber" if replay is None or not replay.stats.messages else _progress(replay.stats)

    heartbeat = Heartbeat(status, slack_s=MAX_SEND_S)
    try:
        recording = Recording(args.recording)
        with (
            closing(PublisherSocket(args.publish, security=security)) as socket,
            interruptible() as interrupt,
            StatusLine() as status_line,
            Supervision(heartbeat) as supervision,
        ):
            replay = Replay(
                recording,
                socket,
                speed=args.speed,
                start_s=args.start,
                should_stop=lambda: interrupt.asked,
                on_progress=on_progress,
            )
            supervision.ready()
            waits = ", waiting for a subscriber" if args.wait else ""
            console.note(f"publishing at {socket.address}{waits}; stop with Ctrl-C", "replay")
            if not args.wait or replay.wait_for_subscriber():
                replay.play(loop=args.loop)
    except MeshcastError as error:
        console.error(str(error), "replay")
        return EXIT_PARTIAL if replay is not None and replay.stats.messages else EXIT_INPUT
    if recording.truncated:
        console.warn(f"{args.recording}: truncated; played up to the last complete chunk", "replay")
    console.out(f"replayed {_progress(replay.stats)}, at most {replay.stats.late_s * 1e3:.1f} ms late")
    return EXIT_WHOLE


def _progress(stats: ReplayStats) -> str:
    loop = f", pass {stats.passes}" if stats.passes > 1 else ""
    return f"{stats.messages} messages, {stats.message_bytes / 1e6:.2f} MB, {stats.seconds:.1f} s{loop}"
