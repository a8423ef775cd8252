"""Reads untrusted pickles as descriptions: nothing in them is imported, called or executed.

An object of an allowed class becomes a Node that stores its arguments and state. `as_array` evaluates a Node of an
array of numpy, scipy.sparse or chumpy, without unpickling by those libraries.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray

from engines.errors import ModelError
from engines.files.counted_pickle import CountedUnpickler
from engines.files.memory_budget import MemoryBudget, MemoryBudgetError, current_budget
from engines.files.regular_file import read_file

Array = NDArray[Any]
Reserve: TypeAlias = Callable[[int], None]

DENSE_LIMIT = 1 << 26  # elements; a joint regressor has half a million
MOVED = {
    "copy_reg": "copyreg",
    "__builtin__": "builtins",
    "numpy._core.multiarray": "numpy.core.multiarray",
    "numpy._core.numeric": "numpy.core.numeric",
    **{f"scipy.sparse.{mark}{form}": "scipy.sparse" for mark in ("", "_") for form in ("csc", "csr", "coo")},
}
SPARSE = {f"scipy.sparse.{form}_{kind}" for form in ("csc", "csr", "coo") for kind in ("matrix", "array")}
NODES = SPARSE | {
    "builtins.bytes",
    "builtins.object",
    "_codecs.encode",
    "numpy.ndarray",
    "numpy.dtype",
    "numpy.core.multiarray._reconstruct",
    "numpy.core.multiarray.scalar",
    "numpy.core.numeric._frombuffer",
}
CONTAINERS = {"collections.OrderedDict": dict, "builtins.set": set, "builtins.frozenset": frozenset}
CLASS_BYTES = 2048
CHUMPY = re.compile(r"chumpy(\.\w+)+", re.ASCII)
DTYPE = re.compile(r"[<>|=]?([biufc]\d{1,2}|[SU]\d{1,9})")


class Node:
    """An object as a pickle describes it: the global that makes it, the arguments, and the state set afterwards."""

    __slots__ = ("arguments", "state")
    kind: ClassVar[str] = ""
    arguments: tuple[Any, ...]
    state: Any

    def __new__(cls, *arguments: Any) -> Node:
        node = object.__new__(cls)
        node.arguments = arguments
        node.state = None
        return node

    # Without this, unpickling would set attributes of any object on the stack, classes included.
    def __setstate__(self, state: Any) -> None:
        self.state = state


class _Reconstructor(Node):
    """copyreg._reconstructor(class, base, base state): how protocols 0 and 1 make an object without arguments."""

    __slots__ = ()

    def __new__(cls, *arguments: Any) -> Any:
        made = arguments[0]
        if not (isinstance(made, type) and issubclass(made, Node)):
            raise TypeError("an object is built on something that is not a class")
        return Node.__new__(made)


class _Refused(Exception):
    """The pickle names a global that is not allowed."""


class _Unpickler(CountedUnpickler):
    def __init__(self, data: bytes, budget: MemoryBudget, what: str) -> None:
        super().__init__(io.BytesIO(data), budget, what)
        self._classes: dict[str, type[Node]] = {}

    def find_class(self, module: str, name: str) -> Any:
        kind = f"{MOVED.get(module, module)}.{name}"
        if kind in CONTAINERS:
            return self.counted(CONTAINERS[kind])
        if kind == "copyreg._reconstructor":
            return _Reconstructor
        if kind in NODES or CHUMPY.fullmatch(kind):
            if kind not in self._classes:
                self.reserve(CLASS_BYTES)
                self._classes[kind] = type("Node", (Node,), {"__slots__": (), "kind": kind})
            return self._classes[kind]
        raise _Refused(ascii(f"{module}.{name}")[1:-1])


def load_pickle(path: str | Path, what: str, budget: MemoryBudget | None = None) -> Any:
    """What a pickle of protocol 0 to 5, of Python 2 or 3, holds: numbers, text and containers, and a Node for the rest.

    what: the expected kind of file, for the message. budget: None takes the job's. Raises ModelError when the file is
    missing, damaged, not a pickle, or names a global other than arrays of numpy, scipy.sparse and chumpy; the message
    names the global.
    """
    budget = budget or current_budget()
    data = read_file(path, budget=budget)
    budget.reserve(len(data), str(path))  # the objects are a copy
    try:
        return _Unpickler(data, budget, str(path)).load()
    except MemoryBudgetError:
        raise
    except _Refused as name:
        raise ModelError(
            f"{path}: refused: the pickle names {name}, which is not needed in a {what}; no code was executed"
        ) from None
    except Exception as reason:  # a damaged pickle can raise anything
        raise ModelError(f"{path}: not a {what}, or damaged: incomplete pickle ({type(reason).__name__})") from None


def as_array(value: Any, what: str, budget: MemoryBudget | None = None) -> Array:
    """The array that a value of `load_pickle` stands for; sparse matrices become dense.

    what: the name of the value, for the message. budget: None takes the job's. Raises ModelError when it is not an
    array, is damaged, or is an expression of chumpy.
    """
    budget = budget or current_budget()

    def reserve(count: int) -> None:
        budget.reserve(count, what)

    try:
        return _array(value, reserve)
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as reason:
        raise ModelError(f"{what} cannot be read as an array: {reason}") from None


def _array(value: Any, reserve: Reserve) -> Array:
    if not isinstance(value, Node) or not value.kind.startswith("chumpy."):
        return _stored(value, reserve)
    if value.kind == "chumpy.ch.Ch":
        return _stored(value.state["x"], reserve)
    if value.kind == "chumpy.reordering.Select":  # a view: elements `idxs` of the flattened array `a`
        given, places = _array(value.state["a"], reserve), _stored(value.state["idxs"], reserve)
        reserve(places.size * given.itemsize)
        chosen = given.reshape(-1)[places]
        return chosen.reshape(_shape(value.state["preferred_shape"]))
    raise ValueError(f"it is {value.kind}, an expression of chumpy; store its value instead")


def _stored(value: Any, reserve: Reserve) -> Array:
    """An array whose values are in the file: of numpy or scipy.sparse, or a single number."""
    if isinstance(value, (bool, int, float, str)):
        return np.array(value)
    if not isinstance(value, Node):
        raise ValueError(f"it is a {type(value).__name__}")
    if value.kind in SPARSE:
        return _dense(value.kind.rpartition(".")[2][:3], value.state, reserve)
    if value.kind == "numpy.core.multiarray._reconstruct":
        *_, shape, dtype, fortran, raw = value.state
        return _from_bytes(raw, dtype, shape, "F" if fortran else "C")
    if value.kind == "numpy.core.numeric._frombuffer":
        raw, dtype, shape, order = value.arguments[:4]
        return _from_bytes(raw, dtype, shape, order)
    if value.kind == "numpy.core.multiarray.scalar":
        dtype, raw = value.arguments
        return _from_bytes(raw, dtype, (), "C")
    raise ValueError(f"it is {value.kind}")


def _from_bytes(raw: Any, dtype: Any, shape: Any, order: Any) -> Array:
    if isinstance(raw, list):
        raise ValueError("it holds Python objects")
    if order not in ("C", "F"):
        raise ValueError("its memory order is neither C nor F")
    return np.frombuffer(_bytes(raw), _dtype(dtype)).reshape(_shape(shape), order=order)


def _bytes(raw: Any) -> bytes | bytearray:
    if isinstance(raw, str):  # bytes of Python 2
        return raw.encode("latin1")
    if isinstance(raw, Node) and raw.kind == "_codecs.encode":  # bytes of Python 3 in protocols 0 to 2
        return _bytes(raw.arguments[0])
    if isinstance(raw, Node) and raw.kind == "builtins.bytes" and not raw.arguments:
        return b""
    if isinstance(raw, (bytes, bytearray)):
        return raw
    raise ValueError("its values are not bytes")


def _dtype(node: Any) -> np.dtype[Any]:
    code = node.arguments[0] if isinstance(node, Node) and node.kind == "numpy.dtype" else None
    if not (isinstance(code, str) and DTYPE.fullmatch(code)):
        raise ValueError("its elements are neither numbers nor text")
    dtype: np.dtype[Any] = np.dtype(code).newbyteorder(node.state[1])
    return dtype


def _shape(sizes: Any) -> tuple[int, ...]:
    if not (isinstance(sizes, tuple) and all(isinstance(size, int) and size >= 0 for size in sizes)):
        raise ValueError("its shape is not a tuple of sizes")
    return sizes


def _dense(form: str, state: dict[str, Any], reserve: Reserve) -> Array:
    """A sparse matrix from the attributes that scipy pickles; duplicate entries add up, as in scipy."""
    rows, columns = _shape(state["_shape"])
    if rows * columns > DENSE_LIMIT:
        raise ValueError(f"a sparse matrix of {rows} x {columns} is too large")
    data = _stored(state["data"], reserve)
    if form == "coo":
        pair = state["coords"] if "coords" in state else (state["row"], state["col"])
        row, column = _stored(pair[0], reserve), _stored(pair[1], reserve)
    else:
        pointers, minor = _stored(state["indptr"], reserve).astype(np.int64), _stored(state["indices"], reserve)
        counts = np.diff(pointers)
        # Checked before they are expanded: damaged pointers could request any amount of memory.
        if pointers[0] != 0 or (counts < 0).any() or pointers[-1] > len(minor):
            raise ValueError("the index pointers of a sparse matrix are damaged")
        major = np.repeat(np.arange(len(counts)), counts)
        minor, data = minor[: len(major)], data[: len(major)]
        row, column = (minor, major) if form == "csc" else (major, minor)
    if len(row) and (row.min() < 0 or column.min() < 0):
        raise ValueError("a sparse matrix has negative indices")
    reserve(math.prod((rows, columns, data.itemsize)))
    dense = np.zeros((rows, columns), data.dtype)
    np.add.at(dense, (row, column), data)
    return dense
