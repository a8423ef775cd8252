"""Memory budgets of untrusted files."""

from __future__ import annotations

import threading

import pytest

from engines.files.memory_budget import VARIABLE, MemoryBudget, MemoryBudgetError, current_budget, job_budget


def test_reserve_beyond_the_limit_raises_and_reserves_nothing() -> None:
    budget = MemoryBudget(100)
    budget.reserve(60, "a.npz: x")
    with pytest.raises(MemoryBudgetError, match=rf"^a\.npz: y: reading it takes .* set {VARIABLE} to more$"):
        budget.reserve(41, "a.npz: y")
    budget.reserve(40, "a.npz: z")
    assert budget.used_bytes == 100


def test_reserved_error_in_block_releases_the_bytes() -> None:
    budget = MemoryBudget(100)
    with pytest.raises(ValueError, match="inside"), budget.reserved(80, "a"):
        raise ValueError("inside")
    assert budget.used_bytes == 0


@pytest.mark.parametrize(("text", "limit"), [("1000", 1000), ("3k", 3 << 10), ("5M", 5 << 20), ("8G", 8 << 30)])
def test_memory_budget_limit_is_read_from_environment(monkeypatch: pytest.MonkeyPatch, text: str, limit: int) -> None:
    monkeypatch.setenv(VARIABLE, text)
    assert MemoryBudget().limit_bytes == limit


@pytest.mark.parametrize("text", ["much", "-1", "1.5G", "1T", "1 G"])
def test_memory_budget_invalid_limit_raises(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(VARIABLE, text)
    with pytest.raises(MemoryBudgetError, match="is not a size; write for example 4G"):
        MemoryBudget()


def test_current_budget_outside_of_a_job_is_new() -> None:
    assert current_budget() is not current_budget()


def test_job_budget_nested_jobs_have_their_own_budget() -> None:
    with job_budget(100) as outer:
        assert current_budget() is outer
        with job_budget(50) as inner:
            assert current_budget() is inner
        assert current_budget() is outer


def test_job_budget_other_threads_are_not_part_of_the_job() -> None:
    elsewhere: list[MemoryBudget] = []
    with job_budget(100) as outer:
        thread = threading.Thread(target=lambda: elsewhere.append(current_budget()))
        thread.start()
        thread.join()
    assert elsewhere[0] is not outer
