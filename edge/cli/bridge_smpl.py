"""`meshcast bridge smpl ADDRESS`: one person as SMPL's 24 joints over ZeroMQ, for humanoid robots."""

from __future__ import annotations

import argparse

from edge import console
from edge.cli.options import (
    FloatRange,
    IntegerRange,
    add_client_curve_options,
    add_subscriber_options,
    curve_from,
    seconds,
)
from edge.errors import EXIT_INPUT, EXIT_PARTIAL, EXIT_WHOLE

DEFAULT_ADDRESS = "tcp://127.0.0.1:5557"
EPILOG = "exit codes: 0 success, 1 no frame received or unusable address, 2 usage error, 3 stopped by an error"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the bridge to `meshcast bridge`."""
    parser = subparsers.add_parser(
        "smpl",
        help="stream one person's SMPL pose to controllers of humanoid robots",
        description="Publish the 24 SMPL joints of one person over ZeroMQ at a constant rate, level and with z up, in "
        "the pose protocol of GR00T Whole-Body Control (SONIC). When the person is lost, nothing is sent.",
        epilog=EPILOG,
    )
    add_subscriber_options(parser)
    parser.add_argument(
        "--publish", default=DEFAULT_ADDRESS, metavar="ADDRESS", help="address to bind (default: %(default)s)"
    )
    parser.add_argument("--topic", default="pose", metavar="NAME", help="topic of the messages (default: %(default)s)")
    parser.add_argument(
        "--protocol",
        type=int,
        choices=(2, 3),
        default=3,
        help="version of the protocol: 3 has fields for the robot's joints too, with the wrists at rest (default: 3)",
    )
    parser.add_argument(
        "--rate", type=FloatRange(10, 120), default=50.0, metavar="HZ", help="messages per second (default: 50)"
    )
    parser.add_argument(
        "--person", type=_person, default="first", metavar="WHICH", help="first, or a track id (default: first)"
    )
    parser.add_argument("--insecure", action="store_true", help="allow unencrypted access from any host")
    parser.add_argument("--timeout", type=seconds, metavar="S", help="stop after S seconds without a frame")
    parser.add_argument("--quiet", action="store_true", help="print errors only")
    add_client_curve_options(parser)
    group = parser.add_argument_group("world frame", "level, with the floor at height 0")
    group.add_argument(
        "--camera-height",
        type=FloatRange(-1000, 1000),
        default=0.0,
        metavar="M",
        help="height of the camera above the floor in meters (default: 0)",
    )
    group.add_argument(
        "--camera-pitch",
        type=FloatRange(-90, 90),
        default=0.0,
        metavar="DEG",
        help="downward tilt of the camera in degrees (default: 0)",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Forward until --timeout or Ctrl-C. Returns the exit code."""
    from edge.bridges.teleop.relay import SILENCE_S, relay
    from edge.bridges.teleop.stream import PersonStream, Sender
    from edge.bridges.udp.world_frame import WorldFrame
    from edge.runtime.health import Heartbeat
    from edge.runtime.supervision import Supervision
    from edge.wire.curve_auth import Security
    from edge.wire.publisher_socket import PublisherSocket
    from meshcast.errors import MeshcastError

    curve = curve_from(args)
    stream = PersonStream(WorldFrame(args.camera_pitch, args.camera_height), args.person)
    name = "bridge smpl"
    try:
        socket = PublisherSocket(args.publish, security=Security(insecure=args.insecure))
        try:

            def send(message: bytes) -> None:
                for _ in socket.subscriptions():
                    pass
                socket.send(message)

            sender = Sender(stream, send, rate_hz=args.rate, topic=args.topic, version=args.protocol)
            if not args.quiet:
                console.note(f"sending {args.address} to {socket.address} at {args.rate:g} Hz; stop with Ctrl-C", name)
            heartbeat = Heartbeat(lambda: f"{stream.frames} frames to {socket.address}", slack_s=2 * SILENCE_S)
            with sender, Supervision(heartbeat) as supervision:
                supervision.ready()
                relay(
                    args.address,
                    stream,
                    sender,
                    name=args.stream,
                    timeout_s=args.timeout,
                    curve=curve,
                    beat=heartbeat.beat,
                )
        finally:
            socket.close()
    except MeshcastError as error:
        console.error(str(error), name)
        return EXIT_PARTIAL if stream.frames else EXIT_INPUT
    except KeyboardInterrupt:
        return EXIT_WHOLE
    if not stream.frames:
        console.error(f"{args.address}: no person within {args.timeout:g} s; check the publisher and --person", name)
        return EXIT_INPUT
    return EXIT_WHOLE


def _person(text: str) -> str:
    if text == "first":
        return text
    try:
        return str(IntegerRange(0, (1 << 31) - 1)(text))
    except argparse.ArgumentTypeError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a person; use first or a track id") from None
