"""`meshcast record ADDRESS OUT.mcap`: keeps what a publisher sends, byte for byte."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING

from edge import console
from edge.cli.argument_types import positive, seconds
from edge.cli.curve_options import add_client_options, curve_of
from edge.errors import EXIT_INPUT, EXIT_PARTIAL, EXIT_WHOLE
from edge.text import one_line

if TYPE_CHECKING:
    from edge.recording.recorder import RecordingStats


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `record` command to the command line."""
    parser = subparsers.add_parser(
        "record",
        help="record what a publisher sends",
        description="Record every message that ADDRESS sends, with the time at which it came, as an MCAP file. "
        "Ctrl-C ends the recording.",
        epilog="exit codes: 0 whole, 1 nothing came or something cannot be used, 2 usage, 3 fewer than --count, or the "
        "file could not be finished",
    )
    parser.add_argument("address", metavar="ADDRESS", help="where to connect, for example tcp://127.0.0.1:5556")
    parser.add_argument("out", type=Path, metavar="OUT.mcap", help="the file; until the end it is OUT.mcap.part")
    parser.add_argument(
        "--levels",
        type=lambda text: tuple(text.split(",")),
        default=("params", "joints", "mesh"),
        metavar="LEVEL,...",
        help="params, joints, mesh-lod, mesh (default: params,joints,mesh)",
    )
    parser.add_argument("--stream", default="", metavar="NAME", help="only this stream (default: all of the address)")
    parser.add_argument("--seconds", type=seconds, default=math.inf, metavar="S", help="end S seconds after the first")
    parser.add_argument("--count", type=positive, default=math.inf, metavar="N", help="end after N frames")
    add_client_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Record until Ctrl-C, --seconds or --count. Returns the exit code."""
    from edge.cli.status_line import StatusLine
    from edge.errors import OutputError
    from edge.recording.recorder import record
    from edge.runtime.signals import interruptible

    curve = curve_of(args)
    tally: RecordingStats | None = None

    def shown(so_far: RecordingStats) -> None:
        nonlocal tally
        tally = so_far
        ticker.show(f"{so_far.duration_s:.0f} s, {so_far.frames} frames, {_megabytes(so_far.message_bytes)}")

    console.note(f"listening to {args.address}, Ctrl-C ends", "record")
    try:
        with interruptible() as interrupt, StatusLine() as ticker:
            tally = record(
                args.address,
                args.out,
                levels=args.levels,
                stream=args.stream,
                seconds=args.seconds,
                count=args.count,
                stopped=lambda: interrupt.asked,
                shown=shown,
                curve=curve,
            )
    except OutputError as error:
        console.error(str(error), "record")
        return EXIT_PARTIAL if tally is not None and tally.frames else EXIT_INPUT
    for remark in _remarks(tally):
        console.warn(remark, "record")
    if not tally.frames:
        console.error(
            f"{args.address}: no frame of {', '.join(args.levels)} came, nothing was written; is a publisher running "
            "there?",
            "record",
        )
        return EXIT_INPUT
    console.out(summary(args.out, tally))
    return EXIT_WHOLE if args.count in (math.inf, tally.frames) else EXIT_PARTIAL


def summary(path: Path, tally: RecordingStats) -> str:
    """What was recorded, in two lines."""
    topics = ", ".join(f"{count} {words}" for words, count in sorted(tally.topics.items()))
    return (
        f"wrote {one_line(str(path))}: {tally.frames} frames in {tally.duration_s:.1f} s, "
        f"{tally.lost} frame messages lost, {_megabytes(tally.message_bytes)} in {_megabytes(tally.file_bytes)}\n"
        f"{tally.messages} messages: {topics}"
    )


def _remarks(tally: RecordingStats) -> list[str]:
    warnings = []
    if tally.early:
        warnings.append(f"frame messages left out, because their model came later: {tally.early}")
    if tally.foreign:
        warnings.append(f"messages left out: {tally.foreign}; the first: {tally.foreign_reason}")
    return warnings


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.2f} MB"
