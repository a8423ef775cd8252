"""Finds the sets of weights in a checkpoint, with any wrapping of trainers.

A checkpoint is a dictionary, in which dictionaries of tensors lie at any depth under any keys: `state_dict`,
`model_ema.module`, `student`. Each is a set of weights, and so is each dictionary of several of them, under joined keys
(a network that is saved part by part). Within a set, the names may begin with segments of wrappers;
`name_prefixes` lists the possible prefixes, of which the best match with a network is chosen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from torch import Tensor

# Keys and name segments that trainers wrap weights in.
PLAIN = (
    "state_dict",
    "model_state_dict",
    "model",
    "module",
    "net",
    "network",
    "weights",
    "params",
    "student",
)
AVERAGED = (
    "ema",
    "model_ema",
    "ema_model",
    "ema_state_dict",
    "state_dict_ema",
    "model_ema_state_dict",
    "params_ema",
    "averaged_model",
    "swa_model",
    "teacher",
    "best_state_dict",
)
# Segments that torch.compile, DeepSpeed and FSDP insert anywhere into names.
INSERTED = ("_orig_mod", "_forward_module", "_fsdp_wrapped_module", "_checkpoint_wrapped_module")
BESIDE = ("optim", "scheduler", "lr_", "scaler", "loops", "callbacks", "hyper_parameters")  # hold no weights
DEEPEST = 8  # dictionaries in dictionaries
MOST_SETS = 64
MOST_NAMED = 4  # parts in the name of a joined set
MOST_PREFIXES = 32


@dataclass(frozen=True, slots=True)
class WeightSet:
    """Tensors by name, and the keys that lead to them in the file, joined by dots; "" for the top."""

    where: str
    tensors: dict[str, Tensor]


def weight_sets(content: Mapping[Any, Any]) -> tuple[WeightSet, ...]:
    """The sets of weights in a checkpoint, the preferred one first (see `preference`), MOST_SETS at most."""
    found = list(islice(_sets(content, (), set()), MOST_SETS))
    return tuple(sorted(found, key=lambda made: preference(made.where)))  # the sort is stable


def preference(where: str) -> tuple[bool, int, int]:
    """The sort key of a set of weights, given the keys and segments that lead to it.

    Trained weights come before averages (EMA, teachers, best ones), then sets under a key of PLAIN, in that order,
    before others, and sets near the top before deep ones.
    """
    segments = where.split(".") if where else []
    known = [PLAIN.index(segment) for segment in segments if segment in PLAIN]
    return any(segment in AVERAGED for segment in segments), min(known, default=len(PLAIN)), len(segments)


def name_prefixes(names: Iterable[str]) -> tuple[str, ...]:
    """The possible prefixes of a set's names: "", every run of wrapper segments at the beginning of names, the most
    frequent first, and the runs of segments that all names share."""
    names = tuple(names)
    counts: Counter[str] = Counter()
    for name in names:
        prefix = ""
        for segment in name.split(".")[:-1][:DEEPEST]:
            if segment not in (*PLAIN, *AVERAGED):
                break
            prefix += f"{segment}."
            counts[prefix] += 1
    shared = _shared(names)
    common = [prefix for prefix, _ in counts.most_common(MOST_PREFIXES)]
    return tuple(dict.fromkeys(("", *common, *shared)))


def without_inserted(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors under names without the segments of INSERTED, or unchanged where two names would be equal."""
    plain = {".".join(part for part in name.split(".") if part not in INSERTED): name for name in tensors}
    if len(plain) != len(tensors):
        return dict(tensors)
    return {short: tensors[name] for short, name in plain.items()}


def _shared(names: tuple[str, ...]) -> Iterator[str]:
    """The runs of segments with which all names begin."""
    prefix = ""
    first = names[0].split(".")[:-1] if names else []
    for segment in first[:DEEPEST]:
        prefix += f"{segment}."
        if not all(name.startswith(prefix) for name in names):
            return
        yield prefix


def _sets(content: Mapping[Any, Any], keys: tuple[str, ...], seen: set[int]) -> Iterator[WeightSet]:
    """The sets in a dictionary; dictionaries that were visited or are below DEEPEST are skipped."""
    seen.add(id(content))
    direct = _tensors(content)
    inner = {
        name: value
        for name, value in content.items()
        if isinstance(value, Mapping)
        and isinstance(name, str)
        and not name.startswith(BESIDE)
        and id(value) not in seen
    }
    parts = {name: _tensors(value) for name, value in inner.items() if name not in (*PLAIN, *AVERAGED)}
    parts = {name: tensors for name, tensors in parts.items() if tensors}
    if len(parts) > 1:
        joined = direct | {
            f"{part}.{name}": value for part, tensors in parts.items() for name, value in tensors.items()
        }
        yield WeightSet(".".join((*keys, " and ".join([*parts][:MOST_NAMED]))), without_inserted(joined))
    if direct:
        yield WeightSet(".".join(keys), without_inserted(direct))
    for name, value in inner.items() if len(keys) < DEEPEST else ():
        yield from _sets(value, (*keys, name), seen)


def _tensors(entries: Mapping[Any, Any]) -> dict[str, Tensor]:
    return {str(name): value.detach() for name, value in entries.items() if isinstance(value, Tensor)}
