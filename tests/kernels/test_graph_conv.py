"""graph_conv: the native operator equals the reference on the CPU, and the reference equals the textbook's formula."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_kernels import NATIVE, CsrMatrix, SkipRows, reference
from edge_kernels.bfloat16 import from_bf16
from tests.support.graph_convs import Case, case

native = pytest.importorskip("edge_kernels._native", reason="the native operators were not built")

# Between two sums in another order: float32, and one more rounding to 8 bits.
TOLERANCE = {False: 2e-5, True: 1.6e-2}


def on_cuda(given: Case) -> np.ndarray:
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("this torch has no CUDA, and the test takes its arrays from torch")
    dtype = torch.bfloat16 if given.constants["bf16"] else torch.float32

    def there(array: np.ndarray | None) -> Any:
        if array is None:
            return None
        plain = torch.from_numpy(array.view(np.int16) if dtype == torch.bfloat16 else array)
        return (plain.view(dtype) if dtype == torch.bfloat16 else plain).cuda()

    shape = (len(given.constants["self_rows"]), given.x.shape[1], given.constants["weight"].shape[1])
    out = torch.full(shape, 7, dtype=dtype).cuda()
    layer = native.GraphConv(**given.constants, device=out.device.index or 0)
    stream = torch.cuda.current_stream()
    layer(there(given.x), there(given.skip), out, stream.cuda_stream)
    stream.synchronize()
    return np.asarray(out.float().cpu().numpy())


def run(module: Any, given: Case) -> np.ndarray:
    constants = given.constants
    shape = (len(constants["self_rows"]), given.x.shape[1], constants["weight"].shape[1])
    out = np.full(shape, 7, np.uint16 if constants["bf16"] else np.float32)
    module.GraphConv(**constants)(given.x, given.skip, out)
    return from_bf16(out) if constants["bf16"] else out


PATHS = [
    pytest.param(lambda given: run(native, given), id="cpu"),
    pytest.param(on_cuda, id="cuda", marks=pytest.mark.gpu),
]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("bf16", [False, True], ids=["float32", "bfloat16"])
@pytest.mark.parametrize(
    ("rows", "sources", "batch", "channels", "skip"),
    [
        (0, 3, 1, (4, 4), 0),
        (5, 3, 0, (4, 4), 0),
        (1, 1, 1, (1, 1), 0),
        (19, 19, 1, (5, 32), 0),
        (85, 85, 1, (64, 128), 0),
        (85, 85, 1, (128, 256), 64),
        (158, 85, 2, (256, 256), 256),
        (97, 60, 3, (256, 128), 256),
        (211, 120, 4, (33, 47), 21),
        (100, 100, 1, (64, 3), 0),
        (613, 310, 1, (128, 128), 128),
        (40, 30, 2, (300, 64), 0),
    ],
)
def test_graph_conv_every_path_equals_the_reference(
    path: Callable[[Case], np.ndarray],
    rows: int,
    sources: int,
    batch: int,
    channels: tuple[int, int],
    skip: int,
    bf16: bool,
) -> None:
    given = case(rows, sources, batch, channels, skip, relu=channels[1] > 3, bf16=bf16)
    expected, got = run(reference, given), path(given)
    assert got.shape == expected.shape
    if expected.size:
        assert np.abs(got - expected).max() <= TOLERANCE[bf16] * max(np.abs(expected).max(), 1)


@pytest.mark.gpu
@pytest.mark.parametrize("bf16", [False, True], ids=["float32", "bfloat16"])
@pytest.mark.parametrize("columns", [128, 48])
@pytest.mark.parametrize("tall", [False, True], ids=["many", "very-many"])
def test_graph_conv_tiles_of_every_size_equal_the_reference(columns: int, tall: bool, bf16: bool) -> None:
    """The more rows for each of the GPU's processors, the larger the tiles that a block works on."""
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("this torch has no CUDA, and the test takes its arrays from torch")
    processors = torch.cuda.get_device_properties(0).multi_processor_count
    rows = 128 * processors + 5 if tall else 4 * (4 if columns == 128 else 8) * processors + 20
    given = case(rows, rows, 1, (136, columns), columns, relu=True, bf16=bf16)
    expected, got = run(reference, given), on_cuda(given)
    assert np.abs(got - expected).max() <= TOLERANCE[bf16] * np.abs(expected).max()


@given(
    rows=st.integers(0, 40),
    sources=st.integers(1, 30),
    batch=st.integers(0, 5),
    channels=st.tuples(st.integers(1, 70), st.integers(1, 70)),
    skip=st.integers(0, 70),
    relu=st.booleans(),
    bf16=st.booleans(),
    seed=st.integers(0, 99),
)
@settings(max_examples=60, deadline=None)
def test_graph_conv_any_sizes_equal_the_reference(
    rows: int, sources: int, batch: int, channels: tuple[int, int], skip: int, relu: bool, bf16: bool, seed: int
) -> None:
    given_case = case(rows, sources, batch, channels, skip, relu, bf16, seed)
    expected, got = run(reference, given_case), run(native, given_case)
    if expected.size:
        assert np.abs(got - expected).max() <= TOLERANCE[bf16] * max(np.abs(expected).max(), 1)


