"""`meshcast calibrate int8 --pose NAME --from CLIP`: quantize a model with your own recordings."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from edge import console
from edge.cli.options import FloatRange, positive
from edge.errors import EXIT_INPUT, EXIT_WHOLE
from edge.text import one_line

if TYPE_CHECKING:
    from edge.quantization.calibrate import CalibrationResult
    from edge.quantization.samples import OnProgress

# The degradation of MoveNet under bfloat16 on small pedestrians, rounded: bfloat16 does not change its 3D error.
MAX_SHIFT_PERCENT, MIN_OKS, MAX_SHIFT_MM, MAX_LOST_PERCENT = 0.4, 0.97, 20.0, 2.0
MIN_INT8_PERCENT = 50.0
SEARCH_MINUTES = 10.0

EPILOG = """\
examples:
  meshcast calibrate int8 --pose movenet_thunder --from clip.mp4
  meshcast calibrate int8 --detector nanodet_g --from recordings/ more.mp4 --max-lost 5
  meshcast run clip.mp4 --pose movenet_thunder --precision int8
  meshcast models remove movenet_thunder       restore the bundled model

A third of each clip is held out from calibration and used to compare the result with float32. Layers that degrade the
result most stay in float until it is within the limits. A model that stays outside is rejected with exit code 1, and
nothing is written.
"""


def add_parser(kinds: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `calibrate int8` to the kinds of calibrations."""
    int8 = kinds.add_parser(
        "int8",
        help="quantize a pose model or a detector",
        description="Quantize a pose model or a detector to INT8, calibrated on your own recordings.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    which = int8.add_mutually_exclusive_group(required=True)
    which.add_argument("--pose", metavar="NAME", help="pose model to quantize")
    which.add_argument("--detector", metavar="NAME", help="detector to quantize")
    int8.add_argument(
        "--from",
        dest="clips",
        nargs="+",
        required=True,
        metavar="CLIP",
        help="calibration samples: videos, folders of videos or images",
    )
    int8.add_argument(
        "--mesh", default="pose2mesh_open", metavar="NAME", help="mesh model of the comparison (default: %(default)s)"
    )
    int8.add_argument(
        "--calibrator",
        default="auto",
        metavar="NAME",
        help="entropy, percentile, minmax, or auto (default), which selects the one with the least degradation",
    )
    int8.add_argument("--max-frames", type=positive, metavar="N", help="use at most N frames of each clip")
    int8.add_argument(
        "--minutes",
        type=FloatRange(),
        default=SEARCH_MINUTES,
        metavar="MIN",
        help=f"time limit of the search for layers to keep in float (default: {SEARCH_MINUTES:g})",
    )
    int8.add_argument("--threads", type=positive, metavar="N", help="inference threads (default: all cores)")
    _add_limits(int8)
    int8.set_defaults(run=run)


def _add_limits(parser: argparse.ArgumentParser) -> None:
    gate = parser.add_argument_group("limits of the degradation, against float32 on held-out people")
    gate.add_argument(
        "--max-shift",
        type=FloatRange(),
        default=MAX_SHIFT_PERCENT,
        metavar="PERCENT",
        help=f"median shift of keypoints or boxes, relative to the person's size (default: {MAX_SHIFT_PERCENT:g})",
    )
    gate.add_argument(
        "--min-oks",
        type=FloatRange(),
        default=MIN_OKS,
        metavar="OKS",
        help=f"mean object keypoint similarity (default: {MIN_OKS:g})",
    )
    gate.add_argument(
        "--max-shift-mm",
        type=FloatRange(),
        default=MAX_SHIFT_MM,
        metavar="MM",
        help=f"median shift of vertices (default: {MAX_SHIFT_MM:g})",
    )
    gate.add_argument(
        "--max-lost",
        type=FloatRange(),
        default=MAX_LOST_PERCENT,
        metavar="PERCENT",
        help=f"people no longer found (default: {MAX_LOST_PERCENT:g})",
    )
    gate.add_argument(
        "--min-int8",
        type=FloatRange(),
        default=MIN_INT8_PERCENT,
        metavar="PERCENT",
        help=f"minimum share of the arithmetic in INT8 (default: {MIN_INT8_PERCENT:g})",
    )


def run(args: argparse.Namespace) -> int:
    """Quantize, evaluate and save a model; print the accuracy gate. Returns the exit code."""
    from calibration.int8.metrics import Limits
    from edge.models import Models
    from edge.quantization.calibrate import CalibrationConfig, calibrate_detector, calibrate_pose
    from edge.quantization.samples import clips_of
    from engines.cards.card import load_card
    from engines.cards.variants import add_int8

    config = CalibrationConfig(
        Limits(args.max_shift, args.min_oks, args.max_shift_mm, args.max_lost),
        calibrator=args.calibrator,
        floor=args.min_int8 / 100,
        seconds=60 * args.minutes,
        threads=args.threads,
        max_frames=args.max_frames,
    )
    clips = clips_of(args.clips)
    card = load_card(args.pose, "pose") if args.pose else load_card(args.detector, "detector")
    with _progress() as on_progress:
        if args.pose:
            models = Models(pose=args.pose, mesh=args.mesh)
            result = calibrate_pose(card, clips, models, config, on_progress)
        else:
            result = calibrate_detector(card, clips, config, on_progress)
    console.out(table(result))
    if result.gate.failures:
        console.error(f"{card.name}: rejected, {result.gate.failures[0]}; nothing was written")
        return EXIT_INPUT
    written = add_int8(card, result.data, result.gate)
    console.out(f"wrote {written.path}: meshcast run SOURCE --{card.task} {written.name} --precision int8")
    return EXIT_WHOLE


def table(result: CalibrationResult) -> str:
    """Format the accuracy gate: one line per metric, with its limit and the value under bfloat16."""
    gate = result.gate
    bf16 = [f"{metric.value:.4g}" for metric in result.bf16] or ["-"] * len(gate.metrics)
    lines = [f"{'against fp32':<44}{'int8':>10}{'limit':>10}{'bf16':>10}"]
    for metric, bf16_value in zip(gate.metrics, bf16, strict=True):
        name = f"{metric.name}, {metric.unit}" if metric.unit else metric.name
        limit = "" if metric.limit is None else f"{'>=' if metric.at_least else '<='} {metric.limit:g}"
        verdict = "" if metric.passed else "  failed"
        lines.append(f"{name:<44}{metric.value:>10.4g}{limit:>10}{bf16_value:>10}{verdict}")
    lines.append(
        f"{gate.people} people held out, {gate.inputs} inputs calibrated ({gate.calibrator}), "
        f"{gate.int8_share:.0%} of the arithmetic in INT8, {len(gate.kept)} layers in float"
    )
    return "\n".join(lines)


@contextmanager
def _progress() -> Iterator[OnProgress]:
    """Yield a progress callback that updates a status line; it does nothing unless stderr is a terminal."""
    if not console.interactive():
        yield lambda what, done: None
        return
    from rich.console import Console
    from rich.text import Text

    with Console(file=console.terminal()).status("starting") as status:
        yield lambda what, done: status.update(Text(one_line(f"{what} {done:.0%}")))
