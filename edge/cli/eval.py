"""`meshcast eval CLIP --truth TRUTH.npz`: the pipeline against real 3D truth."""

from __future__ import annotations

import argparse
import math
import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge import console
from edge.cli.argument_types import positive
from edge.cli.run import add_model_options, model_options
from edge.errors import EXIT_INPUT, EXIT_WHOLE
from edge.redaction import redact_path
from edge.text import json_bytes, one_line

if TYPE_CHECKING:
    from edge.evaluation.evaluate import Score


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `eval` command to the command line."""
    parser = subparsers.add_parser(
        "eval",
        help="measure the pipeline against 3D truth",
        description="Run CLIP through the pipeline and compare the person whom the truth describes, joint by joint: "
        "MPJPE and PA-MPJPE over the twelve limb joints, and the error of the mid-hip's place.",
    )
    parser.add_argument("clips", nargs="+", type=Path, metavar="CLIP", help="one or more videos")
    parser.add_argument("--truth", type=Path, required=True, metavar="TRUTH.npz", help="see docs/reference/accuracy.md")
    parser.add_argument("--truth-camera", metavar="NAME", help="camera in TRUTH (default: camNN in the clip's name)")
    parser.add_argument("--max-frames", type=positive, metavar="N")
    parser.add_argument("--json", type=Path, metavar="OUT.json", help="write the figures")
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
    """The score of every clip by its file's name."""
    from edge.evaluation.evaluate import TruthError, evaluate_clip

    models, (*_, view) = model_options(args)
    scores = {}
    for clip in args.clips:
        named = re.search(r"cam\d+", clip.stem)
        camera = args.truth_camera or (named.group() if named else None)
        if camera is None:
            raise TruthError(f"{redact_path(str(clip))}: its name says no camera; give --truth-camera")
        scores[clip.name] = evaluate_clip(
            clip,
            args.truth,
            camera,
            models,
            view if view.camera else None,
            detect_every=args.detect_every,
            smooth=args.smooth,
            max_frames=args.max_frames,
        )
    return scores


def _plain(value: Any) -> Any:
    """The value with null where a number is missing: JSON has no NaN."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
