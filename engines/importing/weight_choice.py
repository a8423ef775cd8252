"""Which weights of a checkpoint are imported, where it holds those of several networks, or one network's twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from engines.body.body import Body
from engines.errors import ModelError
from engines.files.suggestions import did_you_mean
from engines.files.toml_file import one_line
from engines.importing.checkpoint import Checkpoint
from engines.importing.identify import Match, matches
from engines.importing.unwrapping import preference

MOST_SETS = 16  # that are compared with networks: trainers keep a few
MOST_NAMED = 6  # in a message


@dataclass(frozen=True, slots=True)
class ChosenWeights:
    """The network that fits best, where its weights are in the file ("" for the top), and where other weights of it
    are that are not the same numbers."""

    match: Match
    where: str
    others: tuple[str, ...]


def choose_weights(
    path: Path, checkpoint: Checkpoint, bodies: Mapping[str, Body | None], where: str | None = None
) -> ChosenWeights:
    """The network that fits a set of a checkpoint's weights best, and that set.

    Args:
        path: The file, for messages.
        checkpoint: Its contents.
        bodies: See engines.importing.identify.
        where: Which weights to take, by keys and names that lead to them, or the beginning of these; None takes the
            first in the order of engines.importing.unwrapping.preference that fit a network wholly.

    Raises:
        ModelError: There are no weights at `where`.
    """
    found = [
        (_place(made.where, match.prefix), match)
        for made in checkpoint.sets[:MOST_SETS]
        for match in matches(made.tensors, bodies)
    ]
    if where is not None:
        places = tuple(dict.fromkeys(place for place, _ in found))
        found = [(place, match) for place, match in found if f"{place}.".startswith(f"{where}.")]
        if not found:
            there = one_line(", ".join(place for place in places if place)[:400]) or "none but at the top"
            raise ModelError(f"{path}: no weights under {where!r}{did_you_mean(where, places)}; there are: {there}")
    # Of equals the first: Python's sort keeps the order, which is that of preference.
    found.sort(key=lambda entry: (not entry[1].complete, -entry[1].similarity, preference(entry[0])))
    place, best = found[0]
    others: dict[str, None] = {}
    for other, match in found[1:]:
        twin = best.complete and match.complete and match.network is best.network and other != place
        if twin and not _same(best.tensors, match.tensors):
            others[other or "the top"] = None
    return ChosenWeights(best, place, tuple(others)[:MOST_NAMED])


def _place(where: str, prefix: str) -> str:
    return ".".join(part for part in (where, prefix.rstrip(".")) if part)


def _same(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(
        value.shape == other[name].shape and torch.equal(value.float(), other[name].float())
        for name, value in one.items()
    )
