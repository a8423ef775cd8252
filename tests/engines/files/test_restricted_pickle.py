"""The restricted unpickler: arrays are read as by numpy and scipy, code is never executed."""

from __future__ import annotations

import builtins
import os
import pickle
import struct
import sys
import tracemalloc
from collections import OrderedDict
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from engines.errors import ModelError
from engines.files.memory_budget import MemoryBudget
from engines.files.restricted_pickle import Node, as_array, load_pickle

PROTOCOLS = range(6)


@pytest.fixture
def loads(tmp_path: Path) -> Any:
    def load(data: bytes) -> Any:
        path = tmp_path / "model.pkl"
        path.write_bytes(data)
        return load_pickle(path, "body model file")

    return load


@pytest.fixture
def chumpy(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Classes that pickle as chumpy's do; `forget` takes them out of the interpreter, as where it is not installed."""

    def make(module: str, name: str) -> type:
        holder = ModuleType(module)
        made = type(name, (), {"__module__": module})
        setattr(holder, name, made)
        monkeypatch.setitem(sys.modules, module, holder)
        return made

    def node(made: type, **state: Any) -> object:
        thing = made()
        thing.__dict__.update(state, _dirty_vars=set(), _itr=None, _status="new")
        return thing

    class Chumpy:
        @staticmethod
        def ch(x: Any) -> object:
            return node(Ch, x=x)

        @staticmethod
        def select(a: object, indices: np.ndarray) -> object:
            return node(Select, a=a, idxs=indices.ravel(), preferred_shape=indices.shape)

        @staticmethod
        def add(a: object, b: object) -> object:
            return node(Add, a=a, b=b)

        @staticmethod
        def dumps(value: object, protocol: int) -> bytes:
            data = pickle.dumps(value, protocol)
            for name in ("chumpy", "chumpy.ch", "chumpy.ch_ops", "chumpy.reordering"):
                monkeypatch.delitem(sys.modules, name, raising=False)
            return data

    monkeypatch.setitem(sys.modules, "chumpy", ModuleType("chumpy"))
    Ch, Select, Add = make("chumpy.ch", "Ch"), make("chumpy.reordering", "Select"), make("chumpy.ch_ops", "add")
    return Chumpy


def python2_array(array: np.ndarray, protocol: int) -> bytes:
    """The pickle that Python 2 makes of an array: its values are a byte string, not bytes."""
    raw, code = array.tobytes(), array.dtype.str[1:].encode()
    text = b"S" + repr(raw)[1:].encode() + b"\n" if protocol == 0 else b"T" + struct.pack("<i", len(raw)) + raw
    shape = b"(" + b"".join(b"I%d\n" % size for size in array.shape) + b"t"
    made = b"cnumpy.core.multiarray\n_reconstruct\np0\n(cnumpy\nndarray\np1\n(I0\ntS'b'\ntRp2\n"
    dtype = b"cnumpy\ndtype\np3\n(S'" + code + b"'\nI0\nI1\ntR(I3\nS'<'\nNNNI-1\nI-1\nI0\ntb"
    return made + b"(I1\n" + shape + dtype + b"I00\n" + text + b"tb."


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    "array",
    [
        np.arange(12.0).reshape(3, 4),
        np.asfortranarray(np.arange(12, dtype=np.float32).reshape(3, 4)),
        np.arange(6, dtype=">u4").reshape(2, 3),
        np.zeros((0, 3)),
        np.array(["male", "neutral"]),
        np.float32(1.5),
        np.array(True),
    ],
    ids=["float64", "fortran", "big endian", "empty", "text", "scalar", "bool"],
)
def test_load_pickle_array_of_each_protocol_is_read(loads: Any, array: np.ndarray, protocol: int) -> None:
    read = as_array(loads(pickle.dumps({"a": array}, protocol))["a"], "a")
    np.testing.assert_array_equal(read, array)
    assert (read.dtype, read.shape) == (array.dtype, array.shape)


