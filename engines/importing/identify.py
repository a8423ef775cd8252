"""Identifies the network of a checkpoint from the names and shapes of its tensors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

from engines.body.body import Body
from engines.importing.unwrapping import name_prefixes
from engines.networks.registry import NETWORKS, Network, build

COUNTER = "num_batches_tracked"  # absent from files of old releases, and harmless

Shape = tuple[int, ...]
NO_BODIES: Mapping[str, Body | None] = {}


@dataclass(frozen=True, slots=True)
class Match:
    """How the tensors of a file fit a network, after a prefix was taken off their names ("" for none).

    similarity: the part of all names, the file's and the network's, that both have in the same shape, 0..1. tensors:
    those that belong to the network. missing and unexpected name the others, reshaped has name, shape in the file and
    shape expected; left_out are the names that such files hold and the network does not need.
    """

    network: Network
    similarity: float
    tensors: dict[str, Tensor]
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    reshaped: tuple[tuple[str, Shape, Shape], ...]
    left_out: tuple[str, ...]
    prefix: str = ""

    @property
    def complete(self) -> bool:
        return not (self.missing or self.unexpected or self.reshaped)

    def mismatch_summary(self) -> str:
        """The mismatches in one line, "" without any."""
        parts = []
        if self.reshaped:
            name, got, wanted = self.reshaped[0]
            parts.append(f"{_count(self.reshaped)} of another shape ({name} is {_text(got)}, not {_text(wanted)})")
        if self.missing:
            parts.append(f"{_count(self.missing)} missing ({_some(self.missing)})")
        if self.unexpected:
            parts.append(f"{_count(self.unexpected)} unexpected ({_some(self.unexpected)})")
        return ", ".join(parts)


def identify(tensors: Mapping[str, Tensor], bodies: Mapping[str, Body | None] = NO_BODIES) -> Match:
    """The network whose state_dict these tensors resemble most.

    bodies: by family, "smpl" and "mano", the body whose mesh graph networks are built for; None is the bundled one.
    """
    return max(matches(tensors, bodies), key=lambda found: found.similarity)


def matches(
    tensors: Mapping[str, Tensor], bodies: Mapping[str, Body | None] = NO_BODIES, only: Network | None = None
) -> Iterator[Match]:
    """How tensors fit every network (or only one), with every prefix that may be taken off their names."""
    prefixes = name_prefixes(tensors)
    for network in NETWORKS.values() if only is None else (only,):
        wanted = shapes(network, bodies.get(network.family))
        for prefix in prefixes:
            yield _match(tensors, network, wanted, prefix)


def _match(tensors: Mapping[str, Tensor], network: Network, wanted: Mapping[str, Shape], prefix: str) -> Match:
    # Names without the prefix of a training framework belong to its losses and metrics.
    named = {key[len(prefix) :]: value for key, value in tensors.items() if key.startswith(prefix)}
    foreign = [key for key in tensors if not key.startswith(prefix)]
    ignored = [key for key in named if key not in wanted and key.startswith(network.ignored)] if network.ignored else []
    common = {key: value for key, value in named.items() if key in wanted}
    reshaped = tuple((k, tuple(v.shape), wanted[k]) for k, v in common.items() if tuple(v.shape) != wanted[k])
    missing = tuple(key for key in wanted if key not in named and not key.endswith(COUNTER))
    unexpected = tuple(key for key in named if key not in wanted and key not in ignored)
    fitting = len(common) - len(reshaped)
    everything = len(wanted) + len(unexpected) + (len(foreign) if not common else 0)
    return Match(
        network,
        fitting / everything,
        common,
        missing,
        unexpected,
        reshaped,
        (*ignored, *(foreign if common else ())),
        prefix,
    )


def shapes(network: Network, body: Body | None = None) -> dict[str, Shape]:
    """Names and shapes of a network's state_dict, in order; a graph network's for a body's mesh (None: the bundled
    one)."""
    if network.joints is None or body is None:
        return _shapes(network.name)
    with torch.device("meta"):
        state = build(network.name, body.faces, len(body.v_template)).state_dict()
    return {key: tuple(value.shape) for key, value in state.items()}


@cache
def _shapes(name: str) -> dict[str, Shape]:
    with torch.device("meta"):
        return {key: tuple(value.shape) for key, value in build(name).state_dict().items()}


def _count(entries: tuple[object, ...]) -> str:
    return f"{len(entries)} entr{'y' if len(entries) == 1 else 'ies'}"


def _some(names: tuple[str, ...]) -> str:
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")


def _text(shape: Shape) -> str:
    return " x ".join(map(str, shape)) or "a number"
