"""Steps as graphs: captured at their second run, run one by one where that is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engines.device.graphs import StepGraphs
from engines.device.metered import MeteredDevice
from engines.errors import OutOfMemoryError
from tests.support.emulated.device import EmulatedDevice
from tests.support.emulated.runtime import Fault, Runtime


class Counter:
    """A step that adds 1 to an array, and copies it to the host."""

    def __init__(self, device: MeteredDevice, name: str = "count", *, captures: bool = True) -> None:
        self.stream, self.done = device.stream("s"), device.event("done")
        self.array, self.back = device.array((1,), np.float32), device.host_array((1,), np.float32)
        self.graphs = StepGraphs(self.stream, name, captures=captures)
        zero = device.host_array((1,), np.float32)
        zero.write()[:] = 0
        self.stream.copy(self.array, zero)

    def step(self) -> None:
        def add(stream: int, array: Any) -> None:
            array += 1

        self.stream.launch("add", add, updates=[self.array])
        self.stream.copy(self.back, self.array)

    def __call__(self, key: int = 0) -> float:
        self.graphs.run(key, self.step)
        self.stream.record(self.done)
        self.done.wait()
        return float(self.back.read()[0])


def machine(**options: Any) -> tuple[Runtime, MeteredDevice, list[str]]:
    runtime, names = Runtime(eagerness=0, **options), []
    return runtime, MeteredDevice(EmulatedDevice(runtime), lambda name, begin, end: names.append(name)), names


def test_step_is_captured_at_its_second_run_and_counted_as_a_graph() -> None:
    runtime, device, names = machine()
    counter = Counter(device)
    assert [counter() for _ in range(5)] == [1, 2, 3, 4, 5]
    assert (runtime.counts["captures"], runtime.counts["graphs"]) == (1, 4)
    assert (device.counts.launches, device.counts.graphs, device.counts.copies) == (1, 4, 6)
    assert device.counts.bytes == 24
    assert names == ["add", *["count"] * 3]
    assert counter(key=1) == 6
    counter.graphs.clear()
    assert counter() == 7
    assert runtime.counts["captures"] == 1
    assert not runtime.checker.hazards


def test_step_that_cannot_be_captured_runs_without_which_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    runtime, device, _ = machine(not_captured={"add"})
    for _ in range(2):
        counter = Counter(device, "refused step")
        assert [counter() for _ in range(3)] == [1, 2, 3]
    assert runtime.counts["graphs"] == 0
    (line,) = [message for message in caplog.messages if "refused step" in message]
    assert line.endswith("its launches are enqueued one by one")


def test_step_known_to_refuse_is_not_tried(caplog: pytest.LogCaptureFixture) -> None:
    _, device, _ = machine(not_captured={"add"})
    counter = Counter(device, "known step", captures=False)
    assert [counter() for _ in range(3)] == [1, 2, 3]
    assert caplog.messages == []


def test_step_out_of_memory_stays_an_error() -> None:
    runtime, device, _ = machine()
    counter = Counter(device)
    counter()
    counter()
    runtime.faults.append(Fault("add", 0, OutOfMemoryError("add: no memory"), times=1))
    with pytest.raises(OutOfMemoryError):
        counter()
    assert counter() == 3


def test_graph_that_uses_freed_memory_is_found_out() -> None:
    _, device, _ = machine()
    counter = Counter(device)
    counter()
    counter()
    counter.array.close()
    with pytest.raises(AssertionError, match="after it was freed"):
        counter()
