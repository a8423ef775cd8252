"""Arrays that both the host and a device use: two with a copy between them, or one where both share the memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engines.device.base import Device, DeviceArray, HostArray, Spec, Stream
from engines.device.packed import Packed


class Mirror:
    """Arrays of a growing number of rows, page-locked on the host and, on a device with memory of its own, there too.

    Where a device reads and writes the host's memory (`Device.unified`), both are one, and nothing is copied: the host
    writes only when no work that uses the arrays is in flight.
    """

    def __init__(self, device: Device, specs: Sequence[Spec]) -> None:
        self._here = Packed(device.host_array, specs)
        self._there: Packed[DeviceArray] | None = None if device.unified else Packed(device.array, specs)

    @property
    def capacity(self) -> int:
        """Rows that there is memory for."""
        return min(packed.capacity for packed in self._all)

    def reserve(self, rows: int) -> None:
        """See Packed.reserve."""
        for packed in self._all:
            packed.reserve(rows)

    def there(self, rows: int) -> list[DeviceArray]:
        """The arrays as work on the device uses them."""
        shared: Any = self._here
        return (self._there or shared).parts(rows)

    def here(self, rows: int) -> list[HostArray]:
        """The arrays as the host reads and writes them."""
        return self._here.parts(rows)

    def up(self, stream: Stream, rows: int) -> None:
        """Enqueue their copy to the device."""
        if self._there is not None:
            stream.copy(self._there.whole(rows), self._here.whole(rows))

    def down(self, stream: Stream, rows: int) -> None:
        """Enqueue their copy to the host."""
        if self._there is not None:
            stream.copy(self._here.whole(rows), self._there.whole(rows))

    def close(self) -> None:
        """Free the memory, when nothing in flight uses it."""
        for packed in self._all:
            packed.close()

    @property
    def _all(self) -> tuple[Packed[Any], ...]:
        return (self._here,) if self._there is None else (self._here, self._there)