@pytest.mark.parametrize("protocol", [0, 2])
def test_load_pickle_python_2_array_is_read(loads: Any, protocol: int) -> None:
    array = np.random.default_rng(0).normal(0, 1, (5, 7))
    np.testing.assert_array_equal(as_array(loads(python2_array(array, protocol)), "a"), array)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_load_pickle_plain_containers_are_read(loads: Any, protocol: int) -> None:
    held = {
        "n": [1, 2.5, None, True, 2**70],
        "t": ("ö", b"raw"),
        "s": {1, 2},
        "o": OrderedDict(a=1),
        "f": frozenset("a"),
    }
    read = loads(pickle.dumps(held, protocol))
    assert {key: read[key] for key in "nsof"} == {key: held[key] for key in "nsof"}
    assert read["t"][0] == "ö"


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("form", ["csc_matrix", "csr_matrix", "coo_matrix", "csc_array"])
@pytest.mark.parametrize("module", ["scipy.sparse._{}", "scipy.sparse.{}", "scipy.sparse"])
def test_as_array_sparse_matrix_becomes_dense(loads: Any, form: str, module: str, protocol: int) -> None:
    dense = np.random.default_rng(1).normal(0, 1, (4, 9)) * (np.random.default_rng(2).random((4, 9)) < 0.3)
    data = pickle.dumps(getattr(sparse, form)(dense), protocol)
    if protocol < 4:  # the text of a global is not counted: put the names of other scipy versions there
        data = data.replace(f"scipy.sparse._{form[:3]}".encode(), module.format(form[:3]).encode())
    np.testing.assert_array_equal(as_array(loads(data), "a"), dense)


def test_as_array_coo_of_older_scipy_sums_repeated_entries(loads: Any) -> None:
    matrix = sparse.coo_matrix(([1.0, 2.0, 4.0], ([0, 0, 1], [1, 1, 2])), (2, 3))
    row, column = matrix.__dict__.pop("coords")
    matrix.__dict__.update(row=row, col=column)
    np.testing.assert_array_equal(as_array(loads(pickle.dumps(matrix, 2)), "a"), [[0, 3, 0], [0, 0, 4]])


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_as_array_chumpy_objects_are_read_without_chumpy(loads: Any, chumpy: Any, protocol: int) -> None:
    array = np.random.default_rng(3).normal(0, 1, (4, 3, 20))
    some = np.arange(array.size).reshape(array.shape)[:, :, :10]
    held = {"x": chumpy.ch(array), "view": chumpy.select(chumpy.ch(array), some)}
    held["sum"] = chumpy.add(held["x"], held["x"])
    read = loads(chumpy.dumps(held, protocol))
    assert "chumpy.ch" not in sys.modules
    np.testing.assert_array_equal(as_array(read["x"], "x"), array)
    np.testing.assert_array_equal(as_array(read["view"], "view"), array[:, :, :10])
    with pytest.raises(ModelError, match=r"^the sum .* it is chumpy\.ch_ops\.add, an expression of chumpy"):
        as_array(read["sum"], "the sum")


@pytest.mark.parametrize("value", [None, [1, 2], {"a": 1}, b"raw", np.array([{}]), np.zeros(2, [("a", "f4")])])
def test_as_array_other_object_raises(loads: Any, value: object) -> None:
    held = loads(pickle.dumps(value))
    with pytest.raises(ModelError, match=r"^here cannot be read as an array: "):
        as_array(held, "here")


class Runs:
    """Pickles as a call, which a careless reader makes."""

    def __init__(self, call: Any, *arguments: Any) -> None:
        self._call = (call, arguments)

    def __reduce__(self) -> Any:
        return self._call


