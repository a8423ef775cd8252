"""`meshcast eval CLIP --truth TRUTH.npz`: measure the accuracy of the pipeline against ground truth."""

from __future__ import annotations

import argparse
import math
import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge import console
from edge.cli.options import add_camera_options, add_model_options, cameras_from, models_from, positive
from edge.errors import EXIT_INPUT, EXIT_WHOLE
from edge.redaction import redact_path
from edge.text import json_bytes, one_line

if TYPE_CHECKING:
    from edge.evaluation.evaluate import Score


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `eval` command to the command line."""
    parser = subparsers.add_parser(
        "eval",
        help="measure the accuracy against 3D ground truth",
        description="Run CLIP through the pipeline and compare the annotated person with the ground truth: MPJPE and "
        "PA-MPJPE over the twelve limb joints, and the position error of the mid-hip.",
    )
    parser.add_argument("clips", nargs="+", type=Path, metavar="CLIP", help="one or more videos")
    parser.add_argument(
        "--truth", type=Path, required=True, metavar="TRUTH.npz", help="ground truth, see docs/reference/accuracy.md"
    )
    parser.add_argument(
        "--truth-camera", metavar="NAME", help="name of the camera in TRUTH (default: camNN in the name of the clip)"
    )
    parser.add_argument("--max-frames", type=positive, metavar="N", help="stop after N frames of each clip")
    parser.add_argument("--json", type=Path, metavar="OUT.json", help="write the metrics as JSON")
    add_camera_options(parser)
    add_model_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Evaluate every clip and print a table with the mean over clips. Returns the exit code."""
    from edge.sinks.output_file import OutputFile

    target = OutputFile(args.json) if args.json else None
    try:
        scores = _evaluate(args)
    except BaseException:
        if target is not None:
            target.discard()
        raise
    console.out(f"{'clip':<24}{'frames':>8}{'matched':>9}{'MPJPE mm':>10}{'PA mm':>8}{'root m':>8}")
    for name, score in scores.items():
        console.out(
            f"{one_line(name):<24}{score.frames:>8}{score.matched:>9}{score.mpjpe_mm:>10.1f}{score.pa_mpjpe_mm:>8.1f}{score.root_error_m:>8.3f}"
        )
    mean = [
        sum(getattr(s, key) for s in scores.values()) / len(scores)
        for key in ("mpjpe_mm", "pa_mpjpe_mm", "root_error_m")
    ]
    console.out(f"{'mean':<41}{mean[0]:>10.1f}{mean[1]:>8.1f}{mean[2]:>8.3f}")
    if target is not None:
        target.write(json_bytes(_plain({name: asdict(score) for name, score in scores.items()})))
    return EXIT_WHOLE if all(math.isfinite(s.mpjpe_mm) for s in scores.values()) else EXIT_INPUT


def _evaluate(args: argparse.Namespace) -> dict[str, Score]:
    """Evaluate every clip; keys are file names."""
    from edge.evaluation.evaluate import TruthError, evaluate_clip

    models, camera_config = models_from(args), cameras_from(args)[-1]
    scores = {}
    for clip in args.clips:
        named = re.search(r"cam\d+", clip.stem)
        camera = args.truth_camera or (named.group() if named else None)
        if camera is None:
            raise TruthError(f"{redact_path(str(clip))}: no camera (camNN) in the file name; add --truth-camera")
        scores[clip.name] = evaluate_clip(
            clip,
            args.truth,
            camera,
            models,
            camera_config if camera_config.camera else None,
            detect_every=args.detect_every,
            smooth=args.smooth,
            small_people=args.small_people,
            max_frames=args.max_frames,
        )
    return scores


def _plain(value: Any) -> Any:
    """Replace NaN by None: JSON has no NaN."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
