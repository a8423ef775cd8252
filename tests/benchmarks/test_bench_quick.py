"""The guard against slower kernels: what stays above a limit is found, what is above it once is not."""

from __future__ import annotations

import pytest
from bench_quick import TRIES, Limit, least_ratios
from metric import Metric

FAST, PAIR = Limit("one", "fast", 0.5), Limit("one", "fast", 1.0, against="slow")


def runs(values: list[float]) -> tuple[list[str], object]:
    asked: list[str] = []

    def measure(benchmark: str) -> list[Metric]:
        asked.append(benchmark)
        return [Metric("fast", values[len(asked) - 1], "ms", 10.0), Metric("slow", 4.0, "ms")]

    return asked, measure


@pytest.mark.parametrize(
    ("values", "least"), [([2.0], 0.2), ([9.0, 3.0], 0.3), ([9.0, 8.0, 7.0], 0.7)], ids=["below", "once", "always"]
)
def test_least_ratios_measure_again_while_a_limit_is_exceeded(values: list[float], least: float) -> None:
    asked, measure = runs(values)
    assert least_ratios([FAST], measure) == {FAST: pytest.approx(least)}  # type: ignore[arg-type]
    assert len(asked) == len(values) <= TRIES


def test_least_ratios_compare_with_a_metric_of_the_same_run() -> None:
    asked, measure = runs([2.0])
    assert least_ratios([FAST, PAIR], measure)[PAIR] == pytest.approx(0.5)  # type: ignore[arg-type]
    assert asked == ["one"]


@pytest.mark.parametrize(
    ("limit", "error"),
    [(Limit("one", "missing", 1.0), KeyError), (Limit("one", "slow", 1.0), ValueError)],
    ids=["missing", "without reference"],
)
def test_least_ratios_limit_of_no_ratio_is_an_error(limit: Limit, error: type[Exception]) -> None:
    with pytest.raises(error):
        least_ratios([limit], runs([1.0])[1])  # type: ignore[arg-type]
