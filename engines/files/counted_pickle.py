"""An unpickler for untrusted files, whose memory is bounded by the job's budget."""

from __future__ import annotations

import pickle
import struct
from collections.abc import Callable
from typing import Any, BinaryIO

from engines.files.memory_budget import MemoryBudget

# Upper bound of the memory of an instruction: the largest object of a one-byte instruction is an empty dict or set.
INSTRUCTION_BYTES = 256
ITEM_BYTES = 128  # of an item that a container copies
_AT_ONCE = 4096


def _load_bytearray8(unpickler: Any) -> None:
    (size,) = struct.unpack("<Q", unpickler.read(8))
    unpickler.append(bytearray(unpickler.read(size)))


# The extension registry returns globals without calling find_class.
_EXTENSIONS = pickle.EXT1[0], pickle.EXT2[0], pickle.EXT4[0]
_INSTRUCTIONS: dict[int, Callable[..., None]] = {
    code: load for code, load in pickle._Unpickler.dispatch.items() if code not in _EXTENSIONS
} | {pickle.BYTEARRAY8[0]: _load_bytearray8}


class _Counted(dict[int, Callable[..., None]]):
    """The dispatch table, which counts the lookups."""

    def __init__(self, reserve: Callable[[int], None]) -> None:
        super().__init__(_INSTRUCTIONS)
        self._reserve = reserve
        self._left = 0

    def __getitem__(self, code: int) -> Callable[..., None]:
        if self._left == 0:
            self._reserve(_AT_ONCE * INSTRUCTION_BYTES)
            self._left = _AT_ONCE
        self._left -= 1
        return super().__getitem__(code)


# The Python implementation, because the C one allocates memory that a damaged file declares: it uses the index of a
# memo entry as the size of a table.
class CountedUnpickler(pickle._Unpickler):
    """Reads the pickle in `file`; subclasses resolve globals in find_class.

    Raises MemoryBudgetError, whose message begins with `what`, before the objects take more than the budget allows.
    """

    def __init__(self, file: BinaryIO, budget: MemoryBudget, what: str) -> None:
        super().__init__(file, encoding="latin1")
        self._budget, self._what = budget, what
        self.dispatch = _Counted(self.reserve)  # type: ignore[misc]  # an instance's, where the base has its class's

    def reserve(self, count: int) -> None:
        """Reserves `count` bytes of the budget."""
        self._budget.reserve(count, self._what)

    def counted(self, container: type) -> Container:
        """The container's constructor, which reserves the copied items first: a few bytes can request any copy."""
        return Container(container, self.reserve)


class Container:
    """Makes containers of one type, within the budget. A pickle can set no attribute of it."""

    __slots__ = ("_reserve", "_type")

    def __init__(self, made: type, reserve: Callable[[int], None]) -> None:
        self._type, self._reserve = made, reserve

    def __call__(self, *items: Any) -> Any:
        self._reserve(ITEM_BYTES * sum(len(each) for each in items if hasattr(each, "__len__")))
        return self._type(*items)

    def __setstate__(self, state: Any) -> None:
        raise pickle.UnpicklingError("a class has no state")
