"""`meshcast data render` and `meshcast data sheet`: training data rendered from the open body, and a look at it."""

from __future__ import annotations

import argparse
import math
from pathlib import Path

from edge import console
from edge.cli.options import FloatRange, IntegerRange
from edge.errors import EXIT_PARTIAL, EXIT_WHOLE

SHARE = FloatRange(0, 1)
EPILOG = """\
examples:
  meshcast data render --out out/people --count 20000
  meshcast data render --out out/people-test --count 1000 --test
  meshcast data sheet out/people --out out/people.png
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `data` command to the command line."""
    parser = subparsers.add_parser(
        "data", help="render training data with exact annotations (needs no extra)", description=__doc__
    )
    actions = parser.add_subparsers(metavar="ACTION", title="actions", required=True)
    _add_render(actions)
    _add_sheet(actions)


def _add_render(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = actions.add_parser(
        "render",
        help="render people in random poses, clothes and views",
        description="Render crops of people with joints, rotations, shape, part map, IUV map and silhouette, as tar "
        "shards in the layout of WebDataset. The same options give the same bytes; an interrupted command continues "
        "with the first missing shard when it is run again.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="output folder")
    parser.add_argument(
        "--count", type=IntegerRange(1, 10**8), default=10000, metavar="N", help="samples (%(default)s)"
    )
    parser.add_argument("--size", type=IntegerRange(32, 1024), default=224, metavar="PX", help="crop (%(default)s)")
    parser.add_argument("--seed", type=IntegerRange(0, 1 << 31), default=0, metavar="N", help="seed (%(default)s)")
    parser.add_argument(
        "--poses", nargs="+", default=["sample"], metavar="POSES", help="pose files as in `meshcast train` (sample)"
    )
    parser.add_argument("--test", action="store_true", help="use the held-out pose clips, shapes and views")
    parser.add_argument("--backgrounds", type=Path, metavar="DIR", help="folder of images (default: procedural)")
    parser.add_argument("--body", type=Path, metavar="BODY.npz", help="body model (default: bundled body)")
    parser.add_argument(
        "--shard", type=IntegerRange(1, 10**6), default=1000, metavar="N", help="samples of a shard (%(default)s)"
    )
    parser.add_argument(
        "--occluded", type=SHARE, default=0.5, metavar="0..1", help="share with occluders (%(default)s)"
    )
    parser.add_argument("--cropped", type=SHARE, default=0.15, metavar="0..1", help="share cut to a part (%(default)s)")
    parser.add_argument(
        "--yaw",
        type=FloatRange(0, 180),
        default=180.0,
        metavar="DEG",
        help="largest angle between the direction that people face and the camera (180)",
    )
    parser.add_argument("--quiet", action="store_true", help="show no progress bar")
    parser.set_defaults(run=run_render)


def _add_sheet(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = actions.add_parser(
        "sheet",
        help="draw samples with their annotations",
        description="Draw a contact sheet: a row for each sample with its image, keypoints, parts, IUV map and "
        "occluders.",
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="folder of rendered people")
    parser.add_argument("--out", type=Path, required=True, metavar="SHEET.png", help="output image")
    parser.add_argument("--count", type=IntegerRange(1, 200), default=8, metavar="N", help="samples (%(default)s)")
    parser.add_argument(
        "--first", type=IntegerRange(0, 10**8), default=0, metavar="N", help="first sample (%(default)s)"
    )
    parser.add_argument("--body", type=Path, metavar="BODY.npz", help="body model (default: bundled body)")
    parser.set_defaults(run=run_sheet)


def run_render(args: argparse.Namespace) -> int:
    """Render the missing shards. Returns the exit code; 3 after an interrupt."""
    from edge.monitoring.task_progress import task_progress
    from edge.runtime.signals import interruptible
    from engines.body.body import ZOO, load_surface_body
    from engines.training.poses import load_poses
    from engines.training.rendered.config import RenderConfig
    from engines.training.rendered.people import RenderedPeople
    from engines.training.rendered.shards import ShardPlan, write_shards

    config = RenderConfig(
        size=args.size,
        seed=args.seed,
        yaw_rad=math.radians(args.yaw),
        backgrounds=args.backgrounds,
        occluded=args.occluded,
        cropped=args.cropped,
    )
    with interruptible() as interrupt:
        with interrupt.welcome():
            body = load_surface_body(args.body or ZOO / "open_smpl_body.npz")
            poses = load_poses(args.poses, console.line)
            people = RenderedPeople(body, poses, config, held_out=args.test)
        plan = ShardPlan(args.count, args.shard, args.test, tuple(map(str, args.poses)))
        with task_progress("rendering", args.count, args.quiet) as show:
            new = write_shards(people, plan, args.out, show, lambda: interrupt.asked)
    if people.images is not None and people.images.broken:
        first = min(people.images.broken)
        console.warn(f"{len(people.images.broken)} images cannot be read and were skipped; the first is {first}")
    if interrupt.asked:
        console.line(f"meshcast: stopped; {args.out} keeps its complete shards, run the same command to continue")
        return EXIT_PARTIAL
    console.out(f"wrote {new} samples to {args.out}" if new else f"{args.out} is complete: {args.count} samples")
    return EXIT_WHOLE


def run_sheet(args: argparse.Namespace) -> int:
    """Draw the sheet. Returns the exit code."""
    import cv2

    from edge.sinks.output_file import OutputFile
    from engines.body.body import ZOO, load_body
    from engines.errors import ModelError
    from engines.training.contact_sheet import sheet
    from engines.training.rendered.shards import ShardedPeople

    if args.out.suffix.lower() not in (".png", ".jpg"):
        raise ModelError(f"{args.out}: not an image file; choose a name that ends in .png or .jpg")
    people = ShardedPeople(args.folder, load_body(args.body or ZOO / "open_smpl_body.npz"))
    numbers = range(args.first, min(args.first + args.count, len(people)))
    if not numbers:
        raise ModelError(f"{args.folder}: has {len(people)} samples; choose a smaller --first")
    target = OutputFile(args.out)
    _, data = cv2.imencode(args.out.suffix.lower(), sheet([people[number] for number in numbers])[..., ::-1])
    target.write(bytes(data))
    console.out(f"wrote {args.out}")
    return EXIT_WHOLE
