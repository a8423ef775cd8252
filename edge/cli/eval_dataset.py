"""`meshcast eval DATASET`: the accuracy of a mesh model on crops with annotations."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from edge import console
from edge.cli.options import IntegerRange, models_from
from edge.errors import EXIT_INPUT, EXIT_WHOLE, UsageError
from edge.text import json_bytes

if TYPE_CHECKING:
    from edge.evaluation.dataset import F32, Shapes
    from engines.body.body import Body
    from engines.evaluation.body_scores import Score
    from engines.training.readers.people_list import PeopleList
    from engines.training.sample import Sample

TRAINED = ".pt"
LISTS = (".pkl", ".json", ".mat")
CROP_PX = 224  # of lists
BROKEN_LIMIT = 0.05  # share of the people that may be unreadable


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options for data sets."""
    group = parser.add_argument_group("data sets")
    group.add_argument(
        "--predictions",
        type=Path,
        metavar="FILE",
        help="score recorded `vertices` (N, V, 3) of an .npz instead of a model; for FreiHAND its pred.json",
    )
    group.add_argument(
        "--images", type=Path, metavar="DIR", help="folder of the images of a list (default: the folder of the list)"
    )
    group.add_argument("--charts", type=Path, metavar="UV.mat", help="DensePose's UV_Processed.mat, for its lists")
    group.add_argument("--per-joint", action="store_true", help="also print the error of each joint")
    group.add_argument("--per-action", action="store_true", help="also print the metrics of Human3.6M's actions")
    group.add_argument("--samples", type=IntegerRange(1, 10**8), metavar="N", help="use the first N samples")
    group.add_argument("--table", type=Path, metavar="OUT.tex", help="write the table as .txt, .csv or .tex")


def is_dataset(path: Path) -> bool:
    """Whether a path is a folder or an annotation list, which only data sets are; rooms are .npz files too."""
    if path.suffix.lower() == ".npz" and path.is_file():
        from engines.files.npz import open_npz

        with open_npz(path, "a list or a room") as arrays:
            return "imgname" in arrays.names
    return path.is_dir() or path.suffix.lower() in LISTS


def run(args: argparse.Namespace) -> int:
    """Score the model on every data set. Returns the exit code."""
    from edge.evaluation.dataset_scores import DatasetScores
    from edge.sinks.output_file import OutputFile
    from engines.errors import ModelError
    from engines.evaluation.score_table import SUFFIXES, table_as, text_table
    from engines.training.readers.freihand import is_freihand

    if args.table is not None and args.table.suffix.lower() not in SUFFIXES:
        raise UsageError(f"--table: {args.table}: choose a name that ends in {', '.join(SUFFIXES)}")
    targets = [OutputFile(path) for path in (args.table, args.json) if path is not None]
    rows, failed = {}, 0
    try:
        body = _body(args.body)
        for folder in args.clips:
            label = _label(folder, args.clips)
            if is_freihand(folder):
                rows[label] = _hands(args, folder)
                continue
            scores = DatasetScores(body)
            for sample, vertices, shape in _predictions(args, folder, body):
                if vertices is None:
                    failed += 1
                else:
                    scores.add(sample, vertices, shape)
            rows[label] = scores.summary()
            more = (scores.joint_rows() if args.per_joint else {}) | (scores.action_rows() if args.per_action else {})
            rows |= {f"{label} {name}": row for name, row in more.items()}
        if not all(rows.values()):
            raise ModelError("no person could be compared; the data set needs 3D annotations")
    except BaseException:
        for target in targets:
            target.discard()
        raise
    console.out(text_table(rows))
    if failed:
        console.warn(f"{failed} people without a valid prediction are not in the table")
    for target in targets:
        if target.path == args.table:
            target.write(table_as(rows, args.table.suffix).encode())
        else:
            plain = {label: {name: vars_of(score) for name, score in row.items()} for label, row in rows.items()}
            target.write(json_bytes(plain))
    return EXIT_WHOLE if rows else EXIT_INPUT


def _label(path: Path, paths: list[Path]) -> str:
    """The name of a data set in the table; its path where another one has the same name, as S1/Seq1/annot.mat."""
    unique = sum(each.name == path.name for each in paths) == 1
    return path.name if unique and path.name else str(path)


def vars_of(score: object) -> dict[str, object]:
    """The fields of a Score."""
    return {name: getattr(score, name) for name in ("mean", "low", "high", "count")}


def _predictions(args: argparse.Namespace, folder: Path, body: Body) -> Iterator[tuple[Sample, F32 | None, Shapes]]:
    from edge.evaluation.dataset import checkpoint_predictions, head_predictions, recorded_predictions
    from edge.monitoring.task_progress import task_progress
    from engines.errors import ModelError
    from engines.training.mixture import BrokenSampleError
    from engines.training.readers.annotation_list import read_list
    from engines.training.rendered.shards import ShardedPeople

    people: ShardedPeople | PeopleList
    if folder.is_dir():
        people = ShardedPeople(folder, body)
    else:
        people = read_list(folder, args.images, body, CROP_PX, args.charts)
    if not len(people):
        raise ModelError(f"{folder}: an empty data set")
    count = min(args.samples or len(people), len(people))
    broken: list[str] = []
    with task_progress(folder.name, count) as show:

        def numbered() -> Iterator[tuple[int, Sample]]:
            for number in range(count):
                try:
                    yield number, people[number]
                except BrokenSampleError as error:
                    broken.append(str(error))
                    if len(broken) > max(1, BROKEN_LIMIT * count):
                        raise ModelError(
                            f"{folder}: {len(broken)} people cannot be read, more than {BROKEN_LIMIT:.0%}; the last: "
                            f"{error}"
                        ) from None
                show(number + 1)

        if args.predictions is not None:
            yield from recorded_predictions(args.predictions, (count, len(people)), numbered())
        elif Path(args.mesh).suffix == TRAINED:
            yield from checkpoint_predictions(Path(args.mesh), body, (sample for _, sample in numbered()))
        else:
            yield from head_predictions(_head(args), (sample for _, sample in numbered()))
    for line in broken:
        console.warn(f"skipped: {line}")


def _body(name: str | None) -> Body:
    """The body with this name, else the bundled one."""
    from engines.body.body import open_body
    from engines.body.select import select_body

    return open_body() if name is None else select_body(name, "smpl")


def _hands(args: argparse.Namespace, folder: Path) -> dict[str, Score]:
    """The scores of FreiHAND's hands, from recorded predictions."""
    from edge.evaluation.dataset_scores import hand_scores
    from engines.training.readers.freihand import read_freihand, read_hand_predictions

    if args.predictions is None:
        raise UsageError("--predictions: missing; no mesh model of the live run is of hands, score a pred.json")
    hands = read_freihand(folder)
    joints, vertices = read_hand_predictions(args.predictions, hands)
    return hand_scores(joints, hands.joints, vertices, hands.vertices)


def _head(args: argparse.Namespace):  # type: ignore[no-untyped-def]  # a Head, which is imported on first use
    from engines.cards.card import load_card
    from engines.heads.registry import body_for, make_head
    from engines.inference.session import open_session

    models = models_from(args)
    card = load_card(models.mesh, "mesh")
    body = body_for(card, models.body)
    session = open_session(
        card, body=body, backend=models.backend, device=models.device, precision="fp32", threads=models.threads
    )
    if card.untrained:
        console.warn(f"{card.name} is untrained: it runs with random weights")
    return make_head(card, session, body, load_card(models.pose, "pose").keypoints, view_deg=models.view_deg)
