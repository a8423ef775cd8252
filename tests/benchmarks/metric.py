"""A metric of a benchmark: a value, its unit and what it is compared with."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

MEDIA = Path(__file__).parents[1] / "media"
SETTLE_S = 0.03  # torch's threads go on spinning after a call, on the core that the next candidate needs
CLIPS = ("balance_cam01.mp4", "balance_cam03.mp4")


@dataclass(frozen=True, slots=True)
class Metric:
    """One row of the table. `reference` is in the same unit; the name says what it is where that is not plain."""

    name: str
    value: float
    unit: str
    reference: float | None = None

    @property
    def ratio(self) -> float | None:
        """value / reference, None without a reference."""
        return self.value / self.reference if self.reference else None

    def entry(self) -> dict[str, Any]:
        """The metric as it stands in bench.json; what is not finite becomes null, for JSON knows no NaN."""
        numbers = {"value": self.value, "reference": self.reference, "ratio": self.ratio}
        rounded = {
            key: float(f"{number:.6g}") if number is not None and math.isfinite(number) else None
            for key, number in numbers.items()
        }
        return {"name": self.name, "value": rounded.pop("value"), "unit": self.unit, **rounded}


def header() -> str:
    return f"{'metric':<72}{'value':>11} {'unit':<8}{'reference':>10}{'ratio':>8}"


def row(metric: Metric) -> str:
    reference = "" if metric.reference is None else f"{metric.reference:.6g}"
    ratio = "" if metric.ratio is None else f"{metric.ratio:.2f}"
    return f"{metric.name:<72}{metric.value:>11.3f} {metric.unit:<8}{reference:>10}{ratio:>8}"


def show(metrics: Iterable[Metric]) -> None:
    """Print a table: what a bm_*.py does when it is run alone."""
    print(header())
    for metric in metrics:
        print(row(metric))


def note(text: str) -> None:
    """Say something that is no metric, beside the table."""
    print(text, file=sys.stderr, flush=True)


def run_interleaved(
    calls: Mapping[str, Callable[[], Any]],
    warm_up: int,
    rounds: int,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, float]:
    """Median milliseconds of each call; the candidates are interleaved, so that other load on the machine meets all."""
    spent: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(warm_up + rounds):
        for name, call in calls.items():
            if len(calls) > 1:
                time.sleep(SETTLE_S)
            begin = clock()
            call()
            if turn >= warm_up:
                spent[name].append((clock() - begin) * 1e3)
    return {name: median(values) for name, values in spent.items()}
