"""The campaign: its scenarios can be loaded, and its verdicts are right. The scenarios themselves take hours."""

from __future__ import annotations

import importlib
from types import ModuleType

import pytest

from tests.campaign import campaign
from tests.campaign.harness import Row, Usage, at_least, at_most, scaled


@pytest.mark.parametrize("name", campaign.SCENARIOS)
def test_every_scenario_can_be_loaded(name: str) -> None:
    assert callable(importlib.import_module(f"tests.campaign.{name}").run)


def test_row_passes_up_to_its_bar() -> None:
    assert [at_most("a", value, 2).passed for value in (1, 2, 2.1, float("nan"))] == [True, True, False, False]
    assert [at_least("a", value, 2).passed for value in (1, 2, 2.1, float("nan"))] == [False, True, True, False]


def test_usage_growth_beyond_the_bar_fails() -> None:
    before = Usage(rss=1_000_000, descriptors=20, threads=10)
    assert all(row.passed for row in Usage(1_019_000, 22, 12).rows_since(before))
    assert not any(row.passed for row in Usage(1_021_000, 23, 13).rows_since(before))


@pytest.mark.parametrize(("scale", "count"), [(1.0, 100), (0.1, 10), (0.001, 1)])
def test_scaled_count_is_at_least_one(scale: float, count: int) -> None:
    assert scaled(100, scale) == count


def test_scenario_that_raises_is_a_failed_row(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    scenario = ModuleType("scenario")
    monkeypatch.setattr(campaign.importlib, "import_module", lambda name: scenario)
    monkeypatch.setattr(campaign.sys, "argv", ["campaign.py", "--only", "kills"])

    def fails(scale: float) -> list[Row]:
        raise RuntimeError("no frame came")

    scenario.run = fails  # type: ignore[attr-defined]
    assert campaign.main() == 1
    assert "RuntimeError: no frame came" in capsys.readouterr().out
    scenario.run = lambda scale: [Row("flaps", "3", "", True)]  # type: ignore[attr-defined]
    assert campaign.main() == 0
    assert "all bars held" in capsys.readouterr().out
