"""Kernels for matrix units: over emulated tiles they equal the reference; their machine code equals plain loops."""

from __future__ import annotations

import platform
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_kernels import reference
from edge_kernels.bfloat16 import from_bf16, to_bf16
from tests.support.graph_convs import Case, case

native = pytest.importorskip("edge_kernels._native", reason="the native operators were not built")

ROOT = Path(__file__).parents[2]
EMULATED = "amx_emulated"
NEEDED_FLAGS = {"avx2", "fma", "avx512f", "avx512bw", "avx512vl", "avx512dq", "avx512_bf16"}


def graph_conv(given_case: Case, kernel: str) -> np.ndarray:
    constants = given_case.constants
    shape = (len(constants["self_rows"]), given_case.x.shape[1], constants["weight"].shape[1])
    out = np.full(shape, 7, np.uint16)
    native.GraphConv(**constants, kernel=kernel)(given_case.x, given_case.skip, out)
    return from_bf16(out)


def exact_graph_conv(given_case: Case) -> np.ndarray:
    """The result in float64: sums of neighbors are rounded as they are stored, nothing else is."""
    constants = given_case.constants
    x = from_bf16(given_case.x).astype(np.float64)
    orders = [x[constants["self_rows"]]]
    for hops in (constants["one_hop"], constants["two_hops"]):
        sums = np.zeros((len(hops.indptr) - 1, *x.shape[1:]))
        rows = np.repeat(np.arange(len(sums)), np.diff(hops.indptr))
        np.add.at(sums, rows, hops.data.astype(np.float64)[:, None, None] * x[hops.indices])
        orders.append(sums)
    weight = from_bf16(to_bf16(constants["weight"])).astype(np.float64)
    result = np.concatenate(orders, -1) @ weight + constants["bias"]
    if constants["relu"]:
        result = np.maximum(result, 0)
    if given_case.skip is not None:
        skip = constants["skip"]
        before = reference.graph_conv.resize(from_bf16(given_case.skip), weight.shape[1])
        result += before[skip.rows]
    return result


@pytest.mark.parametrize(
    ("rows", "sources", "batch", "channels", "skip"),
    [
        (0, 3, 1, (4, 4), 0),
        (5, 3, 0, (4, 4), 0),
        (1, 1, 1, (1, 1), 0),
        (19, 19, 1, (5, 32), 0),
        (85, 85, 1, (64, 128), 0),
        (158, 85, 2, (256, 256), 256),
        (97, 60, 3, (256, 128), 256),
        (211, 120, 4, (33, 47), 21),
        (100, 100, 5, (64, 3), 0),
        (613, 310, 1, (32, 33), 33),
        (40, 30, 2, (300, 64), 0),
        (200, 40, 1, (16, 16), 0),
    ],
)
def test_graph_conv_over_tiles_equals_float64_and_the_vector_kernel(
    rows: int, sources: int, batch: int, channels: tuple[int, int], skip: int
) -> None:
    given_case = case(rows, sources, batch, channels, skip, relu=channels[1] > 3, bf16=True)
    exact, got, vector = (
        exact_graph_conv(given_case),
        graph_conv(given_case, EMULATED),
        graph_conv(given_case, "vector"),
    )
    assert got.shape == exact.shape
    if exact.size:
        largest = max(np.abs(exact).max(), 1)
        assert np.abs(got - exact).max() <= 0.8e-2 * largest
        assert np.abs(got - vector).max() <= 2.0**-8 * largest  # one rounding of the sums of neighbors or of the result
        assert np.mean(got != vector) <= 0.01


@given(
    rows=st.integers(1, 80),
    sources=st.integers(1, 60),
    batch=st.integers(1, 5),
    channels=st.tuples(st.integers(1, 70), st.integers(1, 70)),
    skip=st.integers(0, 70),
    relu=st.booleans(),
    seed=st.integers(0, 99),
)
@settings(max_examples=40, deadline=None)
def test_graph_conv_over_tiles_of_any_sizes_equals_float64(
    rows: int, sources: int, batch: int, channels: tuple[int, int], skip: int, relu: bool, seed: int
) -> None:
    given_case = case(rows, sources, batch, channels, skip, relu, True, seed)
    exact, got = exact_graph_conv(given_case), graph_conv(given_case, EMULATED)
    assert np.abs(got - exact).max() <= 0.8e-2 * max(np.abs(exact).max(), 1)


def test_graph_conv_over_tiles_on_any_number_of_threads_gives_the_same_result() -> None:
    given_case = case(301, 150, 1, (40, 40), 40, True, True)
    results = []
    for count in (1, 2, 5, 0):
        native.set_threads(count)
        results.append(graph_conv(given_case, EMULATED))
    assert all(np.array_equal(results[0], other) for other in results[1:])


