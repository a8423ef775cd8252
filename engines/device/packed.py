"""Arrays of so many people in one block of memory, so that one copy moves them all."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import DTypeLike

from engines.device.base import Shape, Spec, byte_count

ALIGNMENT = 256  # bytes, as CUDA's allocations


class _Block(Protocol):
    def part(self, offset: int, shape: Shape, dtype: DTypeLike) -> _Block: ...

    def close(self) -> None: ...


A = TypeVar("A", bound=_Block)


class Packed(Generic[A]):
    """Arrays that `make` allocates, a device's `array` or `host_array`, with a growing number of rows.

    For equal rows two of equal specs have equal layouts.
    """

    def __init__(self, make: Callable[[Shape, DTypeLike], A], specs: Sequence[Spec]) -> None:
        self._make, self._specs = make, tuple(specs)
        self._block: A | None = None
        self.capacity = 0

    def reserve(self, rows: int) -> None:
        """Make room for `rows` rows, when nothing in flight uses the memory. Raises OutOfMemoryError, and keeps what it
        had."""
        if rows <= self.capacity:
            return
        capacity = 1 << (rows - 1).bit_length()
        block = self._make((self._layout(capacity)[-1],), np.uint8)
        self.close()
        self._block, self.capacity = block, capacity

    def parts(self, rows: int) -> list[A]:
        """The arrays, with this many rows."""
        made = zip(self._layout(rows), self._specs, strict=False)
        return [self._part(offset, (rows, *spec.row), spec.dtype) for offset, spec in made]

    def whole(self, rows: int) -> A:
        """All of them as bytes, with this many rows."""
        return self._part(0, (self._layout(rows)[-1],), np.uint8)

    def close(self) -> None:
        """Free the memory, when nothing in flight uses it."""
        if self._block is not None:
            self._block.close()
        self._block, self.capacity = None, 0

    def _part(self, offset: int, shape: Shape, dtype: DTypeLike) -> A:
        assert self._block is not None, "nothing is reserved"
        return self._block.part(offset, shape, dtype)  # type: ignore[return-value]

    def _layout(self, rows: int) -> list[int]:
        """Where each array begins, and the size of all."""
        offsets = [0]
        for spec in self._specs:
            size = byte_count((rows, *spec.row), spec.dtype)
            offsets.append(offsets[-1] + math.ceil(size / ALIGNMENT) * ALIGNMENT)
        return offsets
