"""`meshcast bridge vmc|vrchat|livelink|openxr ADDRESS`: forward skeleton poses over UDP."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from edge import console
from edge.cli.options import (
    FloatRange,
    IntegerRange,
    add_client_curve_options,
    add_subscriber_options,
    curve_from,
    seconds,
)
from edge.errors import EXIT_INPUT, EXIT_PARTIAL, EXIT_WHOLE, UsageError

if TYPE_CHECKING:
    from edge.bridges.udp.relay import Bridge

EPILOG = "exit codes: 0 success, 1 no frame received or unusable address, 2 usage error, 3 stopped by an error"
TRACKER_PARTS = ("hip", "chest", "feet", "knees", "elbows")  # edge.bridges.udp.vrchat.PARTS
VMC_ORIGIN_M, VMC_CAMERA_HEIGHT_M = 3.0, 1.0  # defaults that place an avatar in front of the camera, on the floor


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the bridges that send over UDP to `meshcast bridge`."""
    vmc = subparsers.add_parser(
        "vmc",
        help="drive VRM avatars over the VMC protocol",
        description="Drive VRM avatars in programs that receive the VMC protocol (VSeeFace, Warudo, EVMC4U, ...).",
        epilog=EPILOG,
    )
    _add_common(vmc, to="127.0.0.1:39539", origin=VMC_ORIGIN_M, height=VMC_CAMERA_HEIGHT_M)
    vmc.add_argument("--no-upper-chest", action="store_true", help="omit the bone UpperChest, for avatars without it")
    vmc.set_defaults(run=run, bridge=_vmc)
    vrchat = subparsers.add_parser(
        "vrchat",
        help="send trackers to VRChat over OSC",
        description="Send one person's hip, chest, feet, knees and elbows to VRChat as OSC trackers.",
        epilog=EPILOG,
    )
    _add_common(vrchat, to="127.0.0.1:9000", origin=VMC_ORIGIN_M, height=VMC_CAMERA_HEIGHT_M)
    vrchat.add_argument(
        "--trackers",
        type=_parts,
        default=("hip", "feet"),
        metavar="PART,...",
        help=f"body parts to send: {', '.join(TRACKER_PARTS)} (default: hip,feet)",
    )
    vrchat.add_argument("--no-head", action="store_true", help="omit the head, with which VRChat aligns the spaces")
    vrchat.set_defaults(run=run, bridge=_vrchat)
    livelink = subparsers.add_parser(
        "livelink",
        help="drive skeletons in Unreal over Live Link (JSON)",
        description="Drive skeletons in Unreal Engine through the JSON source of Live Link.",
        epilog=EPILOG,
    )
    _add_common(livelink, to="127.0.0.1:54321")
    livelink.add_argument(
        "--names", choices=("joints", "mannequin"), default="joints", help="naming of the bones (default: %(default)s)"
    )
    livelink.set_defaults(run=run, bridge=_livelink)
    openxr = subparsers.add_parser(
        "openxr",
        help="send body joints in the format of OpenXR's XR_BD_body_tracking",
        description="Send 24 body joints in the structures of XR_BD_body_tracking, for an application or API layer.",
        epilog=EPILOG,
    )
    _add_common(openxr, to="127.0.0.1:24024")
    openxr.set_defaults(run=run, bridge=_openxr)


def _add_common(parser: argparse.ArgumentParser, *, to: str, origin: float | None = None, height: float = 0.0) -> None:
    add_subscriber_options(parser)
    parser.add_argument("--to", default=to, metavar="HOST:PORT", help="UDP destination (default: %(default)s)")
    parser.add_argument(
        "--person",
        type=_person,
        default="first",
        metavar="WHICH",
        help="person to send: first, all or a track id (default: %(default)s)",
    )
    parser.add_argument("--insecure", action="store_true", help="allow unencrypted UDP to a remote host")
    parser.add_argument("--timeout", type=seconds, metavar="S", help="stop after S seconds without a frame")
    parser.add_argument("--quiet", action="store_true", help="print errors only")
    add_client_curve_options(parser)
    group = parser.add_argument_group(
        "world frame", "level, with the floor at height 0; derived from the pose of the camera"
    )
    group.add_argument(
        "--camera-height",
        type=FloatRange(-1000, 1000),
        default=height,
        metavar="M",
        help="height of the camera above the floor in meters (default: %(default)s)",
    )
    group.add_argument(
        "--camera-pitch",
        type=FloatRange(-90, 90),
        default=0.0,
        metavar="DEG",
        help="downward tilt of the camera in degrees (default: %(default)s)",
    )
    group.add_argument(
        "--origin",
        type=_origin,
        default=origin,
        metavar="M",
        help="place the world origin M meters in front of the camera, facing it; 'camera' places it on the floor below "
        f"the camera, with the camera's heading (default: {'camera' if origin is None else format(origin, 'g')})",
    )


def run(args: argparse.Namespace) -> int:
    """Forward until --timeout or Ctrl-C. Returns the exit code."""
    from edge.bridges.udp import relay
    from edge.bridges.udp.person_filter import PersonFilter
    from edge.bridges.udp.sender import UdpSender
    from edge.bridges.udp.world_frame import WorldFrame
    from edge.runtime.health import Heartbeat
    from edge.runtime.supervision import Supervision
    from meshcast.errors import MeshcastError

    name = f"bridge {args.bridge.__name__.lstrip('_')}"
    curve = curve_from(args)
    world = WorldFrame(args.camera_pitch, args.camera_height, args.origin)
    relayed = relay.Relay(args.bridge(args), PersonFilter(args.person), world)
    heartbeat = Heartbeat(lambda: f"{relayed.frames} frames to {args.to}", slack_s=2 * relay.SILENCE_S)
    try:
        with UdpSender(args.to, insecure=args.insecure) as sender, Supervision(heartbeat) as supervision:
            supervision.ready()
            if not args.quiet:
                console.note(f"forwarding {args.address} to {args.to}; stop with Ctrl-C", name)
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
        console.error(
            f"{args.address}: no frame received within {args.timeout:g} s; check that a publisher is running there",
            name,
        )
        return EXIT_INPUT
    return EXIT_WHOLE


def _vmc(args: argparse.Namespace) -> Bridge:
    from edge.bridges.udp.vmc import Vmc

    return Vmc(upper_chest=not args.no_upper_chest)


def _vrchat(args: argparse.Namespace) -> Bridge:
    from edge.bridges.udp.vrchat import VrChat

    if args.person == "all":
        raise UsageError("--person all: VRChat has one person's trackers; use first or a track id")
    return VrChat(args.trackers, head=not args.no_head)


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
        return str(IntegerRange(0, (1 << 31) - 1)(text))
    except argparse.ArgumentTypeError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a person; use first, all or a track id") from None


def _parts(text: str) -> tuple[str, ...]:
    parts = tuple(dict.fromkeys(text.split(",")))
    if unknown := [part for part in parts if part not in TRACKER_PARTS]:
        raise argparse.ArgumentTypeError(f"{unknown[0]!r} is not a part; use {', '.join(TRACKER_PARTS)}")
    return parts


def _origin(text: str) -> float | None:
    return None if text == "camera" else FloatRange(0, 1000)(text)
