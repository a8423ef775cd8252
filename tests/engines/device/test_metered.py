"""A device whose work is measured."""

from __future__ import annotations

from typing import Any

import numpy as np

from engines.device.metered import PENDING, DeviceCounts, MeteredDevice
from tests.support.emulated.device import EmulatedDevice
from tests.support.emulated.runtime import Runtime


def nothing(stream: int, *arrays: Any) -> None: ...


def metered(runtime: Runtime) -> tuple[MeteredDevice, list[tuple[str, int, int]]]:
    times: list[tuple[str, int, int]] = []
    return MeteredDevice(EmulatedDevice(runtime), lambda *given: times.append(given)), times


def test_metered_device_times_launches_once_they_are_done() -> None:
    device, times = metered(Runtime(eagerness=0))
    stream, done = device.stream("s"), device.event("done")
    for name in ("one", "two"):
        stream.launch(name, nothing)
    stream.record(done)
    stream.launch("three", nothing)
    assert times == []
    done.wait()
    stream.launch("four", nothing)
    assert [name for name, _, _ in times] == ["one", "two"]
    (_, begin, end), (_, later, last) = times
    assert end - begin == last - later == 1_000_000  # a task of the emulation takes one millisecond
    assert later >= end


def test_metered_device_counts_what_it_is_asked_for() -> None:
    device, _ = metered(Runtime())
    stream, done = device.stream("s"), device.event("done")
    there, here = device.array((2, 3), np.float32), device.host_array((2, 3), np.float32)
    here.write()[:] = 1
    stream.copy(there, here)
    stream.launch("work", nothing, [there], [])
    stream.copy(here.part(0, (1, 3), np.float32), there.part(0, (1, 3), np.float32))
    stream.record(done)
    done.wait()
    assert device.counts == DeviceCounts(launches=1, copies=2, bytes=36, host_waits=1, allocations=2)
    assert device.counts.per_frame(2)["bytes"] == 18
    assert device.counts.per_frame(0)["copies"] == 2


def test_metered_device_with_much_in_flight_times_no_more() -> None:
    runtime = Runtime(eagerness=0)
    device, times = metered(runtime)
    stream = device.stream("s")
    for _ in range(PENDING + 5):
        stream.launch("work", nothing)
    runtime.drain()
    stream.launch("last", nothing)
    assert len(times) == PENDING


def test_metered_events_order_streams_of_two_users() -> None:
    runtime = Runtime(eagerness=0)
    (one, _), (two, _) = metered(runtime), metered(runtime)
    first, second, ready = one.stream("one"), two.stream("two"), one.event("ready")
    array = one.array((3,), np.float32)
    first.launch("write", nothing, [], [array])
    first.record(ready)
    second.wait(ready)
    second.launch("read", nothing, [array], [])
    assert runtime.checker.hazards == []
