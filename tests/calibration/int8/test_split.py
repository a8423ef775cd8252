"""Held-out moments are others than those that calibrate, and no neighbors of theirs."""

from __future__ import annotations

import pytest

from calibration.int8.split import split


@pytest.mark.parametrize("count", [12, 30, 100, 101, 1000])
def test_split_held_out_samples_have_no_near_duplicates(count: int) -> None:
    calibrating, held = split(count)
    assert 0.25 * count <= len(held) <= 0.4 * count
    assert len(calibrating) >= count // 6
    assert min(abs(a - b) for a in calibrating for b in held) > max(1, 0.2 * count / 6)


@pytest.mark.parametrize("count", range(6))
def test_split_few_samples_are_disjoint(count: int) -> None:
    calibrating, held = split(count)
    assert not set(calibrating) & set(held)
