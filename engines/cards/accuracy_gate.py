"""The accuracy gate of an INT8 file, as its card keeps it: what was measured against which limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engines.cards.toml_table import Table


@dataclass(frozen=True, slots=True)
class Metric:
    """One measured difference from float32. limit is None for what is only told; at_least: the value must not be below
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
    """How an INT8 file was made and judged.

    footage: what it was calibrated and judged on, in words; calibrator: how ranges were chosen; inputs and people: how
    many inputs calibrated it and how many held-out people judged it; int8_share: part of the multiply-adds that run in
    INT8, 0..1; kept: layers left in float; figures: the table.
    """

    footage: str
    calibrator: str
    inputs: int
    people: int
    int8_share: float
    kept: tuple[str, ...]
    metrics: tuple[Metric, ...]

    @property
    def failures(self) -> tuple[Metric, ...]:
        """The figures beyond their limits."""
        return tuple(figure for figure in self.metrics if not figure.passed)

    def raw(self) -> dict[str, Any]:
        """The gate as a TOML table."""
        metrics = []
        for figure in self.metrics:
            row: dict[str, Any] = {"name": figure.name, "unit": figure.unit, "value": round(figure.value, 5)}
            if figure.limit is not None:
                row |= {"limit": figure.limit, "at_least": figure.at_least}
            metrics.append(row)
        return {
            "footage": self.footage,
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
        footage=table.text("footage", ""),
        calibrator=table.text("calibrator", ""),
        inputs=table.integer("inputs", 0),
        people=table.integer("people", 0),
        int8_share=table.number("int8_share", 1.0),
        kept=table.texts("kept"),
        metrics=tuple(_read_figure(Table(row, f"gate.figures[{index}].")) for index, row in enumerate(rows)),
    )
    table.finish()
    return gate


def _read_figure(row: Table) -> Metric:
    limit = row.number("limit") if "limit" in row.names() else None
    figure = Metric(row.text("name"), row.text("unit", ""), row.number("value"), limit, row.flag("at_least", False))
    row.finish()
    return figure
