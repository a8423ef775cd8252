"""`meshcast bridge vmc|livelink|openxr ADDRESS`: bodies as datagrams."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from edge import console
from edge.cli.argument_types import Number, WholeNumber, seconds
from edge.cli.curve_options import add_client_options, curve_of
from edge.errors import EXIT_INPUT, EXIT_PARTIAL, EXIT_WHOLE

if TYPE_CHECKING:
    from edge.bridges.udp.relay import Bridge

CODES = "exit codes: 0 whole, 1 nothing arrived or an address cannot be used, 2 usage, 3 broke off"
STAGE_M, STAGE_HEIGHT_M = 3.0, 1.0  # where an avatar's world begins, and how high its camera stands, unless told


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the bridges that send over UDP to `meshcast bridge`."""
    vmc = subparsers.add_parser(
        "vmc",
        help="VRM avatars by the VMC protocol",
        description="Drive VRM avatars in programs that receive the VMC protocol (VSeeFace, Warudo, EVMC4U, ...).",
        epilog=CODES,
    )
    _add_common(vmc, to="127.0.0.1:39539", origin=STAGE_M, height=STAGE_HEIGHT_M)
    vmc.add_argument("--no-upper-chest", action="store_true", help="the avatar has no bone UpperChest")
    vmc.set_defaults(run=run, bridge=_vmc)
    livelink = subparsers.add_parser(
        "livelink",
        help="skeletons for Unreal's Live Link, as JSON",
        description="Feed Unreal's Live Link through its JSON source.",
        epilog=CODES,
    )
    _add_common(livelink, to="127.0.0.1:54321")
    livelink.add_argument(
        "--names", choices=("joints", "mannequin"), default="joints", help="of the bones (default: %(default)s)"
    )
    livelink.set_defaults(run=run, bridge=_livelink)
    openxr = subparsers.add_parser(
        "openxr",
        help="body joints as OpenXR's XR_BD_body_tracking has them",
        description="Send 24 body joints in the structures of XR_BD_body_tracking, for an application or API layer.",
        epilog=CODES,
    )
    _add_common(openxr, to="127.0.0.1:24024")
    openxr.set_defaults(run=run, bridge=_openxr)


def _add_common(parser: argparse.ArgumentParser, *, to: str, origin: float | None = None, height: float = 0.0) -> None:
    parser.add_argument("address", metavar="ADDRESS", help="the publisher, for example tcp://127.0.0.1:5556")
    parser.add_argument("--to", default=to, metavar="HOST:PORT", help="where to send (default: %(default)s)")
    parser.add_argument("--stream", default="", metavar="NAME", help="only this stream (default: all of the address)")
    parser.add_argument(
        "--person", type=_person, default="first", metavar="WHO", help="first, all or an id (default: %(default)s)"
    )
    parser.add_argument("--insecure", action="store_true", help="send to another machine, readable on the way")
    parser.add_argument("--timeout", type=seconds, metavar="S", help="end after S seconds without a frame")
    parser.add_argument("--quiet", action="store_true", help="say nothing but errors")
    add_client_options(parser)
    group = parser.add_argument_group(
        "the world", "a level one, with the floor at height 0, from how the camera stands"
    )
    group.add_argument(
        "--camera-height",
        type=Number(-1000, 1000),
        default=height,
        metavar="M",
        help="above the floor (default: %(default)s)",
    )
    group.add_argument(
        "--camera-pitch",
        type=Number(-90, 90),
        default=0.0,
        metavar="DEG",
        help="how far it looks down (default: %(default)s)",
    )
    group.add_argument(
        "--origin",
        type=_origin,
        default=origin,
        metavar="M",
        help="begin the world M metres in front of the camera and face it, or 'camera': under the camera, facing as it "
        f"does (default: {'camera' if origin is None else format(origin, 'g')})",
    )


def run(args: argparse.Namespace) -> int:
    """Send until --timeout or Ctrl-C. Returns the exit code."""
    from edge.bridges.udp import relay
    from edge.bridges.udp.person_filter import PersonFilter
    from edge.bridges.udp.sender import UdpSender
    from edge.bridges.udp.world_frame import WorldFrame
    from edge.runtime.health import Heartbeat
    from edge.runtime.supervision import Supervision
    from meshcast.errors import MeshcastError

    name = f"bridge {args.bridge.__name__.lstrip('_')}"
    curve = curve_of(args)
    world = WorldFrame(args.camera_pitch, args.camera_height, args.origin)
    relayed = relay.Relay(args.bridge(args), PersonFilter(args.person), world)
    heartbeat = Heartbeat(lambda: f"{relayed.frames} frames to {args.to}", slack_s=2 * relay.SILENCE_S)
    try:
        with UdpSender(args.to, insecure=args.insecure) as sender, Supervision(heartbeat) as supervision:
            supervision.ready()
            if not args.quiet:
                console.note(f"{args.address} to {args.to}, Ctrl-C ends", name)
            relay.run(
                args.address,
                relayed,
                sender,
                stream=args.stream,
                timeout_s=args.timeout,
                curve=curve,
                beat=heartbeat.beat,
            )
    except MeshcastError as error:
        console.error(str(error), name)
        return EXIT_PARTIAL if relayed.frames else EXIT_INPUT
    except KeyboardInterrupt:
        return EXIT_WHOLE
    if not relayed.frames:
        console.error(f"{args.address}: no frame within {args.timeout:g} s; is a publisher running there?", name)
        return EXIT_INPUT
    return EXIT_WHOLE


def _vmc(args: argparse.Namespace) -> Bridge:
    from edge.bridges.udp.vmc import Vmc

    return Vmc(upper_chest=not args.no_upper_chest)


def _livelink(args: argparse.Namespace) -> Bridge:
    from edge.bridges.udp.livelink import LiveLink

    return LiveLink(names=args.names, person=args.person)


def _openxr(args: argparse.Namespace) -> Bridge:
    from edge.bridges.udp.openxr import OpenXr

    return OpenXr()


def _person(text: str) -> str:
    if text in ("first", "all"):
        return text
    try:
        return str(WholeNumber(0, (1 << 31) - 1)(text))
    except argparse.ArgumentTypeError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a person; use first, all or an id") from None


def _origin(text: str) -> float | None:
    return None if text == "camera" else Number(0, 1000)(text)
