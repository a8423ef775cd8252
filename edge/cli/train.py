"""`meshcast train`: train a mesh model on synthetic 2D poses, or an image network on rendered people."""

from __future__ import annotations

import argparse
import importlib.util
from dataclasses import replace
from pathlib import Path
from typing import Any

from edge import console
from edge.cli.options import FloatRange, IntegerRange
from edge.errors import EXIT_PARTIAL, EXIT_WHOLE, UsageError

REQUIRED = ("torch", "onnx")  # matplotlib is optional: it draws the training curves

MINUTES = FloatRange(0, 1e6)
PARTS = 1000  # of the progress bar
METHODS = ("pose2mesh", "pare", "dct", "decomr", "imphmr", "pose2mesh_hand")
# Options that a configuration file has too: those that are given win.
IMAGE_NUMBERS = (
    ("--steps", IntegerRange(1, 10**9), "N", "steps of the optimizer (20000)"),
    ("--image-batch", IntegerRange(2, 1 << 16), "N", "images in a batch (32)"),
    ("--size", IntegerRange(32, 1024), "PX", "side of the crops (224)"),
    ("--learning-rate", FloatRange(0, 10, above=True), "RATE", "peak learning rate (0.00025)"),
    ("--evaluation-samples", IntegerRange(1, 10**6), "N", "samples that are evaluated at each report (128)"),
)
HANDS = "pose2mesh_hand"
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
  meshcast train pare --data rendered --backbone resnet18 --size 112 --steps 4000 --out out/pare
  meshcast train dct --data out/people --config dct.toml --out out/dct --resume
  meshcast train pose2mesh --poses sample --lifter-minutes 1 --mesh-minutes 1 --width 256 --out out/first
  meshcast train pose2mesh --poses AMASS/ 100STYLE/ mine.npz --license 'for research only' --name ours
  meshcast eval CLIP --truth TRUTH.npz --mesh out/train/ours.toml
  meshcast models import out/train/ours.onnx
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `train` command to the command line."""
    parser = subparsers.add_parser(
        "train",
        help="train a mesh model (needs the extra [train])",
        description="Train a mesh model. With --poses: pose2mesh on synthetic people, first a lifter from 2D to 3D "
        "keypoints, then the mesh network; writes checkpoints and finally the model with its card to --out. "
        "With --data: a published method on images with annotations; writes a checkpoint, metrics, curves and an "
        "event file for TensorBoard.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("model", choices=METHODS, metavar="METHOD", help="method: " + ", ".join(METHODS))
    parser.add_argument(
        "--poses",
        nargs="+",
        metavar="POSES",
        help="pose2mesh without images: files or folders with poses (AMASS .npz, .bvh, Meshcast .npz), or `sample` for "
        "the bundled poses, `sample:COUNT` for more clips of that kind",
    )
    parser.add_argument(
        "--data",
        nargs="+",
        metavar="DATA",
        help="folders of `meshcast data render`, annotation lists (.npz, .pkl, .mat, .json), or "
        "`rendered` to render people while training",
    )
    parser.add_argument("--config", type=Path, metavar="CONFIG.toml", help="settings of a training with --data")
    parser.add_argument("--backbone", metavar="NAME", help="trunk of the network: resnet50, resnet18, tiny (resnet50)")
    parser.add_argument(
        "--device", metavar="NAME", help="with --data: cpu or cuda:N, in bfloat16 where the device has it (cpu)"
    )
    for option, kind, metavar, text in IMAGE_NUMBERS:
        parser.add_argument(option, type=kind, metavar=metavar, help=text)
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
    parser.add_argument("--quiet", action="store_true", help="show no progress bar")
    parser.add_argument("--resume", action="store_true", help="resume from the checkpoints in --out")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Train a model. Returns the exit code; 3 if stopped or if the model does not run."""
    from engines.errors import ModelError
    from engines.files.install_hint import install_hint

    with_data = args.data is not None or args.config is not None
    if with_data and args.poses is not None:
        raise UsageError("--poses: not with --data or --config; use one of them")
    if not with_data and args.poses is None:
        raise UsageError("train: --data or --poses: missing; see meshcast train --help")
    if args.poses is not None and args.model != "pose2mesh":
        raise UsageError(f"--poses: {args.model} is trained on images; use --data")
    missing = [name for name in REQUIRED if importlib.util.find_spec(name) is None]
    if missing:
        raise ModelError(f"training needs {' and '.join(missing)}: {install_hint('train')}")
    return _train_on_images(args) if with_data else _train_on_poses(args)


def _train_on_images(args: argparse.Namespace) -> int:
    from edge.monitoring.task_progress import task_progress
    from edge.runtime.signals import interruptible

    with interruptible() as interrupt:
        with interrupt.welcome():
            from engines.training.hands import train_hands
            from engines.training.image_config import DataConfig, ImageTrainConfig, read_image_config
            from engines.training.image_training import train_images, training_device
            from engines.training.loop import Reports, TrainingStopped

        data = tuple(DataConfig(path) for path in args.data or ())
        config = ImageTrainConfig(args.model, args.out, data, resume=args.resume)
        config = read_image_config(args.config, config)
        config = replace(config, **_given(args), data=data or config.data)
        if args.backbone is not None:
            config = replace(config, network=replace(config.network, backbone=args.backbone))
        try:
            with task_progress(f"training {args.model}", PARTS, args.quiet) as show:
                reports = Reports(
                    console.line, lambda: interrupt.asked, every_s=300.0, on_part=lambda done: show(round(done * PARTS))
                )
                if args.model == HANDS:
                    path = train_hands(config, training_device(config.device), reports)
                else:
                    path = train_images(config, reports).path
        except TrainingStopped as stopped:
            console.line(f"meshcast: {stopped}")
            return EXIT_PARTIAL
    console.out(f"wrote {path}")
    return EXIT_WHOLE


def _given(args: argparse.Namespace) -> dict[str, Any]:
    """What the command line sets of an ImageTrainConfig."""
    options = {"image_batch": "batch", "body": "body", "device": "device"}
    for option, *_ in IMAGE_NUMBERS:
        name = option[2:].replace("-", "_")
        options.setdefault(name, name)
    values = {field: getattr(args, name) for name, field in options.items() if getattr(args, name) is not None}
    values |= {name: getattr(args, name) for name in ("seed", "threads") if name in args.given}
    return values


def _train_on_poses(args: argparse.Namespace) -> int:
    from edge.runtime.signals import interruptible
    from engines.cards.card import load_card
    from engines.errors import ModelError

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
