"""`meshcast train pose2mesh`: train the mesh model on synthetic 2D poses."""

from __future__ import annotations

import argparse
import importlib.util
import math
from pathlib import Path

from edge import console
from edge.errors import EXIT_PARTIAL, EXIT_WHOLE

NEEDED = ("torch", "onnx")  # before anything is trained; matplotlib only draws the curves

EPILOG = """\
meshcast train pose2mesh --poses sample --lifter-minutes 1 --mesh-minutes 1 --width 256 --out out/first
meshcast train pose2mesh --poses AMASS/ 100STYLE/ mine.npz --license 'for research only' --name ours
meshcast eval CLIP --truth TRUTH.npz --mesh out/train/ours.toml
meshcast models import out/train/ours.onnx
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `train` command to the command line."""
    parser = subparsers.add_parser(
        "train",
        help="train a mesh model on synthetic poses (needs the extra [train])",
        description="Train the mesh model on synthetic people in given poses: first a lifter from 2D keypoints to 3D, "
        "then the mesh. Writes checkpoints, and at the end a model with its card, into --out.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("model", choices=("pose2mesh",), help="what to train")
    parser.add_argument(
        "--poses",
        nargs="+",
        required=True,
        metavar="POSES",
        help="files or folders: AMASS .npz, .bvh, Meshcast's own .npz; or `sample`, the poses that ship",
    )
    parser.add_argument("--body", type=Path, metavar="BODY.npz", help="default: the open body")
    parser.add_argument("--out", type=Path, default=Path("out/train"), metavar="DIR", help="checkpoints and model")
    parser.add_argument("--name", default="pose2mesh_trained", help="what to call the model (%(default)s)")
    parser.add_argument(
        "--license",
        metavar="TEXT",
        help="what the model's card says of its license; it depends on the poses (unspecified; see training data)",
    )
    parser.add_argument("--lifter-minutes", type=_minutes, default=60, metavar="MIN", help="time of stage one (60)")
    parser.add_argument("--mesh-minutes", type=_minutes, default=20, metavar="MIN", help="time of stage two (20)")
    parser.add_argument("--width", type=_Whole(1, 16384), default=1024, metavar="N", help="features of the lifter")
    parser.add_argument("--stages", type=_Whole(1, 32), default=2, metavar="N", help="residual stages of the lifter")
    parser.add_argument("--batch", type=_Whole(4, 1 << 20), default=512, metavar="N", help="people a step (512)")
    parser.add_argument("--threads", type=_Whole(1, 1024), default=1, metavar="N", help="threads of the processor (1)")
    parser.add_argument("--seed", type=_Whole(0, 1 << 31), default=0, metavar="N")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoints in --out")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Train both stages and try the model. Returns the exit code; 3 where it was stopped or does not run here."""
    from edge.runtime.signals import interruptible
    from engines.cards.card import load_card
    from engines.errors import ModelError
    from engines.files.install_hint import install_hint

    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise ModelError(f"training needs {' and '.join(missing)}: {install_hint('train')}")

    say = console.line

    with interruptible() as interrupt:
        with interrupt.welcome():  # while torch is loaded there is nothing to keep
            from engines.inference.trial import try_card
            from engines.training.export_model import NO_LICENSE
            from engines.training.loop import Reports, TrainingStopped
            from engines.training.pose2mesh import TrainConfig, train_pose2mesh

        recipe = TrainConfig(
            poses=tuple(args.poses),
            out=args.out,
            body=args.body,
            lifter_minutes=args.lifter_minutes,
            mesh_minutes=args.mesh_minutes,
            width=args.width,
            stages=args.stages,
            batch=args.batch,
            threads=args.threads,
            seed=args.seed,
            name=args.name,
            license=NO_LICENSE if args.license is None else " ".join(args.license.split()),
            resume=args.resume,
        )
        try:
            path, _ = train_pose2mesh(recipe, Reports(say, lambda: interrupt.asked))
        except TrainingStopped as stopped:
            say(f"meshcast: {stopped}")
            return EXIT_PARTIAL
    console.out(f"wrote {path}")
    try:
        try_card(load_card(path))
    except ModelError as error:
        say(f"meshcast: the model is kept, but cannot be run here: {error}")
        return EXIT_PARTIAL
    console.out(f"run it:  meshcast run SOURCE --mesh {path}")
    console.out(f"keep it: meshcast models import {path.with_suffix('.onnx')}, then --mesh {recipe.name}")
    return EXIT_WHOLE


def _minutes(text: str) -> float:
    try:
        minutes = float(text)
    except ValueError:
        minutes = math.nan
    if not 0 <= minutes <= 1e6:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of minutes")
    return minutes


class _Whole:
    """A whole number within limits, as an argument's type."""

    def __init__(self, low: int, high: int) -> None:
        self._low, self._high = low, high

    def __call__(self, text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = self._low - 1
        if not self._low <= number <= self._high:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {self._low} to {self._high}")
        return number
