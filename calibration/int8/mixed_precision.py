"""Mixed precision: the layers that degrade the result most stay in float until the accuracy gate is passed."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from engines.cards.accuracy_gate import Metric
from engines.onnx_tools.quantize import Layer

GROWTH = 1.3  # factor of the number of groups in float from one trial to the next


@dataclass(frozen=True, slots=True)
class Trial:
    """A quantized network: the layers left out of INT8, the INT8 share of the multiply-adds, and the gate metrics."""

    kept: tuple[str, ...]
    share: float
    metrics: tuple[Metric, ...]

    @property
    def passed(self) -> bool:
        return all(metric.passed for metric in self.metrics)


def search(
    layers: Sequence[Layer],
    evaluate: Callable[[Collection[str]], Sequence[Metric]],
    degradation: Callable[[Collection[str]], float],
    *,
    floor: float,
    seconds: float,
    on_progress: Callable[[str, float], None] = lambda what, done: None,
) -> Trial:
    """The first trial that passes: all layers in INT8, else with the most sensitive layers in float.

    Args:
        layers: of the network, in order.
        evaluate: the gate's metrics with these layers (by name) in INT8.
        degradation: an error with only these layers in INT8; larger is worse.
        floor: least share of the multiply-adds in INT8, 0..1.
        seconds: time for the search; ranking may take half. Consecutive layers are measured together if necessary.
        on_progress: called with the current activity and its progress, 0..1.

    Returns:
        The trial that passes, or the last one, which failed, when the next would fall below `floor` or time is up.
    """
    end = time.monotonic() + seconds
    on_progress("evaluating all layers in INT8", 0.0)
    last = _trial(layers, (), evaluate)
    if last.passed:
        return last
    ranked = rank(layers, degradation, seconds / 2, on_progress)
    count = 1
    while count < len(ranked) and time.monotonic() < end:
        kept = tuple(name for group in ranked[:count] for name in group)
        if share(layers, kept) < floor:
            break
        on_progress(f"evaluating with {len(kept)} of {len(layers)} layers in float", count / len(ranked))
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
    """Groups of consecutive layers, the most sensitive first; single layers, if time allows.
    Groups that could not be measured in time are left out."""
    names = [layer.name for layer in layers]
    on_progress("measuring the sensitivity of layers", 0.0)
    begin = time.monotonic()
    first = degradation(names[:1])
    each = max(time.monotonic() - begin, 1e-6)
    size = max(1, -(-len(names) * each // max(seconds, each)))
    groups = [tuple(names[start : start + int(size)]) for start in range(0, len(names), int(size))]
    degradations: dict[tuple[str, ...], float] = {}
    for done, group in enumerate(groups):
        if degradations and time.monotonic() - begin > seconds:
            break
        degradations[group] = first if group == (names[0],) else degradation(group)
        on_progress("measuring the sensitivity of layers", (done + 1) / len(groups))
    return sorted(degradations, key=lambda group: -degradations[group])


def share(layers: Sequence[Layer], kept: Collection[str]) -> float:
    """The share of the multiply-adds in INT8, 0..1."""
    total = sum(layer.macs for layer in layers)
    return sum(layer.macs for layer in layers if layer.name not in kept) / max(total, 1)


def _trial(
    layers: Sequence[Layer], kept: tuple[str, ...], evaluate: Callable[[Collection[str]], Sequence[Metric]]
) -> Trial:
    quantized = [layer.name for layer in layers if layer.name not in kept]
    return Trial(kept, share(layers, kept), tuple(evaluate(quantized)))
