"""`meshcast record ADDRESS OUT.mcap`: record the messages of a publisher, byte for byte."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING

from edge import console
from edge.cli.options import add_client_curve_options, add_subscriber_options, curve_from, positive, seconds
from edge.cli.record_options import add_rotation_options, rotation_of
from edge.errors import EXIT_INPUT, EXIT_PARTIAL, EXIT_WHOLE
from edge.text import one_line

if TYPE_CHECKING:
    from edge.recording.recorder import RecordingStats


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `record` command to the command line."""
    parser = subparsers.add_parser(
        "record",
        help="record a published stream",
        description="Record every message from ADDRESS with its time of arrival as an MCAP file. Stop with Ctrl-C.",
        epilog="exit codes: 0 success, 1 no frame received or unusable address or file, 2 usage error, 3 fewer frames "
        "than --count or unfinished file",
    )
    add_subscriber_options(parser)
    parser.add_argument(
        "out",
        type=Path,
        metavar="OUT.mcap",
        help="output file, named OUT.mcap.part until it is complete; {date} in its name becomes the local time",
    )
    parser.add_argument(
        "--levels",
        type=lambda text: tuple(text.split(",")),
        default=("params", "joints", "mesh"),
        metavar="LEVEL,...",
        help="levels of detail to record: params, joints, mesh-lod, mesh, and preview and stats, if the "
        "publisher sends them (default: params,joints,mesh)",
    )
    parser.add_argument(
        "--seconds", type=seconds, default=math.inf, metavar="S", help="stop S seconds after the first frame"
    )
    parser.add_argument("--count", type=positive, default=math.inf, metavar="N", help="stop after N frames")
    add_rotation_options(parser, prefix="", file="OUT")
    add_client_curve_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Record until Ctrl-C, --seconds or --count. Returns the exit code."""
    from edge.cli.status_line import StatusLine
    from edge.errors import OutputError
    from edge.recording.recorder import record
    from edge.runtime.signals import interruptible

    curve = curve_from(args)
    rotation = rotation_of(args.every, args.size, args.quota)
    stats: RecordingStats | None = None

    def on_progress(current: RecordingStats) -> None:
        nonlocal stats
        stats = current
        status_line.show(f"{stats.duration_s:.0f} s, {stats.frames} frames, {_megabytes(stats.message_bytes)}")

    console.note(f"subscribed to {args.address}; stop with Ctrl-C", "record")
    try:
        with interruptible() as interrupt, StatusLine() as status_line:
            stats = record(
                args.address,
                args.out,
                rotation=rotation,
                levels=args.levels,
                stream=args.stream,
                seconds=args.seconds,
                count=args.count,
                should_stop=lambda: interrupt.asked,
                on_progress=on_progress,
                curve=curve,
            )
    except OutputError as error:
        console.error(str(error), "record")
        return EXIT_PARTIAL if stats is not None and stats.frames else EXIT_INPUT
    for warning in _warnings(stats):
        console.warn(warning, "record")
    if not stats.frames:
        console.error(
            f"{args.address}: no frame of {', '.join(args.levels)} received, nothing was written; check that a "
            "publisher is running there",
            "record",
        )
        return EXIT_INPUT
    console.out(summary(stats.path or args.out, stats))
    return EXIT_WHOLE if args.count in (math.inf, stats.frames) else EXIT_PARTIAL


def summary(path: Path, stats: RecordingStats) -> str:
    """Format the statistics of a recording in two lines."""
    topics = ", ".join(f"{count} {topic}" for topic, count in sorted(stats.topics.items()))
    return (
        f"wrote {one_line(str(path))}: {stats.frames} frames in {stats.duration_s:.1f} s, "
        f"{stats.lost} frame messages lost, {_megabytes(stats.message_bytes)} in {_megabytes(stats.file_bytes)}\n"
        f"{stats.messages} messages: {topics}"
    )


def _warnings(stats: RecordingStats) -> list[str]:
    warnings = []
    if stats.early:
        warnings.append(f"{stats.early} frame messages skipped: received before their model")
    if stats.foreign:
        warnings.append(f"{stats.foreign} invalid messages skipped; the first: {stats.foreign_reason}")
    return warnings


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.2f} MB"
