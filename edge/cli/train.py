"""`meshcast train pose2mesh`: train the mesh model on synthetic 2D poses."""

from __future__ import annotations

import argparse
from pathlib import Path

from edge import console
from edge.errors import EXIT_WHOLE


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `train` command to the command line."""
    parser = subparsers.add_parser("train", help="train a mesh model on synthetic poses (needs the extra [train])")
    parser.add_argument("model", choices=("pose2mesh",), help="what to train")
    parser.add_argument("--poses", type=Path, required=True, metavar="POSES.npz", help="pose, source, clip, test")
    parser.add_argument("--body", type=Path, metavar="BODY.npz", help="default: the open body")
    parser.add_argument("--out", type=Path, default=Path("out/train"), metavar="DIR", help="checkpoints and model")
    parser.add_argument("--lifter-minutes", type=float, default=60, metavar="MIN", help="wall time of stage one (60)")
    parser.add_argument("--mesh-minutes", type=float, default=20, metavar="MIN", help="wall time of stage two (20)")
    parser.add_argument("--width", type=int, default=1024, metavar="N", help="features of the lifter (1024)")
    parser.add_argument("--stages", type=int, default=2, metavar="N", help="residual stages of the lifter (2)")
    parser.add_argument("--batch", type=int, default=512, metavar="N")
    parser.add_argument("--threads", type=int, default=1, metavar="N")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoints in --out")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Train both stages. Returns the exit code."""
    from engines.errors import ModelError

    try:
        from engines.training.pose2mesh import Recipe, train_pose2mesh
    except ModuleNotFoundError as error:
        raise ModelError(f"training needs {error.name}: pip install 'meshcast[train]'") from None

    recipe = Recipe(
        poses=args.poses,
        out=args.out,
        body=args.body,
        lifter_minutes=args.lifter_minutes,
        mesh_minutes=args.mesh_minutes,
        width=args.width,
        stages=args.stages,
        batch=args.batch,
        threads=args.threads,
        seed=args.seed,
        resume=args.resume,
    )
    card, _ = train_pose2mesh(recipe, console.line)
    console.out(f"wrote {card}")
    return EXIT_WHOLE
