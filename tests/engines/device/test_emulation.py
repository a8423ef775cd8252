"""The emulated device that the tests of pipelines on streams rely on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engines.device.base import DeviceArray, HostArray
from engines.errors import DeviceLostError, OutOfMemoryError
from tests.support.emulated.checker import HOST
from tests.support.emulated.device import EmulatedDevice
from tests.support.emulated.runtime import Fault, Runtime


def add(amount: int) -> Any:
    def work(stream: int, given: Any, made: Any) -> None:
        made[:] = given + amount

    return work


def machine(**options: Any) -> tuple[Runtime, EmulatedDevice]:
    runtime = Runtime(**options)
    return runtime, EmulatedDevice(runtime)


def host_with(device: EmulatedDevice, *values: float) -> HostArray:
    array = device.host_array((len(values),), np.float32)
    array.write()[:] = values
    return array


def pair(device: EmulatedDevice) -> tuple[DeviceArray, DeviceArray]:
    return device.array((2,), np.float32), device.array((2,), np.float32)


@pytest.mark.parametrize("seed", range(5))
def test_stream_runs_its_work_in_order(seed: int) -> None:
    runtime, device = machine(seed=seed)
    (a, b), stream, done = pair(device), device.stream("s"), device.event("done")
    given, back = host_with(device, 1, 2), device.host_array((2,), np.float32)
    stream.copy(a, given)
    stream.launch("add", add(1), [a], [b])
    stream.launch("add", add(10), [b], [a])
    stream.copy(back, a)
    stream.record(done)
    done.wait()
    np.testing.assert_array_equal(back.read(), [12, 13])
    assert not runtime.checker.hazards
    assert runtime.counts["host waits"] == 1
    assert runtime.counts["copies"] == 2


def test_nothing_runs_before_the_host_waits_for_it() -> None:
    runtime, device = machine(eagerness=0)
    a, _ = pair(device)
    given, back, stream, done = host_with(device, 1, 2), host_with(device, 5, 5), device.stream("s"), device.event("d")
    stream.copy(a, given)
    stream.copy(back, a)
    stream.record(done)
    assert not done.done()
    assert np.isnan(back.read()).all()  # poisoned until the copy lands
    assert runtime.checker.hazards == ["the program (host) reads what a copy (s 1) writes: 2 float32"]


@pytest.mark.parametrize("ordered", [True, False])
def test_streams_are_ordered_by_events_only(ordered: bool) -> None:
    seen = set()
    for seed in range(20):
        runtime, device = machine(seed=seed, eagerness=0.4)
        (a, b), one, two = pair(device), device.stream("one"), device.stream("two")
        ready, done, back = device.event("ready"), device.event("done"), device.host_array((2,), np.float32)
        one.copy(a, host_with(device, 1, 2))
        one.record(ready)
        if ordered:
            two.wait(ready)
        two.launch("add", add(1), [a], [b])
        two.copy(back, b)
        two.record(done)
        done.wait()
        seen.add(bool(np.isfinite(back.read()).all()))
        expected = [] if ordered else ["add (two 2) reads what a copy (one 1) writes: 2 float32"]
        assert runtime.checker.hazards == expected
        assert runtime.edges == {(HOST, "done")} | ({("two", "ready")} if ordered else set())
    assert seen == ({True} if ordered else {True, False})


def test_wait_left_out_is_reported() -> None:
    runtime, device = machine(without=frozenset({("two", "ready")}))
    (a, b), one, two, ready = pair(device), device.stream("one"), device.stream("two"), device.event("ready")
    one.copy(a, host_with(device, 1, 2))
    one.record(ready)
    two.wait(ready)
    two.launch("add", add(1), [a], [b])
    assert len(runtime.checker.hazards) == 1


def test_event_waited_for_is_its_last_record_before_the_wait() -> None:
    runtime, device = machine(eagerness=0)
    (a, b), one, two, ready = pair(device), device.stream("one"), device.stream("two"), device.event("ready")
    two.wait(ready)  # never recorded: no order
    one.record(ready)
    two.wait(ready)
    one.copy(a, host_with(device, 1, 2))  # after the record
    two.launch("add", add(1), [a], [b])
    assert runtime.checker.hazards == ["add (two 2) reads what a copy (one 1) writes: 2 float32"]


def test_memory_reused_while_it_is_read_is_reported() -> None:
    runtime, device = machine(eagerness=0)
    (a, b), one, done = pair(device), device.stream("one"), device.event("done")
    given = host_with(device, 1, 2)
    one.copy(a, given)
    given.write()[:] = 3  # the copy may come later
    assert runtime.checker.hazards == ["the program (host) writes what a copy (one 1) reads: 2 float32"]
    one.record(done)
    done.wait()
    given.write()[:] = 4
    a.close()
    b.close()
    assert len(runtime.checker.hazards) == 1
    assert device.runtime.used["cuda:0"] == 8


def test_memory_freed_in_flight_is_reported() -> None:
    runtime, device = machine()
    (a, b), one = pair(device), device.stream("one")
    one.launch("add", add(1), [a], [b])
    b.close()
    assert "free (host) writes what add (one 1) writes: 2 float32" in runtime.checker.hazards


def test_parts_are_checked_for_what_they_are() -> None:
    runtime, device = machine()
    one, two = device.stream("one"), device.stream("two")
    array, other = device.array((4, 2), np.float32), device.array((4, 2), np.float32)
    first, second = (other.part(offset, (2, 2), np.float32) for offset in (0, 16))
    one.launch("add", add(1), [array.part(0, (2, 2), np.float32)], [first])
    two.launch("add", add(1), [array.part(0, (2, 2), np.float32)], [second])
    assert not runtime.checker.hazards
    two.launch("add", add(1), [array.part(0, (2, 2), np.float32)], [other.part(8, (2, 2), np.float32)])
    assert len(runtime.checker.hazards) == 1


def test_work_fills_poisoned_memory_and_keeps_its_inputs() -> None:
    _, device = machine()
    (a, b), stream, done = pair(device), device.stream("s"), device.event("done")
    back = device.host_array((2,), np.float32)

    def half(stream: int, given: Any, made: Any) -> None:
        with pytest.raises(ValueError, match="read-only"):
            given[:] = 0
        made[:1] = 7

    stream.copy(a, host_with(device, 1, 2))
    stream.copy(b, host_with(device, 1, 2))
    stream.launch("half", half, [a], [b])
    stream.copy(back, b)
    stream.record(done)
    done.wait()
    assert back.read()[0] == 7
    assert np.isnan(back.read()[1])


def test_device_without_memory_raises_out_of_memory() -> None:
    _, device = machine(limit=16)
    array = device.array((3,), np.float32)
    with pytest.raises(OutOfMemoryError, match=r"^GPU pipeline: cuda:0 has not enough memory to allocate 12 bytes;"):
        device.array((3,), np.float32)
    array.close()
    device.array((3,), np.float32)


def test_device_lost_is_reported_by_every_later_call() -> None:
    _, device = machine(faults=[Fault("add", 1, RuntimeError(), late=True)])
    (a, b), stream, done = pair(device), device.stream("s"), device.event("done")
    for _ in range(2):
        stream.launch("add", add(1), [a], [b])
    stream.record(done)
    with pytest.raises(DeviceLostError, match=r"^GPU pipeline: cuda:0 was lost \(CUDA_ERROR_ILLEGAL_ADDRESS"):
        done.wait()
    with pytest.raises(DeviceLostError):
        stream.launch("add", add(1), [a], [b])
