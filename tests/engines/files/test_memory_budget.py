from __future__ import annotations

import threading

import pytest

from engines.files.memory_budget import VARIABLE, MemoryBudget, MemoryBudgetError, current_budget, job_budget


def test_reserve_beyond_the_limit_is_refused_and_takes_nothing() -> None:
    budget = MemoryBudget(100)
    budget.reserve(60, "a.npz: x")
    with pytest.raises(MemoryBudgetError, match=rf"^a\.npz: y: reading it takes .* set {VARIABLE} to more$"):
        budget.reserve(41, "a.npz: y")
    budget.reserve(40, "a.npz: z")
    assert budget.used_bytes == 100


def test_reserved_is_given_back_after_an_error() -> None:
    budget = MemoryBudget(100)
    with pytest.raises(ValueError, match="inside"), budget.reserved(80, "a"):
        raise ValueError("inside")
    assert budget.used_bytes == 0


@pytest.mark.parametrize(("text", "limit"), [("1000", 1000), ("3k", 3 << 10), ("5M", 5 << 20), ("8G", 8 << 30)])
def test_limit_is_taken_from_the_environment(monkeypatch: pytest.MonkeyPatch, text: str, limit: int) -> None:
    monkeypatch.setenv(VARIABLE, text)
    assert MemoryBudget().limit_bytes == limit


@pytest.mark.parametrize("text", ["much", "-1", "1.5G", "1T", "1 G"])
def test_limit_that_is_no_size_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(VARIABLE, text)
    with pytest.raises(MemoryBudgetError, match="is not a size; write for example 4G"):
        MemoryBudget()


def test_everything_within_a_job_shares_one_budget() -> None:
    assert current_budget() is not current_budget()
    with job_budget(100) as outer:
        assert current_budget() is outer
        with job_budget(50) as inner:
            assert current_budget() is inner
        assert current_budget() is outer
        elsewhere: list[MemoryBudget] = []
        thread = threading.Thread(target=lambda: elsewhere.append(current_budget()))
        thread.start()
        thread.join()
        assert elsewhere[0] is not outer