def attacks(canary: Path) -> dict[str, tuple[bytes, str]]:
    """Pickles that would create the canary file, and the global that they need."""
    shell, code = f"touch {canary}", f"open({str(canary)!r}, 'w')"
    system = f"{os.name}.system" if os.name == "posix" else "nt.system"
    return {
        "reduce": (pickle.dumps({"f": Runs(os.system, shell)}), system),
        "protocol 0": (pickle.dumps(Runs(os.system, shell), 0), system),
        "exec": (pickle.dumps(Runs(builtins.exec, code)), "builtins.exec"),
        "eval of python 2": (pickle.dumps(Runs(builtins.eval, code), 2), "__builtin__.eval"),
        "open": (pickle.dumps(Runs(open, str(canary), "w")), "_?io.open"),
        "inst": (b"(S'" + shell.encode() + b"'\nios\nsystem\n.", "os.system"),
        "obj": (b"(cos\nsystem\nS'" + shell.encode() + b"'\no.", "os.system"),
        "getattr": (b"cbuiltins\ngetattr\n(cos\nsystem\nS'x'\ntR.", "builtins.getattr"),
        "numpy": (b"cnumpy\nsave\n(S'" + str(canary).encode() + b"'\nI1\ntR.", "numpy.save"),
        "reconstructor": (b"ccopyreg\n_reconstructor\n(cos\nsystem\ncos\nsystem\nS'x'\ntR.", "os.system"),
        "two lines": (b"\x80\x04\x8c\x06chumpy\x8c\x03a\nb\x93.", r"chumpy\.a\\nb"),
        "dotted": (b"\x80\x04\x8c\x05numpy\x8c\x0cf2py.os.path\x93.", "numpy.f2py.os.path"),
        "hidden in a chumpy state": (
            b"cchumpy.ch\nCh\n)\x81}S'x'\ncos\nsystem\n(S'" + shell.encode() + b"'\ntRsb.",
            "os.system",
        ),
    }


@pytest.mark.parametrize("attack", attacks(Path("x")))
def test_load_pickle_each_code_attack_raises_without_executing(loads: Any, tmp_path: Path, attack: str) -> None:
    data, name = attacks(tmp_path / "canary")[attack]
    with pytest.raises(ModelError, match=rf"model\.pkl: refused: .* names {name}, .*no code was executed") as refusal:
        loads(data)
    assert "\n" not in str(refusal.value)
    assert not (tmp_path / "canary").exists()


def test_pickle_loads_attack_runs_code(tmp_path: Path) -> None:
    data, _ = attacks(tmp_path / "canary")["reduce"]
    pickle.loads(data)
    assert (tmp_path / "canary").exists()


