"""Tables of scores."""

from __future__ import annotations

import csv
import io

import pytest

from engines.errors import ModelError
from engines.evaluation.body_scores import Score
from engines.evaluation.score_table import csv_table, latex_table, table_as, text_table

ROWS = {
    "pare_a": {"pve": Score(80.04, 75, 85, 9), "mpjpe": Score(60, 55, 66, 9)},
    "dct": {"mpjpe": Score(70, 65, 75, 9), "pve_t": Score(float("nan"), 0, 0, 0)},
}


def test_text_table_has_a_column_for_every_metric_in_order() -> None:
    lines = text_table(ROWS).splitlines()
    assert lines[0].split() == ["MPJPE", "mm", "PVE", "mm", "PVE-T", "mm"]
    assert lines[1].split("  ")[0] == "pare_a"
    assert "60.0 [55.0, 66.0]" in lines[1]
    assert lines[2].split()[-2:] == ["-", "-"]


def test_csv_table_has_a_line_for_every_score() -> None:
    rows = list(csv.DictReader(io.StringIO(csv_table(ROWS))))
    assert len(rows) == 4
    assert rows[0] == {"label": "pare_a", "metric": "pve", "mean": "80.04", "low": "75", "high": "85", "count": "9"}


def test_latex_table_escapes_and_aligns() -> None:
    text = latex_table(ROWS)
    assert r"pare\_a & $60.0 \pm 5.5$ & $80.0 \pm 5.0$ & -- \\" in text
    assert text.startswith(r"\begin{tabular}{lrrr}")


def test_table_of_another_kind_is_refused() -> None:
    with pytest.raises(ModelError, match=r"\.doc is none of"):
        table_as(ROWS, ".doc")
    assert table_as(ROWS, ".TEX") == latex_table(ROWS)
