"""Arrays in one block of memory."""

from __future__ import annotations

import numpy as np
import pytest

from engines.device.base import Spec
from engines.device.packed import Packed
from engines.errors import OutOfMemoryError
from tests.support.emulated.device import EmulatedDevice
from tests.support.emulated.runtime import Runtime

SPECS = (Spec((3,), np.dtype(np.float32)), Spec((), np.dtype(np.uint8)), Spec((2, 2), np.dtype(np.int32)))


@pytest.mark.parametrize("rows", [1, 3, 8])
def test_packed_arrays_move_in_one_copy(rows: int) -> None:
    runtime = Runtime()
    device = EmulatedDevice(runtime)
    given, landing = (Packed(device.host_array, SPECS) for _ in range(2))
    there = Packed(device.array, SPECS)
    for packed in (given, landing, there):
        packed.reserve(8)
    rng = np.random.default_rng(0)
    values = [rng.integers(0, 200, (rows, *spec.row)).astype(spec.dtype) for spec in SPECS]
    for part, value in zip(given.parts(rows), values, strict=True):
        part.write()[:] = value
    stream, done = device.stream("s"), device.event("done")
    stream.copy(there.whole(rows), given.whole(rows))
    stream.copy(landing.whole(rows), there.whole(rows))
    stream.record(done)
    done.wait()
    for part, value in zip(landing.parts(rows), values, strict=True):
        np.testing.assert_array_equal(part.read(), value)
    for packed in (given, landing, there):
        packed.close()
    assert runtime.used["cuda:0"] == 0
    assert runtime.checker.hazards == []


def test_packed_without_memory_keeps_what_it_had() -> None:
    runtime = Runtime(limit=2000)
    packed = Packed(EmulatedDevice(runtime).array, SPECS)
    packed.reserve(3)
    held = runtime.used["cuda:0"]
    assert packed.capacity == 4
    with pytest.raises(OutOfMemoryError):
        packed.reserve(500)
    assert (packed.capacity, runtime.used["cuda:0"]) == (4, held)
    assert [part.shape for part in packed.parts(2)] == [(2, 3), (2,), (2, 2, 2)]
