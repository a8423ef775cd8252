"""Which layers bear INT8: those that hurt most are kept in float, one after the other, until the gate is passed."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from engines.cards.accuracy_gate import Metric
from engines.onnx_tools.quantize import Layer

GROWTH = 1.3  # how many more groups the next trial keeps in float


@dataclass(frozen=True, slots=True)
class Trial:
    """A quantized network: the layers kept in float, the share of the multiply-adds in INT8, and the gate's figures."""

    kept: tuple[str, ...]
    share: float
    metrics: tuple[Metric, ...]

    @property
    def passed(self) -> bool:
        return all(figure.passed for figure in self.metrics)


def search(
    layers: Sequence[Layer],
    evaluate: Callable[[Collection[str]], Sequence[Metric]],
    degradation: Callable[[Collection[str]], float],
    *,
    floor: float,
    seconds: float,
    on_progress: Callable[[str, float], None] = lambda what, done: None,
) -> Trial:
    """The first trial that passes: everything in INT8, else with the worst layers kept in float.

    judge: the gate's figures with these layers (by name) in INT8; harm: an error, more is worse, with these layers
    alone in INT8. Layers that follow one another are measured together where there are too many for the time,
    `seconds`, of which ranking may take half. The last trial, which failed, is returned where the next would leave less
    than `floor` of the multiply-adds in INT8 or the time is up. tell hears what is being done and how far it is, 0..1.
    """
    end = time.monotonic() + seconds
    on_progress("judging all layers in INT8", 0.0)
    last = _trial(layers, (), evaluate)
    if last.passed:
        return last
    ranked = rank(layers, degradation, seconds / 2, on_progress)
    count = 1
    while count < len(ranked) and time.monotonic() < end:
        kept = tuple(name for group in ranked[:count] for name in group)
        if share(layers, kept) < floor:
            break
        on_progress(f"judging with {len(kept)} of {len(layers)} layers in float", count / len(ranked))
        last = _trial(layers, kept, evaluate)
        if last.passed:
            break
        count = max(count + 1, int(count * GROWTH))
    return last


def rank(
    layers: Sequence[Layer],
    degradation: Callable[[Collection[str]], float],
    seconds: float,
    on_progress: Callable[[str, float], None] = lambda what, done: None,
) -> list[tuple[str, ...]]:
    """Groups of layers that follow one another, those that alone do most harm first; single layers, if time allows.
    What could not be measured in time is left out."""
    names = [layer.name for layer in layers]
    on_progress("measuring what each layer does", 0.0)
    begin = time.monotonic()
    first = degradation(names[:1])
    each = max(time.monotonic() - begin, 1e-6)
    size = max(1, -(-len(names) * each // max(seconds, each)))
    groups = [tuple(names[start : start + int(size)]) for start in range(0, len(names), int(size))]
    harms: dict[tuple[str, ...], float] = {}
    for done, group in enumerate(groups):
        if harms and time.monotonic() - begin > seconds:
            break
        harms[group] = first if group == (names[0],) else degradation(group)
        on_progress("measuring what each layer does", (done + 1) / len(groups))
    return sorted(harms, key=lambda group: -harms[group])


def share(layers: Sequence[Layer], kept: Collection[str]) -> float:
    """The share of the multiply-adds that are left in INT8."""
    total = sum(layer.macs for layer in layers)
    return sum(layer.macs for layer in layers if layer.name not in kept) / max(total, 1)


def _trial(
    layers: Sequence[Layer], kept: tuple[str, ...], evaluate: Callable[[Collection[str]], Sequence[Metric]]
) -> Trial:
    quantized = [layer.name for layer in layers if layer.name not in kept]
    return Trial(kept, share(layers, kept), tuple(evaluate(quantized)))
