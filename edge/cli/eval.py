"""`meshcast eval`: measure the accuracy of the pipeline on clips, or of a mesh model on data sets."""

from __future__ import annotations

import argparse
import math
import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge import console
from edge.cli import eval_dataset
from edge.cli.options import (
    add_body_options,
    add_camera_options,
    add_model_options,
    body_shape_from,
    cameras_from,
    models_from,
    positive,
)
from edge.errors import EXIT_INPUT, EXIT_WHOLE, UsageError
from edge.redaction import redact_path
from edge.text import json_bytes, one_line

if TYPE_CHECKING:
    from edge.evaluation.score import Score

# Title, width and digits after the point of the table's columns; those after the first two have a mean.
COLUMNS = (
    ("frames", 8, 0),
    ("matched", 9, 0),
    ("MPJPE mm", 10, 1),
    ("PA mm", 8, 1),
    ("root m", 8, 3),
    ("jitter mm", 11, 1),
    ("depth mm", 10, 1),
    ("foot mm/s", 11, 0),
    ("delay ms", 10, 0),
    ("limbs %", 9, 1),
    ("spread %", 10, 1),
)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `eval` command to the command line."""
    parser = subparsers.add_parser(
        "eval",
        help="measure the accuracy against 3D ground truth",
        description="Run CLIP through the pipeline and compare the annotated person with the ground truth: MPJPE and "
        "PA-MPJPE over the twelve limb joints, the position error of the mid-hip, and how steady the motion is. With a "
        "folder of `meshcast data render`, an annotation list or FreiHAND: score a mesh model (--mesh, also a "
        "checkpoint METHOD.pt) or recorded predictions on its people, with bootstrap intervals.",
    )
    parser.add_argument(
        "clips",
        nargs="+",
        type=Path,
        metavar="CLIP",
        help="one or more videos, the saved stream of a room (room.npz), or data sets",
    )
    parser.add_argument(
        "--truth", type=Path, metavar="TRUTH.npz", help="ground truth of the clips, see docs/reference/accuracy.md"
    )
    parser.add_argument(
        "--truth-camera", metavar="NAME", help="name of the camera in TRUTH (default: camNN in the name of the clip)"
    )
    parser.add_argument("--max-frames", type=positive, metavar="N", help="stop after N frames of each clip")
    parser.add_argument("--json", type=Path, metavar="OUT.json", help="write the metrics as JSON")
    parser.add_argument(
        "--no-floor", dest="floor", action="store_false", help="ignore the camera's pose in the world, and so the floor"
    )
    eval_dataset.add_options(parser)
    add_camera_options(parser)
    add_body_options(parser)
    add_model_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Evaluate every clip and print a table with the mean over clips. Returns the exit code."""
    from edge.sinks.output_file import OutputFile

    if all(eval_dataset.is_dataset(path) for path in args.clips):
        return eval_dataset.run(args)
    if args.truth is None:
        raise UsageError("--truth: missing; see meshcast eval --help")

    target = OutputFile(args.json) if args.json else None
    try:
        scores = _evaluate(args)
    except BaseException:
        if target is not None:
            target.discard()
        raise
    rows = {name: _columns(score) for name, score in scores.items()}
    means = [sum(values) / len(values) for values in zip(*(row[2:] for row in rows.values()), strict=True)]
    console.out(f"{'clip':<24}" + "".join(f"{title:>{width}}" for title, width, _ in COLUMNS))
    for name, values in rows.items():
        console.out(
            f"{one_line(name):<24}"
            + "".join(f"{value:>{width}.{digits}f}" for value, (_, width, digits) in zip(values, COLUMNS, strict=True))
        )
    console.out(
        f"{'mean':<41}"
        + "".join(f"{value:>{width}.{digits}f}" for value, (_, width, digits) in zip(means, COLUMNS[2:], strict=True))
    )
    if target is not None:
        target.write(json_bytes(_plain({name: asdict(score) for name, score in scores.items()})))
    return EXIT_WHOLE if all(math.isfinite(s.mpjpe_mm) for s in scores.values()) else EXIT_INPUT


def _columns(score: Score) -> tuple[float, ...]:
    """The numbers of a clip's row, as in COLUMNS."""
    motion, limbs = score.motion, score.limbs
    return (
        score.frames,
        score.matched,
        score.mpjpe_mm,
        score.pa_mpjpe_mm,
        score.root_error_m,
        motion.second_difference_mm,
        motion.root_depth_residual_mm,
        motion.planted_ankle_mm_s,
        score.delay_ms,
        limbs.mean_error_pct,
        limbs.mean_spread_pct,
    )


def _evaluate(args: argparse.Namespace) -> dict[str, Score]:
    """Evaluate every clip; keys are file names."""
    from edge.evaluation.evaluate import evaluate_clip
    from edge.evaluation.room import evaluate_room
    from edge.evaluation.truth import TruthError

    models, camera_config = models_from(args), cameras_from(args)[-1]
    scores = {}
    for clip in args.clips:
        if clip.suffix.lower() == ".npz":
            scores[clip.name] = evaluate_room(clip, args.truth, args.truth_camera)
            continue
        named = re.search(r"cam\d+", clip.stem)
        camera = args.truth_camera or (named.group() if named else None)
        if camera is None:
            raise TruthError(f"{redact_path(str(clip))}: no camera (camNN) in the file name; add --truth-camera")
        scores[clip.name] = evaluate_clip(
            clip,
            args.truth,
            camera,
            models,
            camera_config.camera,
            floor=args.floor,
            detect_every=args.detect_every,
            smooth=args.smooth,
            small_people=args.small_people,
            body_shape=body_shape_from(args),
            max_frames=args.max_frames,
        )
    return scores


def _plain(value: Any) -> Any:
    """Replace NaN by None: JSON has no NaN."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