@pytest.mark.parametrize("module", [reference, native], ids=["reference", "native"])
def test_graph_conv_on_a_ring_equals_the_chebyshev_recurrence(module: Any) -> None:
    """T0 = I, T1 = L, T2 = 2 L L - I on a real graph: a ring of 30."""
    rng = np.random.default_rng(1)
    ring = np.eye(30) - (np.eye(30, k=1) + np.eye(30, k=-1) + np.eye(30, k=29) + np.eye(30, k=-29)) / 2
    orders = [np.eye(30), ring, 2 * ring @ ring - np.eye(30)]
    hops = []
    for matrix in orders[1:]:
        rows, indices = np.nonzero(matrix)
        indptr = np.searchsorted(rows, np.arange(31)).astype(np.int32)
        hops.append(CsrMatrix(indptr, indices.astype(np.int32), matrix[rows, indices].astype(np.float32)))
    weight = rng.normal(0, 0.3, (3 * 8, 6)).astype(np.float32)
    bias = rng.normal(0, 1, 6).astype(np.float32)
    x = rng.normal(0, 1, (30, 2, 8)).astype(np.float32)
    out = np.empty((30, 2, 6), np.float32)
    module.GraphConv(np.arange(30, dtype=np.int32), *hops, weight, bias, 30, None, True, False)(x, None, out)
    stacked = np.concatenate([np.einsum("vu,ubc->vbc", matrix, x) for matrix in orders], -1)
    np.testing.assert_allclose(out, np.maximum(stacked @ weight + bias, 0), atol=1e-5)


@pytest.mark.parametrize("module", [reference, native], ids=["reference", "native"])
@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"weight": np.zeros((4, 4), np.float32)}, ValueError, "3 channels_in rows"),
        ({"weight": np.zeros((12, 4))}, TypeError, "weight must be float32, not float64"),
        ({"bias": np.zeros(5, np.float32)}, ValueError, "bias must have the shape"),
        ({"sources": 2}, ValueError, r"must be in 0\.\.1"),
        (
            {"one_hop": CsrMatrix(np.zeros(6, np.int32), np.zeros(2, np.int32), np.zeros(2, np.float32))},
            ValueError,
            "one_hop.indptr must rise from 0 to the number of entries",
        ),
        (
            {"two_hops": CsrMatrix(np.array([0, 0, 0, 0, 0, 1], np.int32), np.zeros(1, np.int32), np.zeros(1))},
            TypeError,
            "two_hops.data must be float32, not float64",
        ),
        ({"self_rows": np.zeros(10, np.int32)[::2]}, ValueError, "self_rows must be C-contiguous"),
        ({"skip": SkipRows(np.zeros(5, np.int32), 4, 0)}, ValueError, "skip.channels must be at least 1"),
        ({"skip": SkipRows(np.full(5, 4, np.int32), 4, 3)}, ValueError, r"skip.rows must be in 0\.\.3"),
        ({"skip": SkipRows(np.zeros(4, np.int32), 4, 3)}, ValueError, r"skip.rows must have the shape \(5\)"),
    ],
    ids=["depth", "dtype", "bias", "index", "indptr", "data", "strided", "channels", "skip-index", "skip-shape"],
)
def test_graph_conv_invalid_constants_raise(
    module: Any, change: dict[str, Any], error: type[Exception], message: str
) -> None:
    constants = case(5, 4, 1, (4, 4), 0, True, False, seed=3).constants
    with pytest.raises(error, match=message):
        module.GraphConv(**{**constants, **change})


@pytest.mark.parametrize("module", [reference, native], ids=["reference", "native"])
def test_graph_conv_invalid_arrays_raise(module: Any) -> None:
    given = case(5, 4, 2, (4, 4), 4, True, False)
    layer = module.GraphConv(**given.constants)
    x, skip, out = given.x, given.skip, np.empty((5, 2, 4), np.float32)
    with pytest.raises(TypeError, match="x must be float32"):
        layer(x.astype(np.float64), skip, out)
    with pytest.raises(ValueError, match="out must have the shape"):
        layer(x, skip, out[:4])
    with pytest.raises(ValueError, match="x must be C-contiguous"):
        layer(np.asfortranarray(x), skip, out)
    with pytest.raises(ValueError, match="adds a skip connection"):
        layer(x, None, out)
    memory = np.zeros((5, 2, 4), np.float32)
    with pytest.raises(ValueError, match="out must not overlap x"):
        layer(memory[:4], skip, memory)
    out.setflags(write=False)
    with pytest.raises(TypeError):
        layer(x, skip, out)
    bfloat16 = case(5, 4, 2, (4, 4), 0, True, True)
    with pytest.raises(TypeError, match="x must be"):
        module.GraphConv(**bfloat16.constants)(x, None, np.empty((5, 2, 4), np.uint16))


def test_graph_conv_torch_bfloat16_equals_numpy_bits() -> None:
    torch = pytest.importorskip("torch")
    given = case(20, 12, 2, (32, 16), 0, True, True)
    out = torch.empty(20, 2, 16, dtype=torch.bfloat16)
    native.GraphConv(**given.constants)(torch.from_numpy(given.x.view(np.int16)).view(torch.bfloat16), None, out)
    np.testing.assert_array_equal(out.float().numpy(), run(native, given))


def test_graph_conv_any_number_of_threads_gives_the_same_result() -> None:
    given = case(700, 300, 1, (64, 64), 64, True, False)
    results = []
    for count in (1, 2, 5, 0):
        native.set_threads(count)
        results.append(run(native, given))
    assert all(np.array_equal(results[0], other) for other in results[1:])


def test_graph_conv_isa_is_a_known_name() -> None:
    assert NATIVE
    assert native.graph_conv_isa() in ("avx512_bf16", "avx512", "avx2", "neon_bf16", "generic")
