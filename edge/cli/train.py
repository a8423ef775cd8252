"""`meshcast train pose2mesh`: train a mesh model on synthetic 2D poses."""

from __future__ import annotations

import argparse
import importlib.util
from pathlib import Path

from edge import console
from edge.cli.options import FloatRange, IntegerRange
from edge.errors import EXIT_PARTIAL, EXIT_WHOLE

REQUIRED = ("torch", "onnx")  # matplotlib is optional: it draws the training curves

MINUTES = FloatRange(0, 1e6)
NUMBERS = (
    ("--lifter-minutes", MINUTES, 60, "MIN", "training time of the lifter"),
    ("--mesh-minutes", MINUTES, 20, "MIN", "training time of the mesh network"),
    ("--width", IntegerRange(1, 16384), 1024, "N", "features of the lifter"),
    ("--stages", IntegerRange(1, 32), 2, "N", "residual stages of the lifter"),
    ("--batch", IntegerRange(4, 1 << 20), 1152, "N", "frames per step of the lifter; the mesh network takes a quarter"),
    ("--frames", IntegerRange(1, 256), 12, "N", "frames of a sequence"),
    ("--threads", IntegerRange(1, 1024), 1, "N", "CPU threads"),
    ("--seed", IntegerRange(0, 1 << 31), 0, "N", "seed of the random numbers"),
)

EPILOG = """\
examples:
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
        description="Train a mesh model on synthetic people in the given poses: first a lifter from 2D to 3D "
        "keypoints, then the mesh network. Writes checkpoints and finally the model with its card to --out.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("model", choices=("pose2mesh",), help="model family to train")
    parser.add_argument(
        "--poses",
        nargs="+",
        required=True,
        metavar="POSES",
        help="files or folders with poses (AMASS .npz, .bvh, Meshcast .npz), or `sample` for the bundled poses, "
        "`sample:COUNT` for more clips of that kind",
    )
    parser.add_argument("--body", type=Path, metavar="BODY.npz", help="body model (default: bundled body)")
    parser.add_argument(
        "--out", type=Path, default=Path("out/train"), metavar="DIR", help="output folder (default: %(default)s)"
    )
    parser.add_argument("--name", default="pose2mesh_trained", help="name of the model (default: %(default)s)")
    parser.add_argument(
        "--license",
        metavar="TEXT",
        help="license in the card of the model; depends on the poses (default: unspecified; see training data)",
    )
    for option, kind, default, metavar, text in NUMBERS:
        parser.add_argument(option, type=kind, default=default, metavar=metavar, help=f"{text} (default: %(default)s)")
    parser.add_argument("--resume", action="store_true", help="resume from the checkpoints in --out")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Train both stages and run the model once. Returns the exit code; 3 if stopped or if the model does not run."""
    from edge.runtime.signals import interruptible
    from engines.cards.card import load_card
    from engines.errors import ModelError
    from engines.files.install_hint import install_hint

    missing = [name for name in REQUIRED if importlib.util.find_spec(name) is None]
    if missing:
        raise ModelError(f"training needs {' and '.join(missing)}: {install_hint('train')}")

    with interruptible() as interrupt:
        with interrupt.welcome():  # nothing to save while torch is loaded
            from engines.importing.trial import try_card
            from engines.training.export_model import NO_LICENSE
            from engines.training.loop import Reports, TrainingStopped
            from engines.training.pose2mesh import TrainConfig, train_pose2mesh

        config = TrainConfig(
            poses=tuple(args.poses),
            out=args.out,
            body=args.body,
            lifter_minutes=args.lifter_minutes,
            mesh_minutes=args.mesh_minutes,
            width=args.width,
            stages=args.stages,
            batch=args.batch,
            frames=args.frames,
            threads=args.threads,
            seed=args.seed,
            name=args.name,
            license=NO_LICENSE if args.license is None else " ".join(args.license.split()),
            resume=args.resume,
        )
        try:
            path, _ = train_pose2mesh(config, Reports(console.line, lambda: interrupt.asked))
        except TrainingStopped as stopped:
            console.line(f"meshcast: {stopped}")
            return EXIT_PARTIAL
    console.out(f"wrote {path}")
    try:
        try_card(load_card(path))
    except ModelError as error:
        console.line(f"meshcast: {path}: saved, but does not run here: {error}")
        return EXIT_PARTIAL
    console.out(f"run it:  meshcast run SOURCE --mesh {path}")
    console.out(f"keep it: meshcast models import {path.with_suffix('.onnx')}, then --mesh {config.name}")
    return EXIT_WHOLE
