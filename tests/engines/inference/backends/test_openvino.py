"""OpenVINO: graphs that would crash it are compiled with another option."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from engines.inference.backends import openvino_cpu, openvino_graphs  # noqa: E402
from engines.inference.backends.openvino_cpu import OpenVinoSession  # noqa: E402
from engines.inference.backends.openvino_graphs import WARM_CALLS  # noqa: E402
from engines.inference.compiled_cache import SWITCH  # noqa: E402
from engines.inference.plan_cache import pack, plans_folder  # noqa: E402

FEATURES, WIDTH, OUT = 54, 64, 141
RUN = """
import sys
import numpy as np
from engines.inference.backends.openvino_cpu import OpenVinoSession
model = open(sys.argv[1], "rb").read()
session = OpenVinoSession(model, "small", "cpu", "fp32", int(sys.argv[2]))
np.save(sys.argv[3], session(np.load(sys.argv[4]))[0])
"""
# The cached graph is written when the main thread has returned.
LATE = """
import contextlib, sys, threading
import numpy as np
from engines.inference.backends import openvino_cpu, openvino_graphs

def keep(*arguments):
    threading.main_thread().join()
    print("late")

openvino_cpu.keep_compiled = keep
openvino_graphs.native_calls = contextlib.nullcontext()  # it waits too, but not until the graphs are released
session = openvino_cpu.OpenVinoSession(open(sys.argv[1], "rb").read(), "small", "cpu", "fp32", 2)
session(np.zeros((3, 54), np.float32))
"""


def residual_layers(*, flat: bool = True) -> tuple[bytes, list[np.ndarray]]:
    """Small products with a shortcut, as in a lifter, and their weights. flat: their input is (N, FEATURES), else
    (N, 1, FEATURES)."""
    rng = np.random.default_rng(0)
    sizes = ((WIDTH, FEATURES), (WIDTH, WIDTH), (WIDTH, WIDTH), (OUT, WIDTH))
    weights = [rng.normal(0, 0.1, size).astype(np.float32) for size in sizes]
    biases = [np.full(len(weight), 0.1, np.float32) for weight in weights]
    parts = [numpy_helper.from_array(w, f"w{i}") for i, w in enumerate(weights)]
    parts += [numpy_helper.from_array(b, f"b{i}") for i, b in enumerate(biases)]
    nodes = []

    def product(given: str, index: int, made: str) -> None:
        nodes.append(helper.make_node("Gemm", [given, f"w{index}", f"b{index}"], [made], transB=1))

    if not flat:
        nodes.append(helper.make_node("Flatten", ["x"], ["flat"], axis=1))
    product("x" if flat else "flat", 0, "a")
    nodes.append(helper.make_node("Relu", ["a"], ["ra"]))
    product("ra", 1, "b")
    nodes.append(helper.make_node("Relu", ["b"], ["rb"]))
    product("rb", 2, "c")
    nodes.append(helper.make_node("Add", ["a", "c"], ["d"]))
    product("d", 3, "y")
    shapes = {"x": ["N", FEATURES] if flat else ["N", 1, FEATURES], "y": ["N", OUT]}
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()]
    graph = helper.make_graph(nodes, "small", ends[:1], ends[1:], parts)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return model.SerializeToString(), weights


def expected(x: np.ndarray, weights: list[np.ndarray]) -> np.ndarray:
    a = x @ weights[0].T + 0.1
    b = np.maximum(a, 0) @ weights[1].T + 0.1
    d = a + np.maximum(b, 0) @ weights[2].T + 0.1
    return d @ weights[3].T + 0.1


@pytest.mark.parametrize("threads", [1, 2])
def test_openvino_small_products_compute_with_any_thread_count(tmp_path: Path, threads: int) -> None:
    """In a process of their own: where they are compiled in one piece, OpenVINO 2026.4 ends it by a segmentation
    fault."""
    model, weights = residual_layers()
    (tmp_path / "small.onnx").write_bytes(model)
    x = np.random.default_rng(1).normal(0, 1, (3, FEATURES)).astype(np.float32)
    np.save(tmp_path / "x.npy", x)
    arguments = [tmp_path / "small.onnx", str(threads), tmp_path / "y.npy", tmp_path / "x.npy"]
    done = subprocess.run([sys.executable, "-c", RUN, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    np.testing.assert_allclose(np.load(tmp_path / "y.npy"), expected(x, weights), atol=1e-4)


def test_openvino_process_ends_after_its_compiling_thread(tmp_path: Path) -> None:
    (tmp_path / "small.onnx").write_bytes(residual_layers()[0])
    arguments = [sys.executable, "-c", LATE, str(tmp_path / "small.onnx")]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout) == (0, "late\n"), done.stderr


def test_openvino_snippets_are_disabled_for_small_products_only() -> None:
    small = OpenVinoSession(residual_layers()[0], "small", "cpu", "fp32", 1)
    assert small._config["SNIPPETS_MODE"] == "DISABLE"
    from engines.cards.card import ZOO

    large = OpenVinoSession((ZOO / "pose2mesh_open.onnx").read_bytes(), "large", "cpu", "fp32", 1)
    assert "SNIPPETS_MODE" not in large._config


def warm(threads: int, rows: int, *, flat: bool = False) -> tuple[OpenVinoSession, np.ndarray]:
    """A session that has cached its graph, if it had to compile it, and its output."""
    session = OpenVinoSession(residual_layers(flat=flat)[0], "small", "cpu", "fp32", threads)
    x = np.random.default_rng(1).normal(0, 1, (rows, FEATURES)).astype(np.float32)
    x = x if flat else x[:, None]
    for _ in range(WARM_CALLS):
        (y,) = session(x)
    for graphs in session._graphs.values():
        graphs.later.join()
    return session, y


@pytest.fixture
def compilations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """The cache is on, in a folder of the test; grows by an entry for each compilation."""
    monkeypatch.delenv(SWITCH)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    made: list[None] = []
    compiled = OpenVinoSession._compiled

    def counted(*arguments: object) -> object:
        made.append(None)
        return compiled(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(OpenVinoSession, "_compiled", counted)
    return made


@pytest.mark.parametrize(("threads", "rows", "flat"), [(1, 3, False), (2, 1, False), (2, 3, False), (2, 3, True)])
def test_openvino_second_session_imports_the_graph_with_the_same_results(
    compilations: list[None], threads: int, rows: int, flat: bool
) -> None:
    first = warm(threads, rows, flat=flat)[1]
    before = len(compilations)
    session = OpenVinoSession(residual_layers(flat=flat)[0], "small", "cpu", "fp32", threads)
    assert len(compilations) == before
    assert isinstance(session._model, bytes)  # it was not read
    np.testing.assert_array_equal(warm(threads, rows, flat=flat)[1], first)


def test_openvino_rejected_graph_is_compiled_again(compilations: list[None]) -> None:
    session, first = warm(1, 1)
    folder = plans_folder()
    assert folder is not None
    path = folder / session._key(openvino_cpu.OWN_SHAPES).file_name
    path.write_bytes(pack(session._key(openvino_cpu.OWN_SHAPES), b"no graph"))
    before = len(compilations)
    np.testing.assert_array_equal(warm(1, 1)[1], first)
    assert len(compilations) == before + 1
    OpenVinoSession(residual_layers(flat=False)[0], "small", "cpu", "fp32", 1)
    assert len(compilations) == before + 1  # the new graph is in the cache


def test_openvino_other_threads_or_precision_compile_a_graph_of_their_own(compilations: list[None]) -> None:
    session = warm(1, 1)[0]
    key = session._key(openvino_cpu.OWN_SHAPES)
    model = residual_layers(flat=False)[0]
    others = [OpenVinoSession(model, "small", "cpu", "fp32", 2), OpenVinoSession(model, "small", "cpu", "int8", 1)]
    names = {other._key(openvino_cpu.OWN_SHAPES).file_name for other in others}
    assert len(names | {key.file_name}) == 3
    assert len(compilations) == 3


@pytest.mark.parametrize("rows", [0, 1, 2, 3, 4, 5, 9])
def test_openvino_batches_of_flat_features_give_each_row_its_result(rows: int) -> None:
    model, weights = residual_layers()
    session = OpenVinoSession(model, "small", "cpu", "fp32", 2)
    x = np.random.default_rng(rows).normal(0, 1, (rows, FEATURES)).astype(np.float32)
    (y,) = session(x)
    assert y.shape == (rows, OUT)
    np.testing.assert_allclose(y, expected(x, weights), atol=1e-4)


def test_openvino_batch_rows_are_those_of_single_calls() -> None:
    session = OpenVinoSession(residual_layers()[0], "small", "cpu", "fp32", 2)
    x = np.random.default_rng(2).normal(0, 1, (3, FEATURES)).astype(np.float32)
    (together,) = session(x)
    alone = np.concatenate([session(row[None])[0] for row in x])
    np.testing.assert_allclose(together, alone, atol=1e-6)


def test_openvino_single_sample_takes_one_lane_while_processors_are_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    session, idle = warm(2, 1)
    (lanes,) = session._graphs.values()
    assert isinstance(lanes, openvino_graphs.Lanes)
    monkeypatch.setattr(openvino_graphs, "processors_busy", lambda: False)
    assert lanes._requests(1) == [lanes._alone]
    monkeypatch.setattr(openvino_graphs, "processors_busy", lambda: True)
    assert lanes._requests(1) == lanes.later.wait()[:1]
    np.testing.assert_array_equal(warm(2, 1)[1], idle)
