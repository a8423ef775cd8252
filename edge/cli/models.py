"""`meshcast models`: the models that can be chosen by name, and what is known about each."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from edge.errors import EXIT_WHOLE

if TYPE_CHECKING:
    from engines.cards import Card


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `models` command to the command line."""
    parser = subparsers.add_parser(
        "models",
        help="list the models, or show one",
        description="List the models that `meshcast run` takes by name, or show the card of one: where it comes from, "
        "its licence and its files.",
    )
    parser.add_argument("model", nargs="?", metavar="NAME", help="show this model's card")
    parser.add_argument("--task", choices=("detector", "pose", "mesh"), help="list only models for this task")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the list or one card. Raises UnknownNameError when there is no such model."""
    from engines.cards import cards, load_card

    print(card_text(load_card(args.model, args.task)) if args.model else table_text(cards(args.task)))
    return EXIT_WHOLE


def table_text(cards: tuple[Card, ...]) -> str:
    """One line a model under a heading, by task."""
    tasks = ("detector", "pose", "mesh")
    ordered = sorted(cards, key=lambda card: (tasks.index(card.task), card.name))
    lines = [("TASK", "NAME", "PRECISION", "LICENCE", "TITLE")]
    lines += [(c.task, c.name, _precisions(c), c.licence, c.title) for c in ordered]
    widths = [max(len(line[column]) for line in lines) for column in range(4)]
    return "\n".join(
        "  ".join([*(text.ljust(w) for text, w in zip(line, widths, strict=False)), line[4]]) for line in lines
    )


def card_text(card: Card) -> str:
    """All that a person wants to know of one card."""
    shape = " x ".join(str(side) for side in card.input.shape)
    files = [(f"{v.precision} file", f"{v.file} (sha256 {v.sha256[:12]}...)") for v in card.variants]
    licences = [("licence text", str(path)) for path in card.licence_files]
    entries = [
        ("name", card.name),
        ("title", card.title),
        ("task", f"{card.task}, family {card.family}"),
        ("precision", f"{_precisions(card)}; auto takes the first that the device has of: {', '.join(card.auto)}"),
        ("input", f"{card.input.name} {shape} {card.input.colour}".strip()),
        ("keypoints", ", ".join(card.keypoints)),
        ("body", card.body),
        ("licence", card.licence),
        *licences,
        ("source", card.source),
        *files,
        ("notes", " ".join(card.notes.split())),
    ]
    return "\n".join(f"{key:<14}{value}" for key, value in entries if value)


def _precisions(card: Card) -> str:
    """What the card's files and its own choice allow; bfloat16 needs no file of its own."""
    from engines.cards import PRECISIONS

    have = {*card.auto, *(variant.precision for variant in card.variants)}
    return " ".join(precision for precision in PRECISIONS if precision in have)
