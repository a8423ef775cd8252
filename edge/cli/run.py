"""`meshcast run SOURCE`: recover meshes of the people in a source; draw, save and publish them."""

from __future__ import annotations

import argparse
import logging
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge import console
from edge.cli.config_keys import actions_of
from edge.cli.hours import add_hours_options, schedules_from
from edge.cli.options import (
    FloatRange,
    access_from,
    add_body_options,
    add_camera_options,
    add_log_options,
    add_model_options,
    add_monitoring_options,
    add_network_source_options,
    add_server_curve_options,
    body_shape_from,
    cameras_from,
    frame_rate,
    models_from,
    monitoring_from,
    positive,
    security_from,
)
from edge.cli.page_options import add_open_option, add_preview_options, previews_from
from edge.cli.parser import Parser
from edge.cli.record_options import add_rotation_options, rotation_from
from edge.cli.run_page import viewer
from edge.cli.zones import add_zone_option
from edge.errors import EXIT_PARTIAL, EXIT_USAGE, UsageError
from edge.text import one_line

if TYPE_CHECKING:
    from edge.cli.config_keys import Actions
    from edge.room_config import RoomSetup
    from edge.run_config import RunConfig

EPILOG = """\
SOURCE is one of
  clip.mp4                    a video file
  photo.jpg, folder/, '*.png' images
  -, a FIFO                   a video from standard input or a pipe, read once
  rtsp://host/path            a network camera; also rtsps://, http(s)://, tcp:// and udp:// (MPEG-TS)
  0, v4l2:///dev/video0       a USB camera
  csi://0, gst:PIPELINE       a CSI camera, any GStreamer pipeline
  synthetic:                  a rendered walking body; synthetic:?people=2&frames=100

--config takes all of this from a file (docs/how-to/configuration.md); options of the command line win over it, and
--no-OPTION switches off what it switches on, for example --no-loop.

exit codes: 0 success; 1 unusable input or output, no output produced; 2 usage error; 3 partial output
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `run` command to the command line."""
    parser = subparsers.add_parser(
        "run",
        help="recover 3D meshes from a video, a camera or images",
        description="Detect and track the people in SOURCE and recover their 3D meshes in meters.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_sources(parser)
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="take sources and options from this file, as meshcast config init writes it (default: $MESHCAST_CONFIG)",
    )
    add_options(parser)
    parser.set_defaults(run=run)


