"""Tables of scores as text, CSV and LaTeX."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping

from engines.errors import ModelError
from engines.evaluation.body_scores import Score

Rows = Mapping[str, Mapping[str, Score]]
TITLES = {
    "mpjpe": "MPJPE mm",
    "pa_mpjpe": "PA-MPJPE mm",
    "pve": "PVE mm",
    "pa_pve": "PA-PVE mm",
    "pve_t": "PVE-T mm",
    "dkd": "DKD px",
    "pck": "PCK@150 %",
    "auc": "AUC %",
    "f5": "F@5",
    "f15": "F@15",
    "accel": "accel mm",
    "part_iou": "part IoU",
}
SUFFIXES = (".txt", ".csv", ".tex")
_LATEX = {"%": r"\%", "_": r"\_", "&": r"\&", "#": r"\#", "$": r"\$", "{": r"\{", "}": r"\}", "@": "@"}


def columns_of(rows: Rows) -> list[str]:
    """The metrics of any row, in the order of TITLES; others follow."""
    found = [name for row in rows.values() for name in row]
    return sorted(dict.fromkeys(found), key=lambda name: (list(TITLES).index(name) if name in TITLES else 99, name))


def text_table(rows: Rows) -> str:
    """Aligned columns; each cell is the mean with its 95 % interval."""
    columns = columns_of(rows)
    cells = [["", *(TITLES.get(name, name) for name in columns)]]
    cells += [[label, *(_cell(row.get(name)) for name in columns)] for label, row in rows.items()]
    widths = [max(len(line[k]) for line in cells) for k in range(len(cells[0]))]
    lines = []
    for first, *rest in cells:
        right = (cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True))
        lines.append("  ".join([first.ljust(widths[0]), *right]))
    return "\n".join(line.rstrip() for line in lines)


def csv_table(rows: Rows) -> str:
    """A row for each label and metric: label, metric, mean, low, high, count."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(("label", "metric", "mean", "low", "high", "count"))
    for label, row in rows.items():
        for name, score in row.items():
            numbers = (f"{each:.6g}" for each in (score.mean, score.low, score.high))
            writer.writerow((label, name, *numbers, score.count))
    return file.getvalue()


def latex_table(rows: Rows) -> str:
    """A booktabs table; intervals as half their width."""
    columns = columns_of(rows)
    head = " & ".join(["", *(_latex(TITLES.get(name, name)) for name in columns)])
    lines = [r"\begin{tabular}{l" + "r" * len(columns) + "}", r"\toprule", head + r" \\", r"\midrule"]
    for label, row in rows.items():
        cells = [_latex_cell(row.get(name)) for name in columns]
        lines.append(" & ".join([_latex(label), *cells]) + r" \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"]) + "\n"


def table_as(rows: Rows, suffix: str) -> str:
    """The table for a file's suffix. Raises ModelError for another one than .txt, .csv and .tex."""
    makers: dict[str, Callable[[Rows], str]] = {".txt": text_table, ".csv": csv_table, ".tex": latex_table}
    if suffix.lower() not in makers:
        raise ModelError(f"table: {suffix or 'no suffix'} is none of {', '.join(SUFFIXES)}")
    return makers[suffix.lower()](rows)


def _cell(score: Score | None) -> str:
    return "-" if score is None or not score.count else str(score)


def _latex_cell(score: Score | None) -> str:
    if score is None or not score.count:
        return "--"
    return rf"${score.mean:.1f} \pm {(score.high - score.low) / 2:.1f}$"


def _latex(text: str) -> str:
    return "".join(_LATEX.get(letter, letter) for letter in text)
