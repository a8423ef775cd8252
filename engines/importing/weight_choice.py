"""Chooses the weights to import from a checkpoint that holds several sets."""

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

MOST_SETS = 16  # sets that are compared with networks; trainers keep a few
MOST_NAMED = 6  # sets named in a message


@dataclass(frozen=True, slots=True)
class ChosenWeights:
    """The best match, the location of its weights in the file ("" for the top), and the locations of other weights of
    the same network that differ."""

    match: Match
    where: str
    others: tuple[str, ...]


def choose_weights(
    path: Path, checkpoint: Checkpoint, bodies: Mapping[str, Body | None], where: str | None = None
) -> ChosenWeights:
    """Finds the set of weights and the network that match best.

    Args:
        path: The file, for messages.
        checkpoint: Its contents.
        bodies: See engines.importing.identify.
        where: Which weights to take, by keys and names that lead to them, or the beginning of these; None takes the
            first complete match in the order of engines.importing.unwrapping.preference.

    Raises:
        ModelError: There are no weights at `where`.
    """
    found = [
        (_location(made.where, match.prefix), match)
        for made in checkpoint.sets[:MOST_SETS]
        for match in matches(made.tensors, bodies)
    ]
    if where is not None:
        places = tuple(dict.fromkeys(place for place, _ in found))
        found = [(place, match) for place, match in found if f"{place}.".startswith(f"{where}.")]
        if not found:
            there = one_line(", ".join(place for place in places if place)[:400]) or "none but at the top"
            raise ModelError(f"{path}: no weights under {where!r}{did_you_mean(where, places)}; there are: {there}")
    # The sort is stable: of equal matches the preferred one stays first.
    found.sort(key=lambda entry: (not entry[1].complete, -entry[1].similarity, preference(entry[0])))
    place, best = found[0]
    others: dict[str, None] = {}
    for other, match in found[1:]:
        twin = best.complete and match.complete and match.network is best.network and other != place
        if twin and not _same(best.tensors, match.tensors):
            others[other or "the top"] = None
    return ChosenWeights(best, place, tuple(others)[:MOST_NAMED])


def _location(where: str, prefix: str) -> str:
    return ".".join(part for part in (where, prefix.rstrip(".")) if part)


def _same(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(
        value.shape == other[name].shape and torch.equal(value.float(), other[name].float())
        for name, value in one.items()
    )
