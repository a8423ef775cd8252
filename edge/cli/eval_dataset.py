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
    from engines.body.body import SurfaceBody
    from engines.training.sample import Sample

TRAINED = ".pt"


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options for data sets."""
    group = parser.add_argument_group("data sets")
    group.add_argument(
        "--predictions", type=Path, metavar="FILE.npz", help="score recorded `vertices` (N, V, 3) instead of a model"
    )
    group.add_argument("--samples", type=IntegerRange(1, 10**8), metavar="N", help="use the first N samples")
    group.add_argument("--table", type=Path, metavar="OUT.tex", help="write the table as .txt, .csv or .tex")


def is_dataset(path: Path) -> bool:
    """Whether a path is a folder, which only data sets are."""
    return path.is_dir()


def run(args: argparse.Namespace) -> int:
    """Score the model on every data set. Returns the exit code."""
    from edge.evaluation.dataset import DatasetScores
    from edge.sinks.output_file import OutputFile
    from engines.body.body import open_body
    from engines.errors import ModelError
    from engines.evaluation.score_table import SUFFIXES, table_as, text_table

    if args.table is not None and args.table.suffix.lower() not in SUFFIXES:
        raise UsageError(f"--table: {args.table}: choose a name that ends in {', '.join(SUFFIXES)}")
    targets = [OutputFile(path) for path in (args.table, args.json) if path is not None]
    rows, failed = {}, 0
    try:
        body = open_body()
        for folder in args.clips:
            scores = DatasetScores(body)
            for sample, vertices, shape in _predictions(args, folder, body):
                if vertices is None:
                    failed += 1
                else:
                    scores.add(sample, vertices, shape)
            rows[folder.name or str(folder)] = scores.summary()
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


def vars_of(score: object) -> dict[str, object]:
    """The fields of a Score."""
    return {name: getattr(score, name) for name in ("mean", "low", "high", "count")}


def _predictions(
    args: argparse.Namespace, folder: Path, body: SurfaceBody
) -> Iterator[tuple[Sample, F32 | None, Shapes]]:
    from edge.evaluation.dataset import checkpoint_predictions, head_predictions, recorded_predictions
    from edge.monitoring.task_progress import task_progress
    from engines.training.rendered.shards import ShardedPeople

    people = ShardedPeople(folder, body)
    count = min(args.samples or len(people), len(people))
    with task_progress(folder.name, count) as show:

        def samples() -> Iterator[Sample]:
            for number in range(count):
                yield people[number]
                show(number + 1)

        if args.predictions is not None:
            yield from recorded_predictions(args.predictions, count, people.__getitem__)
        elif Path(args.mesh).suffix == TRAINED:
            yield from checkpoint_predictions(Path(args.mesh), body, samples())
        else:
            yield from head_predictions(_head(args), samples())


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
    return make_head(card, session, body, load_card(models.pose, "pose").keypoints)
