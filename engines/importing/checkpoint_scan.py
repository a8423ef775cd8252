"""Computes from its pickles what a torch checkpoint allocates, before torch reads them.

torch's restricted unpickler executes no code of a file, but it trusts the declared sizes of storages, tensors and
arrays.
"""

from __future__ import annotations

import io
import math
import pickle
from collections.abc import Iterable
from typing import Any, ClassVar

from engines.files.counted_pickle import ITEM_BYTES, CountedUnpickler
from engines.files.memory_budget import MemoryBudget

ELEMENT_BYTES = 16  # size of the largest element type
_WIDTHS = {"Double": 8, "Float": 4, "Half": 2, "BFloat16": 2, "Long": 8, "Int": 4, "Short": 2, "ComplexDouble": 16}
_WIDTHS |= {"ComplexFloat": 8}  # all others: 1
CHECK_BYTES = 5  # of an element, while it is checked as float32 for finiteness
LEGACY_PICKLES = 5  # magic number, protocol, system, content, keys of the storages


class ScanError(Exception):
    """The sizes in a checkpoint contradict each other."""


class _Storage:
    """A storage that a pickle names: its elements are elsewhere in the file."""

    __slots__ = ("count",)

    def __init__(self, count: int) -> None:
        self.count = count


class _Called(dict[Any, Any]):
    """A stand-in for the object of a global; accepts any items and stores none."""

    kind: ClassVar[str] = ""
    scan: ClassVar[Any] = None

    def __new__(cls, *arguments: Any, **named: Any) -> _Called:
        cls.scan.called(cls.kind, arguments)
        return super().__new__(cls)

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__()

    def __hash__(self) -> int:  # type: ignore[override]
        return id(self)

    def __setstate__(self, state: Any) -> None:
        self.scan.state(state)

    def __setitem__(self, key: Any, value: Any) -> None:
        pass

    def extend(self, items: Iterable[Any]) -> None:
        pass

    append = add = extend


class _Scan(CountedUnpickler):
    def __init__(self, file: io.BytesIO, budget: MemoryBudget, what: str, stored: int) -> None:
        super().__init__(file, budget, what)
        self._stored = stored
        self._declared: dict[str, int] = {}
        self._classes: dict[str, type[_Called]] = {}

    def find_class(self, module: str, name: str) -> Any:
        kind = f"{module}.{name}"
        if kind not in self._classes:
            self.reserve(2048)
            self._classes[kind] = type("Called", (_Called,), {"kind": kind, "scan": self})
        return self._classes[kind]

    def persistent_load(self, pid: Any) -> _Storage:
        """("storage", type, key, device, elements, ...): all storages together have no more bytes than the file."""
        _, kind, key, _, count = pid[:5]
        if not isinstance(count, int) or count < 0:
            raise ScanError("a storage has no size")
        name = getattr(kind, "kind", "").rpartition(".")[2].removesuffix("Storage")
        self._declared[str(key)] = count * _WIDTHS.get(name, 1)
        if sum(self._declared.values()) > self._stored:
            raise ScanError(f"its weights declare more than the {self._stored} bytes of the file")
        return _Storage(count)

    def called(self, kind: str, arguments: tuple[Any, ...]) -> None:
        """Reserves the memory of a call of a global."""
        if kind.startswith("torch._utils._rebuild") and arguments and isinstance(arguments[0], _Storage):
            storage, offset, size, stride = arguments[:4]
            sizes, strides = _sizes(size), _sizes(stride)
            count = math.prod(sizes)
            last = _sizes((offset,))[0] + sum((n - 1) * s for n, s in zip(sizes, strides, strict=True))
            if count and last >= storage.count:  # torch would make the storage larger
                raise ScanError("a tensor exceeds its storage")
            self.reserve(count * CHECK_BYTES)
        elif kind != "torch.Size":
            self.reserve(_declared(arguments) * ELEMENT_BYTES)

    def state(self, state: Any) -> None:
        """Reserves the memory of an object's state; that of an array holds its shape."""
        if isinstance(state, tuple):
            self.reserve(_declared(state) * ELEMENT_BYTES)


def _sizes(sizes: Any) -> tuple[int, ...]:
    if isinstance(sizes, tuple) and all(isinstance(size, int) and size >= 0 for size in sizes):
        return sizes
    raise ScanError("a tensor has no shape")


def _declared(arguments: tuple[Any, ...]) -> int:
    """The largest number of elements that a call can create: the product of its numbers, or copies of containers."""
    numbers, items = 1, 0
    for argument in arguments:
        if isinstance(argument, int):
            numbers *= max(1, abs(argument))
        elif isinstance(argument, tuple):
            numbers *= math.prod(max(1, abs(each)) for each in argument if isinstance(each, int))
        elif isinstance(argument, (list, dict, set, frozenset)) and not isinstance(argument, _Called):
            items += len(argument)
        if numbers.bit_length() > 64:
            break
    return numbers + items * ITEM_BYTES // ELEMENT_BYTES


def scan(pickles: bytes, stored: int, budget: MemoryBudget, what: str, count: int) -> None:
    """Reserves the memory that torch allocates for up to `count` consecutive pickles beside `stored` bytes of weights.

    Raises MemoryBudgetError and ScanError, and anything for pickles that are damaged.
    """
    file = io.BytesIO(pickles)
    for number in range(count):
        if file.tell() == len(pickles):
            return
        try:
            _Scan(file, budget, what, stored).load()
        except (EOFError, pickle.UnpicklingError):
            if number == 0:
                raise
            return
