"""Processors are busy from a share of their time on, and until it falls below a lower one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engines.inference import processor_load
from engines.inference.processor_load import LoadConfig, ProcessorLoad, processors


class System:
    """A clock, and the processor times that the kernel writes down."""

    def __init__(self, folder: Path) -> None:
        self.now_s = 100.0
        self.path = folder / "stat"
        self.used = self.idle = 0
        self.write()

    def write(self) -> None:
        ticks = os.sysconf("SC_CLK_TCK")
        used, idle = round(self.used * ticks), round(self.idle * ticks)
        lines = [f"cpu{n} {used} 0 0 {idle} 0 0 0 0 0 0" for n in processors()]
        lines += ["cpu 1 2 3 4 5 6 7 8 9 10", "cpu4096 999999 0 0 0 0 0 0 0 0 0", "intr 1 2 3"]
        self.path.write_text("\n".join(lines))

    def run(self, seconds: float, share: float) -> None:
        """All processors are used by a share for some seconds."""
        self.now_s += seconds
        self.used += share * seconds
        self.idle += (1 - share) * seconds
        self.write()


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> System:
    made = System(tmp_path)
    monkeypatch.setattr(processor_load.time, "monotonic", lambda: made.now_s)
    return made


def test_processor_load_keeps_its_state_between_the_two_shares(system: System) -> None:
    load = ProcessorLoad(LoadConfig(window_s=1.0, high=0.75, low=0.5), system.path)
    states = []
    for share in (0.6, 0.8, 0.6, 0.4, 0.6):
        system.run(1.0, share)
        states.append(load.busy())
    assert states == [False, True, True, False, False]


def test_processor_load_changes_after_a_whole_window(system: System) -> None:
    load = ProcessorLoad(LoadConfig(window_s=1.0), system.path)
    system.run(0.5, 1.0)
    assert not load.busy()
    system.run(0.5, 1.0)
    assert load.busy()


@pytest.mark.parametrize("text", [None, "", "cpu0 a b c d e f g h"])
def test_processor_load_counts_this_process_without_a_list_of_processors(
    system: System, monkeypatch: pytest.MonkeyPatch, text: str | None
) -> None:
    if text is None:
        system.path.unlink()
    else:
        system.path.write_text(text.replace("cpu0", f"cpu{processors()[0]}"))
    used = [7.0]
    monkeypatch.setattr(processor_load.time, "process_time", lambda: used[0])
    load = ProcessorLoad(LoadConfig(window_s=1.0), system.path)
    system.now_s += 1.0
    used[0] += 0.9 * len(processors())
    assert load.busy()


def test_processors_are_those_of_this_process() -> None:
    assert processors()
    assert len(processors()) <= (os.cpu_count() or 1)
