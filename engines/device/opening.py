"""Opens the devices of this machine by name."""

from __future__ import annotations

from collections.abc import Callable

from engines.device.base import Device
from engines.errors import UnknownNameError


def _cuda(name: str) -> Device:
    from engines.device.cuda import CudaDevice

    return CudaDevice(int(name.removeprefix("cuda:")))


OPENERS: dict[str, Callable[[str], Device]] = {"cuda": _cuda}
"""How a kind of device, the part of its name before the colon, is opened."""


def open_device(name: str) -> Device:
    """The device of a name such as "cuda:0". Raises ModelError when it cannot be used."""
    kind = name.partition(":")[0]
    if kind not in OPENERS:
        raise UnknownNameError(f"{name}: not a device with streams; it has: {', '.join(OPENERS)}")
    return OPENERS[kind](name)