def _add_sources(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("sources", metavar="SOURCE", nargs="*", help="input source(s), see below")


def add_options(parser: argparse.ArgumentParser) -> None:
    """All options that describe a run. What a configuration file switches on, --no-OPTION switches off."""
    _add_output_options(parser)
    add_server_curve_options(parser)
    add_network_source_options(parser)
    add_monitoring_options(parser)
    add_playback_options(parser)
    add_camera_options(parser)
    _add_room_options(parser)
    add_zone_option(parser)
    add_body_options(parser)
    add_model_options(parser)
    switches = [action.dest for action in parser._actions if isinstance(action, argparse._StoreTrueAction)]
    for dest in (*switches, "verbose"):
        negative = f"--no-{dest.replace('_', '-')}"
        parser.add_argument(
            negative, dest=dest, action="store_false", default=argparse.SUPPRESS, help=argparse.SUPPRESS
        )


def options_parser() -> argparse.ArgumentParser:
    """A parser of sources and options alone; its defaults are those of a run."""
    parser = Parser(prog="meshcast run")
    _add_sources(parser)
    add_options(parser)
    add_log_options(parser)
    parser.set_defaults(verbose=False, log_format=None)
    return parser


def actions() -> Actions:
    """The options of a run by the attribute that they set."""
    return actions_of(options_parser())


def _add_output_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("output")
    group.add_argument("--publish", metavar="ADDRESS", help="publish over ZeroMQ, for example tcp://127.0.0.1:5556")
    group.add_argument(
        "--preview",
        action="store_true",
        help="publish previews of the camera's images too, for viewers (default: bodies only)",
    )
    add_preview_options(group)
    group.add_argument("--view", action="store_true", help="show the people in the browser while the run lasts")
    add_open_option(group)
    group.add_argument(
        "--predict-ms",
        type=FloatRange(0, 200),
        default=0.0,
        metavar="MS",
        help="extrapolate bodies to the moment at which a client shows them, this many milliseconds after the capture; "
        "the published stream time is that of the extrapolated bodies (default: 0)",
    )
    group.add_argument(
        "--axes",
        choices=("opencv", "unity", "unreal", "gltf"),
        default="opencv",
        help="coordinate system of published and recorded data (default: opencv: x right, y down, z forward, meters)",
    )
    group.add_argument("--save", type=Path, metavar="OUT.npz", help="save every person of every frame")
    group.add_argument(
        "--record", type=Path, metavar="OUT.mcap", help="record the stream for meshcast replay and meshcast export"
    )
    group.add_argument(
        "--record-levels",
        default="params,joints,mesh",
        metavar="LEVEL,...",
        help="levels of detail to record: params, joints, mesh-lod, mesh, and preview for the camera's "
        "images (default: %(default)s)",
    )
    add_rotation_options(group)
    add_hours_options(group)
    group.add_argument("--overlay", type=Path, metavar="OUT.mp4|png", help="draw the meshes over the input images")
    group.add_argument(
        "--overlay-encoder",
        default="auto",
        metavar="NAME",
        help="FFmpeg encoder for OUT.mp4 (default: a permissively licensed one, libvpx-vp9 if available)",
    )
    group.add_argument(
        "--overlay-attention", action="store_true", help="draw the attention maps of the mesh model too (PARE only)"
    )
    group.add_argument(
        "--rerun",
        metavar="OUT.rrd|ADDRESS|spawn",
        help="show images, boxes, keypoints, bodies and plots in Rerun: a file, the address of a viewer, or one that "
        "is started (needs the extra rerun)",
    )
    group.add_argument(
        "--rerun-image-fps",
        type=FloatRange(0, 1000),
        default=10.0,
        metavar="N",
        help="images per second for Rerun; 0: none (default: 10)",
    )
    group.add_argument(
        "--open3d", action="store_true", help="show each stream in a desktop window (needs the extra viewer)"
    )
    group.add_argument("--summary", type=Path, metavar="OUT.json", help="write people, fps and timings as JSON")
    group.add_argument(
        "--stream",
        metavar="NAME",
        action="append",
        default=[],
        help="name of the published stream, once per source (default: derived from SOURCE)",
    )
    group.add_argument("-q", "--quiet", action="store_true", help="suppress progress bar and summary table")


def _add_room_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("room")
    group.add_argument(
        "--rig",
        type=Path,
        metavar="RIG.toml",
        help="fuse the people of all sources to one more stream, room, in the world's frame; sources in the order of "
        "the cameras in this file, or named with --stream (see meshcast calibrate rig)",
    )


def add_playback_options(parser: argparse.ArgumentParser) -> None:
    """--pace, --loop, --fps, --max-frames and --decode."""
    group = parser.add_argument_group("playback")
    group.add_argument(
        "--pace",
        choices=("fast", "realtime"),
        help="'fast': process every frame; 'realtime': drop to the newest frame (default: fast for files, realtime for "
        "cameras)",
    )
    group.add_argument("--loop", action="store_true", help="loop file sources")
    group.add_argument(
        "--fps",
        type=frame_rate,
        metavar="N",
        help="frame rate of images (default: 30) and of videos without timestamps, such as raw .h264",
    )
    group.add_argument("--max-frames", type=positive, metavar="N", help="stop after N frames")
    group.add_argument(
        "--decode",
        choices=("cpu", "gpu"),
        default="cpu",
        help="where videos and network streams are decoded; gpu: on that of the models, where their images stay "
        "(default: %(default)s)",
    )


def run(args: argparse.Namespace) -> int:
    """Process the sources and print the summary table. Returns the exit code."""
    from edge.cli.config_merge import IN_CURRENT_FOLDER, config_path, with_config
    from edge.cli.reload import Reloader
    from edge.cli.running import announced
    from edge.run import run as run_sources
    from edge.stream_names import check_stream_name

    if "stream" in args.given:  # in a file, a source without a name has the one that its address gives
        for name in args.stream:
            check_stream_name(name)
    path, command = config_path(args), args
    if path is not None:
        args = with_config(args, actions())
        console.configure(logging.INFO if args.verbose else logging.WARNING, args.log_format)
    if not args.sources:
        remedy = f"add [[source]] to {path}" if path is not None else "see meshcast run --help"
        if path is None and IN_CURRENT_FOLDER.is_file():
            remedy = f"add --config {IN_CURRENT_FOLDER} to use that file"
        console.error(f"SOURCE: missing; {remedy}", "run")
        return EXIT_USAGE
    reloader = None if path is None else Reloader(command, args, actions(), run_config)
    with ExitStack() as cleanup:
        cleanup.enter_context(announced(path))
        page = cleanup.enter_context(viewer(args)) if args.view else None
        config = run_config(args, viewer=page.address if page is not None else None)
        result = run_sources(config, reloader, page.announce if page is not None else None)
    if not args.quiet:
        console.out(table(result.report))
        for path in result.written:
            console.out(f"wrote {one_line(str(path))}")
    for problem in result.report["problems"]:
        if problem not in result.logged:
            console.warn(problem)
    if result.exit_code == EXIT_PARTIAL:
        console.warn("partial output was kept")
    return result.exit_code


def run_config(args: argparse.Namespace, *, viewer: str | None = None) -> RunConfig:
    """The configuration of a run from its options. Raises MeshcastError for options that do not go together.

    viewer: address for the publisher of the viewer's page, None without a page.
    """
    from edge.cli.config_merge import source_views
    from edge.recording.stream_recorder import RecordConfig
    from edge.run_config import OutputConfig, PlaybackConfig, PublishConfig, RunConfig, SourceConfig
    from edge.sinks.rerun_target import RerunConfig
    from edge.stages.config import PipelineConfig

    security = security_from(args)  # also without --publish: options that contradict each other are an error
    previews = previews_from(args)
    publish = (
        PublishConfig(args.publish, args.axes, security, previews if args.preview else None)
        if args.publish is not None
        else None
    )
    shown = None if getattr(args, "no_preview", False) else previews
    record = (
        RecordConfig(args.record, tuple(args.record_levels.split(",")), args.axes, previews)
        if args.record is not None
        else None
    )
    rerun = RerunConfig(args.rerun, args.rerun_image_fps) if args.rerun is not None else None
    views = source_views(args)
    room = _room_from(args)
    return RunConfig(
        sources=SourceConfig(
            uris=tuple(args.sources),
            names=tuple(args.stream) if room is None else room.names,
            playback=tuple(PlaybackConfig(view.pace, view.loop, view.fps, view.max_frames) for view in views),
            access=access_from(args),
            decode=args.decode,
        ),
        models=models_from(args),
        cameras=tuple(camera for view in views for camera in cameras_from(view)),
        pipeline=PipelineConfig.of(
            detect_every=args.detect_every,
            smooth=args.smooth,
            attention=args.overlay_attention,
            predict_s=args.predict_ms / 1e3,
            small_people=args.small_people,
            body_shape=body_shape_from(args),
        ),
        outputs=OutputConfig(
            publish=publish,
            viewer=PublishConfig(viewer, previews=shown) if viewer is not None else None,
            save=args.save,
            overlay=args.overlay,
            overlay_encoder=args.overlay_encoder,
            summary=args.summary,
            record=record,
            rotation=rotation_from(args),
            rerun=rerun,
            window=args.open3d,
            schedules=schedules_from(args),
        ),
        monitoring=monitoring_from(args),
        quiet=args.quiet,
        room=room,
    )


def _room_from(args: argparse.Namespace) -> RoomSetup | None:
    """The room of --rig. Raises MeshcastError for a rig that does not go with the sources."""
    if args.rig is None:
        return None
    from dataclasses import replace

    from edge.cli.config_merge import source_views
    from edge.room.config import RoomConfig
    from edge.room_config import room_setup
    from edge.runtime.room_results import ROOM

    if any(view.camera or view.fov is not None or view.camera_height is not None for view in source_views(args)):
        raise UsageError("--camera, --fov, --camera-height: --rig has the cameras; leave them out")
    setup = room_setup(args.rig, len(args.sources), args.stream, ROOM)
    sized = args.height is not None or args.shape is not None
    return replace(setup, fusion=RoomConfig.of(smooth=args.smooth, sized=sized))


def table(report: dict[str, Any]) -> str:
    """Format the report of a run: people, frame rate, latency of each stage in ms, and models."""
    lines = []
    for name, stream in report.get("streams", {"": report}).items():
        lines += [*([f"{name}:"] if name else []), *_stream_lines(stream), ""]
    if "streams" in report:
        lines += [*_times(report["engines_ms"]), ""]
    for task, use in report["models"].items():
        weights = "" if use["weights"] == "trained" else f", {use['weights']}"
        lines.append(f"{task:<13}{use['name']} ({use['backend']}, {use['device']}, {use['precision']}{weights})")
    lines += [f"{'note':<13}{one_line(warning)}" for warning in report["warnings"]]
    return "\n".join(lines)


def _stream_lines(report: dict[str, Any]) -> list[str]:
    counts = (
        f"{report['frames']} frames, {report['frames_with_people']} with people, {len(report['ids'])} ids",
        f"{report['fps']:.1f} fps, {report['dropped_frames']} frames dropped",
    )
    rows = dict(report["stages_ms"])
    rows["capture to publish"] = report["latency_ms"]
    lines = [", ".join(counts)]
    if note := camera_note(report):
        lines.append(note)
    return [*lines, "", *_times(rows)]


def camera_note(report: dict[str, Any]) -> str:
    """The line about an assumed field of view in the report of a stream, empty without."""
    camera = report["camera"]
    if camera["source"] != "assumed":
        return ""
    return (
        f"camera: distances assume a horizontal field of view of {camera['fov_deg']:g} degrees; "
        "set it with --fov or --camera"
    )


def _times(rows: dict[str, dict[str, float]]) -> list[str]:
    lines = [f"{'stage':<20}{'runs':>7}{'median ms':>11}{'p95 ms':>9}{'p99 ms':>9}{'max ms':>9}"]
    for stage, times in rows.items():
        if times:
            p50, p95, p99, most = (times[key] for key in ("p50", "p95", "p99", "max"))
            lines.append(f"{stage:<20}{times['count']:>7}{p50:>11.2f}{p95:>9.2f}{p99:>9.2f}{most:>9.2f}")
    return lines
