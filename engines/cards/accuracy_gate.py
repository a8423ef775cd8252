"""The accuracy gate of an INT8 file, as stored in its card: metrics and their limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engines.cards.toml_table import Table


@dataclass(frozen=True, slots=True)
class Metric:
    """One measured difference from float32. limit: None for a metric without one; at_least: the value must not be below
    the limit, otherwise not above it."""

    name: str
    unit: str
    value: float
    limit: float | None = None
    at_least: bool = False

    @property
    def passed(self) -> bool:
        if self.limit is None:
            return True
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def __str__(self) -> str:
        text = f"{self.name} {self.value:.4g} {self.unit}".rstrip()
        if self.limit is None:
            return text
        return f"{text} (limit {'at least ' if self.at_least else ''}{self.limit:.4g})"


@dataclass(frozen=True, slots=True)
class Gate:
    """How an INT8 file was calibrated and evaluated.

    samples: description of the calibration and evaluation samples; calibrator: how ranges were chosen; inputs: number
    of calibration inputs; people: number of held-out people in the evaluation; int8_share: part of the multiply-adds
    that run in INT8, 0..1; kept: layers left in float; metrics: the results.
    """

    samples: str
    calibrator: str
    inputs: int
    people: int
    int8_share: float
    kept: tuple[str, ...]
    metrics: tuple[Metric, ...]

    @property
    def failures(self) -> tuple[Metric, ...]:
        """The metrics beyond their limits."""
        return tuple(metric for metric in self.metrics if not metric.passed)

    def raw(self) -> dict[str, Any]:
        """The gate as a TOML table."""
        metrics = []
        for metric in self.metrics:
            row: dict[str, Any] = {"name": metric.name, "unit": metric.unit, "value": round(metric.value, 5)}
            if metric.limit is not None:
                row |= {"limit": metric.limit, "at_least": metric.at_least}
            metrics.append(row)
        return {
            "footage": self.samples,
            "calibrator": self.calibrator,
            "inputs": self.inputs,
            "people": self.people,
            "int8_share": round(self.int8_share, 4),
            "kept": list(self.kept),
            "figures": metrics,
        }


def read_gate(table: Table) -> Gate:
    """A gate from its TOML table. Raises ValueError, naming the entry, when it is not one."""
    rows = table.items("figures", (dict,))
    gate = Gate(
        samples=table.text("footage", ""),
        calibrator=table.text("calibrator", ""),
        inputs=table.integer("inputs", 0),
        people=table.integer("people", 0),
        int8_share=table.number("int8_share", 1.0),
        kept=table.texts("kept"),
        metrics=tuple(_read_metric(Table(row, f"gate.figures[{index}].")) for index, row in enumerate(rows)),
    )
    table.finish()
    return gate


def _read_metric(row: Table) -> Metric:
    limit = row.number("limit") if "limit" in row.names() else None
    metric = Metric(row.text("name"), row.text("unit", ""), row.number("value"), limit, row.flag("at_least", False))
    row.finish()
    return metric