def test_load_pickle_chumpy_class_is_not_called(loads: Any) -> None:
    held = loads(b"cchumpy.utils\nrun\n(S'touch canary'\ntR.")
    assert isinstance(held, Node)
    assert held.kind == "chumpy.utils.run"
    with pytest.raises(ModelError, match=r"chumpy\.utils\.run"):
        as_array(held, "a")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a pickle at all",
        b"\x80\x04\x95",
        b"\x80\x02}.trailing"[:3],
        b"\x82\x01.",  # an extension code
        b"P1\n.",  # a persistent id
        b"cnumpy\nndarray\n}S'kind'\nS'os.system'\nsb.",  # sets an attribute of a class
        b"cbuiltins\nset\nN}S'add'\nI1\ns\x86b.",
        b"ccopyreg\n_reconstructor\n(I1\nI1\nNtR.",
        b"\x80\x02" + b"(" * 100_000 + b"t" * 100_000,
        b"\x80\x04N" + b"r\xff\xff\xff\x7f",  # the index of a memo entry
        b"\x80\x05\x96" + struct.pack("<Q", 1 << 40),  # an announced bytearray
        b"\x80\x05\x96" + struct.pack("<Q", 1 << 63),
        b"\x80\x04\x8e" + struct.pack("<Q", 1 << 40) + b"abc",
        b"\x80\x04\x95" + struct.pack("<Q", 1 << 40) + b"N",
        b"\x80\x02T\xff\xff\xff\x7fabc",
        b"\x80\x02\x8b\xff\xff\xff\x7fabc",
    ],
    ids=range(17),
)
def test_load_pickle_damaged_data_allocates_little_memory(loads: Any, data: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(ModelError, match=r"^[^\n]*body model file, or damaged[^\n]*$"):
            loads(data)
        assert tracemalloc.get_traced_memory()[1] < 30e6
    finally:
        tracemalloc.stop()


def matrix(**changes: Any) -> bytes:
    made = sparse.csc_matrix(np.eye(3))
    made.__dict__.update(changes)
    return pickle.dumps(made)


def changed_array(shape: bytes) -> bytes:
    data = python2_array(np.zeros((2, 3)), 2)
    return data.replace(b"(I2\nI3\nt", shape)


@pytest.mark.parametrize(
    "data",
    [
        changed_array(b"(I2\nI4\nt"),
        changed_array(b"(I1000000\nI1000000\nt"),
        changed_array(b"(I-1\nI3\nt"),
        changed_array(b"(S'a'\nI3\nt"),
        changed_array(b"N"),
        changed_array(b"(I2\nI3\nt").replace(b"'f8'", b"'O8'"),
        changed_array(b"(I2\nI3\nt").replace(b"'f8'", b"'V8'"),
        matrix(indptr=np.array([0, 2**31 - 1, 2**31 - 1, 3], np.int32)),
        matrix(indptr=np.array([0, 1, 0, 3], np.int32)),
        matrix(indptr=np.array([], np.int32)),
        matrix(indices=np.array([0, 1, 7], np.int32)),
        matrix(indices=np.array([0, 1, -1], np.int32)),
        matrix(indices=np.array([0.5, 1, 2])),
        matrix(_shape=(10**9, 10**9)),
        matrix(_shape=(3,)),
        matrix(data=None),
        b"cscipy.sparse\ncsc_matrix\n)\x81.",
        b"cchumpy.ch\nCh\n)\x81.",
        b"cchumpy.ch\nCh\n)\x81}S'x'\nNsb.",
        b"cchumpy.reordering\nSelect\n)\x81p0\n}(S'a'\ng0\nS'idxs'\nNS'preferred_shape'\n(I1\ntub.",
        b"cnumpy.core.multiarray\n_reconstruct\n(I1\ntR.",
        b"cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\n(S'S999999999'\ntRS'a'\ntR.",
    ],
    ids=range(22),
)
def test_as_array_damaged_array_allocates_little_memory(loads: Any, data: bytes) -> None:
    held = loads(data)
    tracemalloc.start()
    try:
        with pytest.raises(ModelError, match=r"^here cannot be read as an array: [^\n]*$"):
            as_array(held, "here")
        assert tracemalloc.get_traced_memory()[1] < 1e6
    finally:
        tracemalloc.stop()


def test_load_pickle_missing_file_raises(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"none\.pkl: cannot be read: No such file"):
        load_pickle(tmp_path / "none.pkl", "body model file")


MIB = 1 << 20


@pytest.mark.parametrize(
    "data",
    [
        b"\x80\x02(" + b"]" * 300_000 + b"t.",  # a list a byte
        b"\x80\x02(]q\x00(" + b"N" * 10_000 + b"e" + b"cbuiltins\nfrozenset\nh\x00\x85R" * 500 + b"t.",  # copies
        b"\x80\x02(" + b"".join(b"cchumpy.a%d\nCh\n" % number for number in range(30_000)) + b"t.",  # a class a line
    ],
    ids=["lists", "copies", "classes"],
)
def test_load_pickle_many_objects_exceed_the_budget(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(data)
    budget = MemoryBudget(32 * MIB)
    tracemalloc.start()
    try:
        with pytest.raises(ModelError, match=r"^[^\n]*: reading it takes [^\n]*$"):
            load_pickle(path, "body model file", budget)
        assert tracemalloc.get_traced_memory()[1] < 2 * budget.limit_bytes
    finally:
        tracemalloc.stop()


def test_as_array_expansion_beyond_the_budget_raises(loads: Any, chumpy: Any) -> None:
    selected = chumpy.select(chumpy.ch(np.array(["x" * 20_000])), np.zeros(1000, np.uint8))  # a byte for 80 kB
    wide = sparse.csc_matrix((8000, 8000))
    held = loads(chumpy.dumps({"select": selected, "sparse": wide}, 2))
    for value in held.values():
        with pytest.raises(ModelError, match="reading it takes"):
            as_array(value, "a", MemoryBudget(16 * MIB))