@given(
    batch=st.integers(0, 12),
    inputs=st.integers(1, 200),
    outputs=st.integers(1, 90),
    activated=st.booleans(),
    relu=st.booleans(),
    residual=st.booleans(),
    seed=st.integers(0, 99),
)
@settings(max_examples=60, deadline=None)
def test_linear_over_tiles_is_as_exact_as_float32(
    batch: int, inputs: int, outputs: int, activated: bool, relu: bool, residual: bool, seed: int
) -> None:
    """Three products of bfloat16 numbers together have all bits of a float32 input."""
    rng = np.random.default_rng(seed)

    def draw(*shape: int) -> np.ndarray:
        return rng.normal(0, 1, shape).astype(np.float32)

    weight, bias, x, before = draw(outputs, inputs), draw(outputs), draw(batch, inputs), draw(batch, outputs)
    scale, shift = (draw(inputs), draw(inputs)) if activated else (None, None)
    out = np.full((batch, outputs), 7, np.float32)
    layer = native.Linear(weight, bias, scale, shift, relu, True, kernel=EMULATED)
    layer(x, before if residual else None, out)
    u = x if scale is None else np.maximum(scale * x + shift, 0)
    terms = from_bf16(to_bf16(weight)).astype(np.float64)
    exact = u.astype(np.float64) @ terms.T + bias
    exact = np.maximum(exact, 0) if relu else exact
    exact = exact + before if residual else exact
    room = np.abs(u).astype(np.float64) @ np.abs(terms).T + np.abs(bias) + np.abs(before)
    assert (np.abs(out - exact) <= 2e-6 * room).all()


def test_linear_over_tiles_infinite_and_missing_inputs_stay_so() -> None:
    weight, bias = np.ones((3, 40), np.float32), np.zeros(3, np.float32)
    x = np.ones((3, 40), np.float32)
    x[0, 7], x[1, 39], x[2, 1] = np.inf, np.nan, np.float32(3.4e38)
    out = np.empty((3, 3), np.float32)
    native.Linear(weight, bias, None, None, False, True, kernel=EMULATED)(x, None, out)
    assert (out[0] == np.inf).all()
    assert np.isnan(out[1]).all()


@pytest.mark.parametrize("module", [reference, native], ids=["reference", "native"])
def test_layers_unknown_or_unusable_kernel_raises(module: Any) -> None:
    given_case = case(5, 4, 1, (4, 4), 0, True, False)
    weight, bias = np.ones((2, 3), np.float32), np.zeros(2, np.float32)
    with pytest.raises(ValueError, match="kernel must be vector, amx or amx_emulated, not matrix"):
        module.GraphConv(**given_case.constants, kernel="matrix")
    with pytest.raises(ValueError, match="kernel: amx_emulated is for bfloat16 on the CPU"):
        module.GraphConv(**given_case.constants, kernel=EMULATED)
    with pytest.raises(ValueError, match="kernel: amx_emulated is for bfloat16 on the CPU"):
        module.Linear(weight, bias, None, None, False, False, kernel=EMULATED)


def test_amx_on_a_processor_without_it_is_refused_with_the_reason() -> None:
    weight, bias = np.ones((2, 3), np.float32), np.zeros(2, np.float32)
    if native.amx_refusal():
        with pytest.raises(ValueError, match="kernel: amx cannot be used; "):
            native.Linear(weight, bias, None, None, False, True, kernel="amx")
    else:  # a processor that has it: then it computes
        out = np.empty((1, 2), np.float32)
        native.Linear(weight, bias, None, None, False, True, kernel="amx")(np.ones((1, 3), np.float32), None, out)
        np.testing.assert_array_equal(out, 3)


def processor_flags() -> set[str]:
    info = Path("/proc/cpuinfo")
    return set(info.read_text(errors="replace").split()) if info.is_file() else set()


@pytest.mark.skipif(
    platform.machine() != "x86_64" or not processor_flags() >= NEEDED_FLAGS,
    reason="the machine code is for x86-64 with AVX-512 and bfloat16",
)
def test_amx_machine_code_with_trapped_instructions_equals_plain_loops(tmp_path: Path) -> None:
    """Every AMX instruction is decoded and executed on emulated tiles, or by the processor where it has them."""
    make = shutil.which("make")
    assert make is not None
    result = subprocess.run(
        [make, "--silent", "amx", f"AMX={tmp_path}"], cwd=ROOT, capture_output=True, text=True, timeout=900, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "WRONG" not in result.stdout
    assert result.stdout.count(", tiles ") == 8
    assert result.stdout.count("the same in every bit") == 3
