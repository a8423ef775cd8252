"""`meshcast calibrate int8 --pose NAME --from CLIP`: INT8 weights from your own footage, behind an accuracy gate."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from edge import console
from edge.cli.argument_types import Number, positive
from edge.errors import EXIT_INPUT, EXIT_WHOLE
from edge.text import one_line

if TYPE_CHECKING:
    from edge.quantization.calibrate import CalibrationResult
    from edge.quantization.samples import OnProgress

# What bfloat16 does to MoveNet on small pedestrians, rounded; bfloat16 leaves the errors against 3D truth as they are.
SHIFT_PERCENT, OKS, MESH_MM, LOST_PERCENT = 0.4, 0.97, 20.0, 2.0
FLOOR_PERCENT = 50.0
MINUTES = 10.0

EPILOG = """\
meshcast calibrate int8 --pose movenet_thunder --from clip.mp4
meshcast calibrate int8 --detector nanodet_g --from recordings/ more.mp4 --max-lost 5
meshcast run clip.mp4 --pose movenet_thunder --precision int8
meshcast models remove movenet_thunder       back to what ships

A third of each clip's time is held out from calibration and judges the result against float32. Layers that hurt stay in
float until the limits are kept. A model that does not keep them is refused, exit code 1, and nothing is written.
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `calibrate` command to the command line."""
    parser = subparsers.add_parser("calibrate", help="make INT8 weights from your own footage")
    kinds = parser.add_subparsers(metavar="KIND", title="kinds", required=True)
    int8 = kinds.add_parser(
        "int8",
        help="INT8 weights of a pose model or detector",
        description="Quantise a pose model or a detector with what it sees in your own footage.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    which = int8.add_mutually_exclusive_group(required=True)
    which.add_argument("--pose", metavar="NAME", help="quantise this pose model")
    which.add_argument("--detector", metavar="NAME", help="quantise this detector")
    int8.add_argument(
        "--from", dest="places", nargs="+", required=True, metavar="CLIP", help="videos, folders of videos or pictures"
    )
    int8.add_argument("--mesh", default="pose2mesh_open", metavar="NAME", help="whose bodies are compared")
    int8.add_argument(
        "--calibrator",
        default="auto",
        metavar="NAME",
        help="entropy, percentile, minmax, or auto (default): whichever does least harm",
    )
    int8.add_argument("--max-frames", type=positive, metavar="N", help="look at N frames of each clip")
    int8.add_argument("--minutes", type=Number(), default=MINUTES, metavar="MIN", help=f"for the search ({MINUTES:g})")
    int8.add_argument("--threads", type=positive, metavar="N", help="threads of the engines (default: all cores)")
    gate = int8.add_argument_group("limits, against float32 on held-out people")
    gate.add_argument(
        "--max-shift",
        type=Number(),
        default=SHIFT_PERCENT,
        metavar="PERCENT",
        help=f"median shift of keypoints or boxes, of the person's size ({SHIFT_PERCENT:g})",
    )
    gate.add_argument(
        "--min-oks", type=Number(), default=OKS, metavar="OKS", help=f"mean keypoint similarity ({OKS:g})"
    )
    gate.add_argument(
        "--max-shift-mm", type=Number(), default=MESH_MM, metavar="MM", help=f"median shift of vertices ({MESH_MM:g})"
    )
    gate.add_argument(
        "--max-lost", type=Number(), default=LOST_PERCENT, metavar="PERCENT", help=f"people lost ({LOST_PERCENT:g})"
    )
    gate.add_argument(
        "--min-int8",
        type=Number(),
        default=FLOOR_PERCENT,
        metavar="PERCENT",
        help=f"share of the arithmetic that must be left in INT8 ({FLOOR_PERCENT:g})",
    )
    int8.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Make, judge and keep the INT8 weights; print the gate's table. Returns the exit code."""
    from calibration.int8.metrics import Limits
    from edge.models import Models
    from edge.quantization.calibrate import CalibrationConfig, calibrate_detector, calibrate_pose
    from edge.quantization.samples import clips_of
    from engines.cards.card import load_card
    from engines.cards.variants import add_int8

    recipe = CalibrationConfig(
        Limits(args.max_shift, args.min_oks, args.max_shift_mm, args.max_lost),
        calibrator=args.calibrator,
        floor=args.min_int8 / 100,
        seconds=60 * args.minutes,
        threads=args.threads,
        max_frames=args.max_frames,
    )
    clips = clips_of(args.places)
    card = load_card(args.pose, "pose") if args.pose else load_card(args.detector, "detector")
    with _progress() as on_progress:
        if args.pose:
            models = Models(pose=args.pose, mesh=args.mesh)
            made = calibrate_pose(card, clips, models, recipe, on_progress)
        else:
            made = calibrate_detector(card, clips, recipe, on_progress)
    console.out(table(made))
    if made.gate.failures:
        console.error(f"{card.name} is refused: {made.gate.failures[0]}; nothing was written")
        return EXIT_INPUT
    written = add_int8(card, made.data, made.gate)
    console.out(f"wrote {written.path}: meshcast run SOURCE --{card.task} {written.name} --precision int8")
    return EXIT_WHOLE


def table(made: CalibrationResult) -> str:
    """The gate as text: a line a figure, with its limit and what bfloat16 does."""
    gate = made.gate
    half = [f"{figure.value:.4g}" for figure in made.bf16] or ["-"] * len(gate.metrics)
    lines = [f"{'against fp32':<44}{'int8':>10}{'limit':>10}{'bf16':>10}"]
    for figure, other in zip(gate.metrics, half, strict=True):
        name = f"{figure.name}, {figure.unit}" if figure.unit else figure.name
        limit = "" if figure.limit is None else f"{'>=' if figure.at_least else '<='} {figure.limit:g}"
        verdict = "" if figure.passed else "  failed"
        lines.append(f"{name:<44}{figure.value:>10.4g}{limit:>10}{other:>10}{verdict}")
    lines.append(
        f"{gate.people} people held out, {gate.inputs} inputs calibrated ({gate.calibrator}), "
        f"{gate.int8_share:.0%} of the arithmetic in INT8, {len(gate.kept)} layers in float"
    )
    return "\n".join(lines)


@contextmanager
def _progress() -> Iterator[OnProgress]:
    """A line on the terminal that says what is being done; nothing where stderr is none."""
    if not console.interactive():
        yield lambda what, done: None
        return
    from rich.console import Console
    from rich.text import Text

    with Console(file=console.terminal()).status("starting") as status:
        yield lambda what, done: status.update(Text(one_line(f"{what} {done:.0%}")))
