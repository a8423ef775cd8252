"""The figures of bm_bodies.py as tables: on the terminal, and in a page of the documentation."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from body_figures import SETTLED_S
from body_runs import CASES, Case, Figures

from edge.evaluation.limbs import finite_mean

DESK = "desk"
# Kinds of cases in their order: what is measured.
TITLES: Mapping[str, str] = {
    "balance": "Balance clips: errors and motion",
    "true": "Balance clips with the true 2D keypoints",
    "size": f"Balance clips forward and backward: size after {SETTLED_S:g} s",
    "tpose": "T-pose clips: size against the man's own (stature 1.72 m)",
    "cut": "Balance clips cut below the hips: the visible part around the neck",
    "people": f"Synthetic people of 1.60, 1.85 and 1.40 m: size after {SETTLED_S:g} s, and motion",
    "overlap": "Two overlapping people, 30 and 60 % of their width apart",
    DESK: "At a desk",
}

# Figures of the table of variants: short name, kind, whether with the floor, figure.
COMPARED = (
    ("MPJPE", "balance", True, "MPJPE, mm"),
    ("PA", "balance", True, "PA-MPJPE, mm"),
    ("root", "balance", True, "root error, m"),
    ("MPJPE-", "balance", False, "MPJPE, mm"),
    ("root-", "balance", False, "root error, m"),
    ("2nd diff", "balance", True, "second difference, mm"),
    ("depth res", "balance", True, "root depth residual, mm"),
    ("ankle", "balance", True, "planted ankle median, mm/s"),
    ("delay", "balance", True, "delay, ms"),
    ("rot jit", "balance", True, "rotation jitter, degrees"),
    ("limb %", "size", True, "mean limb length error, %"),
    ("limb %-", "size", False, "mean limb length error, %"),
    ("spread %", "balance", True, "worst limb length spread, %"),
    ("T found", "tpose", True, "found, %"),
    ("T limb", "tpose", True, "mean limb length error, %"),
    ("cut fnd", "cut", True, "found, %"),
    ("cut err", "cut", True, "upper body error ratio, 1"),
    ("cut jit", "cut", True, "upper body second difference ratio, 1"),
    ("ppl limb", "people", True, "mean limb length error, %"),
    ("ppl limb-", "people", False, "mean limb length error, %"),
    ("ppl root", "people", True, "root error, m"),
    ("2 found", "overlap", True, "both bodies found, %"),
    ("elbow", DESK, True, "elbow beside its keypoint, % of the shoulder width"),
    ("wrist", DESK, True, "wrist beside its keypoint, % of the shoulder width"),
)


@dataclass(frozen=True, slots=True)
class Table:
    """rows: a name and a value for each of the heads."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, tuple[float, ...]], ...]

    def text(self) -> str:
        first = max(len(self.title), *(len(name) for name, _ in self.rows))
        width = max(8, *(len(head) for head in self.heads)) + 2
        lines = [f"{self.title:<{first}}" + "".join(f"{head:>{width}}" for head in self.heads)]
        lines += [f"{name:<{first}}" + "".join(f"{number(v):>{width}}" for v in values) for name, values in self.rows]
        return "\n".join(lines)

    def markdown(self) -> str:
        lines = [f"### {self.title}", ""] if self.title else []
        lines += ["| | " + " | ".join(self.heads) + " |", "| --- |" + " ---: |" * len(self.heads)]
        lines += [f"| {name} | " + " | ".join(number(v) for v in values) + " |" for name, values in self.rows]
        return "\n".join(lines)


def tables_of(figures: Mapping[str, Figures]) -> list[Table]:
    """A table for each kind of case: figures down, cases and their means across, with the floor and without."""
    cases = [*CASES, *(Case(DESK, name.removeprefix(DESK + "_")) for name in figures if name.startswith(DESK + "_"))]
    result = []
    for kind, title in TITLES.items():
        heads: list[str] = []
        columns: list[Figures] = []
        for floor, suffix in ((True, ""), (False, ", no floor")):
            group = [case for case in cases if (case.kind, case.floor) == (kind, floor) and case.name in figures]
            if group:
                of_group = [figures[case.name] for case in group]
                heads += [*(case.column + suffix for case in group), "mean" + suffix]
                columns += [*of_group, {name: mean([each[name] for each in of_group]) for name in of_group[0]}]
        if columns:
            rows = tuple((name.removesuffix(", 1"), tuple(column[name] for column in columns)) for name in columns[0])
            result.append(Table(title, tuple(heads), rows))
    return result


def variants_tables(figures: Mapping[str, Mapping[str, Figures]]) -> tuple[Table, Table]:
    """Means over the cases of each kind by variant.

    A short table, a row for each variant, whose heads with "-" are without the floor; and a long one, a row for each
    figure, that names them.
    """
    short, long = [], []
    for title, kind, floor, figure in COMPARED:
        values = tuple(
            mean([each[figure] for name, each in cases.items() if is_of(name, kind, floor) and figure in each])
            for cases in figures.values()
        )
        if any(map(math.isfinite, values)):
            short.append((title, values))
            long.append((f"{kind}: {figure.removesuffix(', 1')}" + ("" if floor else ", no floor"), values))
    rows = tuple((name, tuple(values[row] for _, values in short)) for row, name in enumerate(figures))
    return Table("variant", tuple(title for title, _ in short), rows), Table("", tuple(figures), tuple(long))


def is_of(name: str, kind: str, floor: bool) -> bool:
    """Whether a case with this name is of that kind, with the floor or without."""
    return name.startswith(kind + "_") and name.endswith("_no_floor") != floor


def write_block(page: Path, name: str, text: str) -> None:
    """Replace what is between the comments `<!-- NAME -->` and `<!-- end of NAME -->` of a page."""
    old = page.read_text()
    pattern = re.compile(rf"(<!-- {re.escape(name)} -->\n).*?(<!-- end of {re.escape(name)} -->)", re.DOTALL)
    new, count = pattern.subn(lambda match: f"{match[1]}\n{text}\n\n{match[2]}", old)
    if count != 1:
        raise RuntimeError(f"{page}: needs the comments <!-- {name} --> and <!-- end of {name} --> once")
    page.write_text(new)


def number(value: float) -> str:
    if not math.isfinite(value):
        return "-"
    if value == round(value) and not 0 < abs(value) < 10:
        return f"{value:.0f}"
    return f"{value:.3f}" if abs(value) < 1 else f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


def mean(values: list[float]) -> float:
    return finite_mean(np.array(values, np.float64))
