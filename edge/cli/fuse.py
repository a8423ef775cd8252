"""`meshcast fuse RIG ADDRESS...`: fuse the people of published cameras to one stream of their room."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from edge import console
from edge.cli.options import add_client_curve_options, add_monitoring_options, curve_from, monitoring_from, seconds
from edge.errors import EXIT_PARTIAL, UsageError
from edge.text import one_line

if TYPE_CHECKING:
    from edge.wire.curve_auth import Security

EPILOG = """\
Every camera is published by meshcast run --stream NAME --publish ADDRESS --camera RIG.toml#NAME, where NAME is that of
the camera in RIG. Several cameras may share an ADDRESS. Clocks of different machines need NTP or PTP.

exit codes: 0 success; 1 no frame received, unusable rig or address; 2 usage error; 3 cameras were missing
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `fuse` command to the command line."""
    parser = subparsers.add_parser(
        "fuse",
        help="fuse the people of published cameras to one stream",
        description="Subscribe to the cameras of a rig, and publish or save one body for each person in the room.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("rig", type=Path, metavar="RIG.toml", help="cameras with their poses (meshcast calibrate rig)")
    parser.add_argument("addresses", nargs="+", metavar="ADDRESS", help="publishers, for example tcp://10.0.0.5:5556")
    parser.add_argument(
        "--stream",
        metavar="NAME",
        action="append",
        default=[],
        help="use this camera of the rig only; repeat it for several (default: all)",
    )
    group = parser.add_argument_group("output")
    group.add_argument("--publish", metavar="ADDRESS", help="publish over ZeroMQ, for example tcp://127.0.0.1:5557")
    group.add_argument(
        "--axes",
        choices=("opencv", "unity", "unreal", "gltf"),
        default="opencv",
        help="coordinate system of published and recorded data (default: %(default)s)",
    )
    group.add_argument("--save", type=Path, metavar="OUT.npz", help="save every person of every moment")
    group.add_argument("--record", type=Path, metavar="OUT.mcap", help="record the stream for meshcast replay")
    group.add_argument(
        "--record-levels",
        default="params,joints,mesh",
        metavar="LEVEL,...",
        help="levels of detail to record: params, joints, mesh-lod, mesh (default: %(default)s)",
    )
    parser.add_argument(
        "--smooth",
        choices=("off", "light", "strong"),
        default="light",
        help="temporal smoothing and foot locking (default: %(default)s)",
    )
    parser.add_argument("--timeout", type=seconds, metavar="S", help="stop after S seconds without a frame")
    parser.add_argument("-q", "--quiet", action="store_true", help="show no progress")
    add_client_curve_options(parser)
    access = parser.add_argument_group("access control of --publish (docs/how-to/security.md)")
    access.add_argument("--publish-key", type=Path, metavar="SERVER.key", help="encrypt with this key")
    access.add_argument("--allow", type=Path, metavar="FOLDER", help="folder with the .pub files of authorized clients")
    access.add_argument("--insecure", action="store_true", help="allow unencrypted access from any host")
    add_monitoring_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Fuse until the streams end, --timeout or Ctrl-C. Returns the exit code."""
    from edge.fuse import FuseConfig, fuse
    from edge.recording.stream_recorder import RecordConfig
    from edge.room.config import RoomConfig
    from edge.room_config import fused_setup
    from edge.run_config import OutputConfig, PublishConfig
    from edge.runtime.room_results import ROOM

    if args.publish is None and args.save is None and args.record is None:
        raise UsageError("no output: add --publish ADDRESS, --save OUT.npz or --record OUT.mcap")
    setup = fused_setup(args.rig, args.stream, ROOM, RoomConfig.of(smooth=args.smooth))
    publish = PublishConfig(args.publish, args.axes, _security(args)) if args.publish is not None else None
    record = None
    if args.record is not None:
        record = RecordConfig(args.record, tuple(args.record_levels.split(",")), args.axes)
    result = fuse(
        FuseConfig(
            room=setup,
            addresses=tuple(dict.fromkeys(args.addresses)),
            outputs=OutputConfig(publish=publish, save=args.save, record=record),
            curve=curve_from(args),
            timeout_s=args.timeout,
            monitoring=monitoring_from(args),
            quiet=args.quiet,
        )
    )
    if not args.quiet:
        for path in result.written:
            console.out(f"wrote {one_line(str(path))}")
    for problem in result.problems:
        console.warn(problem, "fuse")
    if result.exit_code == EXIT_PARTIAL:
        console.warn("some cameras were missing or had problems", "fuse")
    return result.exit_code


def _security(args: argparse.Namespace) -> Security:
    """The access control of --publish, whose key has a name of its own here."""
    from edge.cli.options import security_from

    return security_from(argparse.Namespace(curve=args.publish_key, allow=args.allow, insecure=args.insecure))
