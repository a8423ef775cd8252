"""`meshcast bench SOURCE`: how fast this machine is, and where the time goes."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from edge import console
from edge.cli.argument_types import Number, positive
from edge.cli.run import add_model_options, model_options
from edge.errors import EXIT_WHOLE
from edge.text import json_bytes


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `bench` command to the command line."""
    parser = subparsers.add_parser(
        "bench",
        help="measure how fast this machine is, and where the time goes",
        description="Play SOURCE, looped, through the whole pipeline to a local socket: as fast as can be with the "
        "steps side by side, one call after the other for comparison, and at a camera's pace. Leave the machine alone "
        "meanwhile.",
    )
    parser.add_argument("sources", metavar="SOURCE", nargs="+", help="videos, folders of pictures or synthetic:")
    parser.add_argument("--frames", type=positive, default=300, metavar="N", help="of each source (300)")
    parser.add_argument("--warm-up", type=positive, default=30, metavar="N", help="frames before them (30)")
    parser.add_argument(
        "--live", type=Number(0, 1000, above=True), metavar="FPS", help="also play them at this pace, as a camera would"
    )
    parser.add_argument("--json", type=Path, metavar="OUT.json", help="write all figures")
    add_model_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Measure and print the table. Returns the exit code."""
    from edge.benchmark.measure import BenchmarkConfig, measure
    from edge.run_config import RunConfig, SourceConfig
    from edge.sinks.output_file import OutputFile
    from edge.stages.config import PipelineConfig

    models, cameras = model_options(args)
    target = OutputFile(args.json) if args.json is not None else None
    try:
        pipeline = PipelineConfig.of(detect_every=args.detect_every, smooth=args.smooth)
        job = RunConfig(SourceConfig(tuple(args.sources)), models, cameras, pipeline)
        report = measure(
            BenchmarkConfig(job, args.frames, args.warm_up, args.live),
            lambda line: console.note(line, "bench"),
        )
        console.out(table(report))
        if target is not None:
            target.write(json_bytes(report))
            console.out(f"wrote {target.path}")
    finally:
        if target is not None:
            target.discard()
    return EXIT_WHOLE


def table(report: dict[str, Any]) -> str:
    """The report as text."""
    overlapped, serial = report["overlapped"], report["serial"]
    limit, by = report["limits_fps"][report["limit"]], report["limit"]
    reason = f"{report['cores']} cores" if by == "processor" else f"the step '{by}'"
    lines = [
        f"{'as fast as can be':<32}{'overlapped':>12}{'serial':>12}{'ratio':>8}",
        _both("frames per second", overlapped["fps"], serial["fps"]),
        _both("processor ms a frame", overlapped["cpu_ms_per_frame"], serial["cpu_ms_per_frame"]),
        _both("engines ms a frame", overlapped["engines_ms_per_frame"], serial["engines_ms_per_frame"]),
        _both("people a frame", overlapped["people_per_frame"], serial["people_per_frame"]),
        f"the limit is {limit:.1f} frames per second by {reason}; reached: {report['share_of_limit']:.2f}",
        *_way(overlapped),
    ]
    if "live" in report:
        live = report["live"]
        lines += ["", f"at {live['pace_fps']:g} frames per second: {live['fps']:.1f} came through", *_way(live)]
    lines += [""]
    for task, use in report["models"].items():
        lines.append(f"{task:<10}{use['name']} ({use['backend']}, {use['device']}, {use['precision']})")
    return "\n".join(lines)


def _both(name: str, overlapped: float, serial: float) -> str:
    ratio = f"{overlapped / serial:.2f}" if serial else ""
    return f"{name:<32}{overlapped:>12.2f}{serial:>12.2f}{ratio:>8}"


def _way(report: dict[str, Any]) -> list[str]:
    lines = []
    for name, stream in report["streams"].items():
        rows = dict(stream["stages_ms"])
        rows |= {f"waiting for {step}": times for step, times in stream["queues_ms"].items()}
        ages = {"latency": "capture to publish", "worked": "  of it worked on", "waited": "  of it waited"}
        rows |= {title: stream[f"{age}_ms"] for age, title in ages.items()}
        lines += ["", *_times(name, rows)]
        drops = [f"{count} {reason}" for reason, count in stream["drops"].items() if count]
        lines += [f"frames dropped: {', '.join(drops)}"] if drops else []
    lines += ["", *_times("engines", report["engines_ms"])]
    for task, rows in report["rows"].items():
        if rows["together"]:
            share = rows["together"] / rows["computed"]
            lines.append(f"{task}: {share:.2f} of {rows['computed']} rows went together with another stream's")
    return lines


def _times(title: str, rows: dict[str, dict[str, float]]) -> list[str]:
    columns = ("p50", "p95", "p99", "max")
    lines = [f"{title[:24]:<24}{'runs':>8}" + "".join(f"{f'{column} ms':>10}" for column in columns)]
    for name, times in rows.items():
        lines.append(f"{name:<24}{times['count']:>8}" + "".join(f"{times[column]:>10.2f}" for column in columns))
    return lines
