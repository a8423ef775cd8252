"""`meshcast bench SOURCE`: measure throughput and latency of the pipeline on this machine."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from edge import console
from edge.cli.options import (
    FloatRange,
    add_camera_options,
    add_model_options,
    cameras_from,
    models_from,
    positive,
)
from edge.errors import EXIT_WHOLE, UsageError
from edge.text import json_bytes


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `bench` command to the command line."""
    parser = subparsers.add_parser(
        "bench",
        help="measure throughput and latency on this machine",
        description="Loop SOURCE through the whole pipeline to a local socket: at full speed with overlapped stages, "
        "serially for comparison, and with --live at the frame rate of a camera. For meaningful numbers keep the "
        "machine idle.",
    )
    parser.add_argument("sources", metavar="SOURCE", nargs="*", help="videos, folders of images or synthetic:")
    parser.add_argument(
        "--simulate",
        type=Path,
        metavar="BOARD.toml",
        help="measure nothing: project throughput and latency from the stage times in this file",
    )
    parser.add_argument(
        "--frames", type=positive, default=300, metavar="N", help="frames to measure per source (default: %(default)s)"
    )
    parser.add_argument(
        "--warm-up",
        type=positive,
        default=30,
        metavar="N",
        help="frames to process before measuring (default: %(default)s)",
    )
    parser.add_argument(
        "--live",
        type=FloatRange(0, 1000, above=True),
        metavar="FPS",
        help="measure at this frame rate too, like a camera",
    )
    parser.add_argument("--json", type=Path, metavar="OUT.json", help="write all measurements as JSON")
    add_camera_options(parser)
    add_model_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Measure and print the table. Returns the exit code."""
    from edge.benchmark.measure import BenchmarkConfig, measure
    from edge.run_config import RunConfig, SourceConfig
    from edge.sinks.output_file import OutputFile
    from edge.stages.config import PipelineConfig

    if bool(args.sources) is (args.simulate is not None):
        raise UsageError("bench: needs either sources to measure or --simulate BOARD.toml")
    target = OutputFile(args.json) if args.json is not None else None
    try:
        if args.simulate is not None:
            report, text = _simulated(args.simulate)
            console.out(text)
            if target is not None:
                target.write(json_bytes(report))
                console.out(f"wrote {target.path}")
            return EXIT_WHOLE
        pipeline = PipelineConfig.of(detect_every=args.detect_every, smooth=args.smooth, small_people=args.small_people)
        config = RunConfig(SourceConfig(tuple(args.sources)), models_from(args), cameras_from(args), pipeline)
        report = measure(
            BenchmarkConfig(config, args.frames, args.warm_up, args.live),
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


def _simulated(path: Path) -> tuple[dict[str, Any], str]:
    """A projection as plain data and as text."""
    from edge.benchmark.board import Board
    from edge.benchmark.simulate import simulate

    board = Board.load(path)
    found = simulate(board)
    load = f"at {board.fps:g} frames per second each" if board.fps else "as fast as possible"
    latencies = {f"p{share:g}": found.latency_ms(share / 100) for share in (50, 95, 99)}
    report = {
        "projection": True,
        "board": board.name,
        "times": board.times,
        "cameras": board.cameras,
        "people": board.people,
        "fps": round(found.fps, 2),
        "latency_ms": {name: round(ms, 3) for name, ms in latencies.items()},
        "dropped_frames": found.dropped,
        "busy": {name: round(share, 3) for name, share in found.busy.items()},
        "waits_ms": {name: round(ms, 3) for name, ms in found.waits_ms.items()},
    }
    lines = [
        f"projection, not a measurement: {board.name}; times: {board.times}",
        f"{board.cameras} camera(s), {board.people} person(s) each, {load}",
        "",
        f"{'frames per second, all cameras':<36}{found.fps:>10.1f}",
        f"{'person-meshes per second':<36}{found.fps * board.people:>10.1f}",
        *(f"{f'capture to output, {name}, ms':<36}{ms:>10.2f}" for name, ms in latencies.items()),
        *([f"{'frames dropped':<36}{found.dropped:>10}"] if board.fps else []),
        "",
        *(f"{f'{name} busy':<36}{share:>10.0%}" for name, share in found.busy.items()),
        "",
        f"{'mean wait of a frame':<36}{'ms':>10}",
        *(f"{f'  {name}':<36}{ms:>10.2f}" for name, ms in found.waits_ms.items()),
    ]
    return report, "\n".join(lines)


def table(report: dict[str, Any]) -> str:
    """Format the report as text."""
    overlapped, serial = report["overlapped"], report["serial"]
    limit, by = report["limits_fps"][report["limit"]], report["limit"]
    reason = f"{report['cores']} cores" if by == "processor" else f"the stage '{by}'"
    lines = [
        f"{'full speed':<32}{'overlapped':>12}{'serial':>12}{'ratio':>8}",
        _both("frames per second", overlapped["fps"], serial["fps"]),
        _both("CPU ms per frame", overlapped["cpu_ms_per_frame"], serial["cpu_ms_per_frame"]),
        _both("inference ms per frame", overlapped["engines_ms_per_frame"], serial["engines_ms_per_frame"]),
        _both("people per frame", overlapped["people_per_frame"], serial["people_per_frame"]),
        f"upper bound: {limit:.1f} frames per second, set by {reason}; {report['share_of_limit']:.0%} of it reached",
        *_runner_lines(overlapped),
    ]
    if "live" in report:
        live = report["live"]
        lines += ["", f"at {live['pace_fps']:g} frames per second: {live['fps']:.1f} processed", *_runner_lines(live)]
    lines += [""]
    for task, use in report["models"].items():
        lines.append(f"{task:<10}{use['name']} ({use['backend']}, {use['device']}, {use['precision']})")
    return "\n".join(lines)


def _both(name: str, overlapped: float, serial: float) -> str:
    ratio = f"{overlapped / serial:.2f}" if serial else ""
    return f"{name:<32}{overlapped:>12.2f}{serial:>12.2f}{ratio:>8}"


def _runner_lines(report: dict[str, Any]) -> list[str]:
    lines = []
    for name, stream in report["streams"].items():
        rows = dict(stream["stages_ms"])
        rows |= {f"waiting for {step}": times for step, times in stream["queues_ms"].items()}
        ages = {"latency": "capture to publish", "worked": "  processing", "waited": "  waiting"}
        rows |= {title: stream[f"{age}_ms"] for age, title in ages.items()}
        lines += ["", *_times(name, rows)]
        drops = [f"{count} {reason}" for reason, count in stream["drops"].items() if count]
        lines += [f"frames dropped: {', '.join(drops)}"] if drops else []
    lines += ["", *_times("engines", report["engines_ms"])]
    for task, rows in report["rows"].items():
        if rows["together"]:
            share = rows["together"] / rows["computed"]
            lines.append(f"{task}: {share:.0%} of {rows['computed']} samples were batched with those of another stream")
    return lines


def _times(title: str, rows: dict[str, dict[str, float]]) -> list[str]:
    columns = ("p50", "p95", "p99", "max")
    lines = [f"{title[:24]:<24}{'runs':>8}" + "".join(f"{f'{column} ms':>10}" for column in columns)]
    for name, times in rows.items():
        lines.append(f"{name:<24}{times['count']:>8}" + "".join(f"{times[column]:>10.2f}" for column in columns))
    return lines
