"""Damaged files for every reader: each is read, or refused with one of the project's own errors. The long run is
tests/campaign/fuzz_files.py."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from tests.campaign.fuzz_mutation import damaged
from tests.campaign.fuzz_targets import REFUSED, TARGETS, attempt, samples_of

NEEDS = {"checkpoint": "torch", "onnx": "onnx"}


@pytest.mark.parametrize("name", TARGETS)
def test_reader_of_a_damaged_file_raises_meshcast_errors_only(name: str, tmp_path: Path) -> None:
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])
    target, path = TARGETS[name], tmp_path / f"a{TARGETS[name].suffix}"
    for sample in samples_of(name):
        message = attempt(target, path, sample.whole())
        assert not message or name in REFUSED

    @settings(max_examples=30, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(damaged(samples_of(name)))
    def read(data: bytes) -> None:
        attempt(target, path, data)

    read()
