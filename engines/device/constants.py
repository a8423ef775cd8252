"""Arrays that work on a device reads and nothing changes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from numpy.typing import NDArray

from engines.device.base import Device, DeviceArray, Stream


def uploaded(device: Device, stream: Stream, constants: Iterable[NDArray[Any]], name: str) -> list[DeviceArray]:
    """Copies of arrays on the device, once; the host waits for them. name: of what they describe."""
    done = device.event(f"{name} uploaded")
    there, staged = [], []
    for constant in constants:
        array, staging = device.array(constant.shape, constant.dtype), device.host_array(constant.shape, constant.dtype)
        staging.write()[:] = constant
        stream.copy(array, staging)
        there.append(array)
        staged.append(staging)
    stream.record(done)
    done.wait()
    for staging in staged:
        staging.close()
    return there
