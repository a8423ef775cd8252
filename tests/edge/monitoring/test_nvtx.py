"""NVTX ranges open and close with the stages of each stream."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from edge.errors import EXIT_INPUT, EXIT_WHOLE
from tests.support.commands import Command
from tests.support.emulated.machine import install
from tests.support.emulated.runtime import Runtime


@pytest.fixture
def ranges(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, bool]]:
    """(domain, message, closed) of every range, from a stand-in for the nvtx package."""
    opened: list[tuple[str, str, bool]] = []

    def start_range(*, message: str, domain: str) -> int:
        opened.append((domain, message, False))
        return len(opened) - 1

    def end_range(number: int) -> None:
        domain, message, closed = opened[number]
        assert not closed
        opened[number] = (domain, message, True)

    nvtx: Any = ModuleType("nvtx")
    nvtx.start_range, nvtx.end_range = start_range, end_range
    monkeypatch.setitem(sys.modules, "nvtx", nvtx)
    return opened


def test_nvtx_opens_range_for_every_stage_of_every_frame(
    meshcast: Command, person_clip: Path, tmp_path: Path, ranges: list[tuple[str, str, bool]]
) -> None:
    """Together with a trace, which receives the same events."""
    said = meshcast("run", person_clip, person_clip, "--nvtx", "--trace", tmp_path / "t.json", "--max-frames", "4")
    assert (said.code, said.errors) == (EXIT_WHOLE, [])
    assert all(closed for _, _, closed in ranges)
    assert {domain for domain, _, _ in ranges} == {"meshcast person-1", "meshcast person-2"}
    for stage in ("pose", "mesh", "localize", "smooth"):
        assert sum(message == stage for _, message, _ in ranges) >= 8, stage
    assert (tmp_path / "t.json").stat().st_size > 1000


def test_nvtx_opens_ranges_for_the_streams_of_a_gpu(
    meshcast: Command, person_clip: Path, ranges: list[tuple[str, str, bool]], monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, Runtime(seed=1))
    gpu = ("--device", "cuda:0", "--backend", "emulated", "--precision", "fp32")
    said = meshcast("run", person_clip, "--nvtx", "--max-frames", "4", "--second-pose", "none", *gpu)
    assert (said.code, said.errors) == (EXIT_WHOLE, [])
    assert all(closed for _, _, closed in ranges)
    found = {(domain, message) for domain, message, _ in ranges}
    assert {("meshcast person pose", "crops"), ("meshcast person pose", "pose engine")} <= found
    assert ("meshcast person mesh", "mesh engine") in found
    assert ("meshcast person", "track") in found


def test_nvtx_real_package_accepts_ranges(meshcast: Command, person_clip: Path) -> None:
    pytest.importorskip("nvtx")
    assert meshcast("run", person_clip, "--nvtx", "--max-frames", "2").code == EXIT_WHOLE


def test_nvtx_missing_package_is_one_line_error(
    meshcast: Command, person_clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "nvtx", None)
    said = meshcast("run", person_clip, "--nvtx")
    assert said.code == EXIT_INPUT
    assert said.err == "meshcast: --nvtx needs the package nvtx; install it with: pip install nvtx\n"
