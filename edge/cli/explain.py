"""`meshcast explain DATASET --mesh METHOD.pt`: what a trained method looks at."""

from __future__ import annotations

import argparse
from pathlib import Path

from edge import console
from edge.cli.options import IntegerRange
from edge.errors import EXIT_PARTIAL, EXIT_WHOLE


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `explain` command to the command line."""
    parser = subparsers.add_parser(
        "explain",
        help="show what a trained image network looks at (needs the extra [train])",
        description="Slide an occluder over the people of a data set and draw the error without Procrustes alignment: "
        "an image for each person, and a .glb of the body whose colors are the error of each joint while that place is "
        "hidden. Also draws the method's own maps: part attention, IUV and location maps, silhouettes.",
    )
    parser.add_argument("folder", type=Path, metavar="DATASET", help="folder of meshcast data render")
    parser.add_argument(
        "--mesh",
        type=Path,
        nargs="+",
        required=True,
        metavar="METHOD.pt",
        help="checkpoint of meshcast train; of several the last is explained, with the maps of all side by side",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="output folder")
    parser.add_argument("--samples", type=IntegerRange(1, 10**6), default=4, metavar="N", help="people (%(default)s)")
    parser.add_argument("--first", type=IntegerRange(0, 10**8), default=0, metavar="N", help="first one (%(default)s)")
    parser.add_argument(
        "--positions", type=IntegerRange(2, 224), default=14, metavar="N", help="rows of the occluder (%(default)s)"
    )
    parser.add_argument(
        "--threads", type=IntegerRange(1, 1024), default=1, metavar="N", help="CPU threads (%(default)s)"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the images and the mesh. Returns the exit code."""
    from edge.errors import OutputError
    from edge.evaluation.explain import explain
    from edge.evaluation.progression import progression
    from edge.monitoring.task_progress import task_progress
    from edge.runtime.signals import interruptible
    from engines.body.body import open_body
    from engines.errors import ModelError
    from engines.training.occlusion_sensitivity import OccluderConfig
    from engines.training.rendered.shards import ShardedPeople
    from engines.training.restore_method import load_method, use_threads

    body = open_body()
    people = ShardedPeople(args.folder, body)
    numbers = range(args.first, min(args.first + args.samples, len(people)))
    if not numbers:
        raise ModelError(f"{args.folder}: has {len(people)} samples; choose a smaller --first")
    use_threads(args.threads)
    loaded = [load_method(path, body) for path in args.mesh]
    trained, size = loaded[-1]
    try:
        args.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{args.out}: cannot be created: {error.strerror}") from None
    with interruptible() as interrupt, task_progress("explaining", len(numbers)) as show:
        taken = (people[number] for number in numbers if not interrupt.asked)
        made = explain(trained, size, taken, body, args.out, OccluderConfig(positions=args.positions), show)
        files = list(made.files)
        if len(loaded) > 1:
            again = (people[number] for number in numbers if not interrupt.asked)
            files += progression(loaded, again, body, args.out)
    spread = made.maps.max((1, 2)) - made.maps.min((1, 2))
    console.out(f"wrote {len(files)} files to {args.out}")
    console.out(f"an occluder changes the mean error by up to {spread.mean():.1f} mm")
    return EXIT_PARTIAL if interrupt.asked else EXIT_WHOLE
