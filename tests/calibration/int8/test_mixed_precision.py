"""The search on made-up layers: it keeps the harmful ones in float, few of them, and stops where it should."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pytest

from calibration.int8 import mixed_precision as module
from calibration.int8.mixed_precision import Trial, rank, search, share
from engines.cards.accuracy_gate import Metric
from engines.onnx_tools.quantize import Layer

LAYERS = [Layer(f"layer{index}", "Conv", (f"t{index}",), 100) for index in range(20)]
HARMFUL = {"layer3": 5.0, "layer11": 3.0, "layer12": 1.0}


def degradation(layers: Collection[str]) -> float:
    return sum(HARMFUL.get(name, 0.01) for name in layers)


def found(limit: float, floor: float = 0.0, seconds: float = 60.0) -> tuple[Trial, list[Collection[str]]]:
    evaluated: list[Collection[str]] = []

    def evaluate(layers: Collection[str]) -> Sequence[Metric]:
        evaluated.append(layers)
        return [Metric("harm", "", degradation(layers), limit)]

    return search(LAYERS, evaluate, degradation, floor=floor, seconds=seconds), evaluated


def test_search_all_layers_in_int8_pass_without_ranking() -> None:
    trial, evaluated = found(limit=100)
    assert trial.passed
    assert trial.kept == ()
    assert trial.share == 1
    assert len(evaluated) == 1


@pytest.mark.parametrize(("limit", "kept"), [(4.5, 1), (2.0, 2), (0.5, 3)])
def test_search_keeps_worst_layers_in_float(limit: float, kept: int) -> None:
    trial, _ = found(limit)
    assert trial.passed
    assert trial.kept == tuple(HARMFUL)[:kept]
    assert trial.share == pytest.approx(1 - kept / 20)


def test_search_min_int8_ratio_ends_search() -> None:
    trial, _ = found(limit=0.05, floor=0.8)
    assert not trial.passed
    assert trial.share >= 0.8
    assert set(HARMFUL) <= set(trial.kept)


def test_search_without_time_returns_first_trial() -> None:
    trial, evaluated = found(limit=0.5, seconds=0.0)
    assert not trial.passed
    assert len(evaluated) == 1


def test_rank_groups_layers_when_time_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(1000))
    monkeypatch.setattr(module.time, "monotonic", lambda: float(next(clock)))
    asked: list[Collection[str]] = []

    def slow(layers: Collection[str]) -> float:
        asked.append(layers)
        return degradation(layers)

    groups = rank(LAYERS, slow, seconds=5.0)
    assert max(map(len, groups)) == 4
    assert groups[0] == ("layer0", "layer1", "layer2", "layer3")
    assert len(asked) <= 6


def test_share_counts_multiply_adds() -> None:
    layers = [Layer("big", "Conv", ("t",), 900), Layer("small", "Conv", ("t",), 100), Layer("sum", "Add", ("t",), 0)]
    assert share(layers, ["small", "sum"]) == pytest.approx(0.9)
