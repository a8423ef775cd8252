"""The sparse product: reference, CPU and CUDA agree, with each other and with a dense product."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import edge_kernels
from edge_kernels import Ell, reference

Run = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], None]


def on_cuda(indices: np.ndarray, values: np.ndarray, x: np.ndarray, out: np.ndarray) -> None:
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("this torch has no CUDA, and the test takes its arrays from torch")
    arrays = [torch.from_numpy(array).cuda() for array in (indices, values, x, out)]
    stream = torch.cuda.current_stream()
    edge_kernels.ell_matmul(*arrays, stream.cuda_stream)
    stream.synchronize()
    out[:] = arrays[3].cpu().numpy()


PATHS = [
    pytest.param(reference.ell_matmul, id="reference"),
    pytest.param(edge_kernels.ell_matmul, id="cpu"),
    pytest.param(on_cuda, id="cuda", marks=pytest.mark.gpu),
]


def matrix(rng: np.random.Generator, rows: int, width: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    indices = rng.integers(0, columns, (rows, width)).astype(np.int32)
    return indices, rng.standard_normal((rows, width)).astype(np.float32)


def dense(indices: np.ndarray, values: np.ndarray, columns: int) -> np.ndarray:
    full = np.zeros((len(indices), columns))
    np.add.at(full, (np.arange(len(indices))[:, None], indices), values)
    return full


@pytest.mark.parametrize("run", PATHS)
@pytest.mark.parametrize(
    ("batch", "rows", "width", "columns", "channels"),
    [
        (1, 6890, 12, 431, 3),
        (2, 33, 7, 19, 1),
        (3, 5, 1, 1, 4),
        (1, 17, 9, 40, 5),
        (2, 64, 8, 64, 32),
        (1, 29, 13, 31, 37),
        (1, 12, 3, 7, 256),
        (0, 12, 3, 7, 3),
        (1, 0, 3, 7, 3),
        (1, 12, 3, 7, 0),
        (2, 12, 0, 7, 3),
        (2, 4, 0, 0, 20),
    ],
)
def test_ell_matmul_every_path_equals_the_dense_product(
    run: Run, rng: np.random.Generator, batch: int, rows: int, width: int, columns: int, channels: int
) -> None:
    indices, values = matrix(rng, rows, width, max(columns, 1))
    x = rng.standard_normal((batch, columns, channels)).astype(np.float32)
    out = np.full((batch, rows, channels), np.nan, np.float32)
    run(indices, values, x, out)
    np.testing.assert_allclose(out, dense(indices, values, columns) @ x, atol=1e-5, rtol=0)


@given(seed=st.integers(0, 2**32 - 1), channels=st.integers(1, 40), scale=st.floats(-8, 8, width=32))
def test_ell_matmul_is_linear(seed: int, channels: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    indices, values = matrix(rng, 11, 4, 9)
    ell = Ell(indices, values, 9)
    a, b = rng.standard_normal((2, 2, 9, channels)).astype(np.float32)
    np.testing.assert_allclose(ell(a + np.float32(scale) * b), ell(a) + np.float32(scale) * ell(b), atol=2e-4)


def test_ell_call_accepts_strided_input_and_fills_out(rng: np.random.Generator) -> None:
    indices, values = matrix(rng, 10, 4, 6)
    wide = rng.standard_normal((2, 6, 8)).astype(np.float32)
    ell = Ell(indices[::2], values[::2], 6)
    out = np.empty((2, 5, 4), np.float32)
    assert ell(wide[..., ::2], out) is out
    np.testing.assert_allclose(out, dense(indices[::2], values[::2], 6) @ wide[..., ::2], atol=1e-5)
    assert ell.rows == 5


def test_ell_matmul_accepts_read_only_inputs(rng: np.random.Generator) -> None:
    indices, values = matrix(rng, 10, 4, 6)
    x = rng.standard_normal((1, 6, 3)).astype(np.float32)
    for array in (indices, values, x):
        array.flags.writeable = False
    np.testing.assert_allclose(Ell(indices, values, 6)(x), dense(indices, values, 6) @ x, atol=1e-5)


def good() -> dict[str, Any]:
    return {
        "indices": np.zeros((5, 2), np.int32),
        "values": np.ones((5, 2), np.float32),
        "x": np.ones((1, 3, 4), np.float32),
        "out": np.zeros((1, 5, 4), np.float32),
    }


@pytest.mark.parametrize("run", PATHS[:2])
@pytest.mark.parametrize(
    ("name", "array", "error", "message"),
    [
        ("indices", np.zeros((5, 2), np.int64), TypeError, "indices must be int32, not int64"),
        ("values", np.ones((5, 2)), TypeError, "values must be float32, not float64"),
        ("x", np.ones((1, 3, 4)), TypeError, "x must be float32, not float64"),
        ("out", np.zeros((1, 5, 4)), TypeError, "out must be float32, not float64"),
        ("values", np.ones((5, 3), np.float32), ValueError, r"values must have the shape \(5, 2\), not \(5, 3\)"),
        ("x", np.ones((3, 4), np.float32), ValueError, r"x must have the shape \(\*, \*, \*\), not \(3, 4\)"),
        ("x", np.ones((1, 0, 4), np.float32), ValueError, "x has no rows"),
        ("x", np.ones((1, 3, 8), np.float32)[..., ::2], ValueError, "x must be C-contiguous"),
        ("out", np.zeros((1, 5, 3), np.float32), ValueError, r"out must have the shape \(1, 5, 4\), not \(1, 5, 3\)"),
        ("out", np.zeros((1, 5, 8), np.float32)[..., ::2], ValueError, "out must be C-contiguous"),
        ("out", [[[0.0] * 4] * 5], TypeError, "out"),
    ],
)
def test_ell_matmul_invalid_argument_is_named_in_the_error(
    run: Run, name: str, array: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        run(**(good() | {name: array}))


@pytest.mark.parametrize("run", PATHS[:2])
def test_ell_matmul_read_only_or_overlapping_output_raises(run: Run) -> None:
    locked = good()
    locked["out"].flags.writeable = False
    with pytest.raises(TypeError):
        run(**locked)
    assert not locked["out"].any()
    memory = np.ones(20, np.float32)
    with pytest.raises(ValueError, match="out must not overlap x"):
        run(**(good() | {"x": memory[:12].reshape(1, 3, 4), "out": memory.reshape(1, 5, 4)}))


@pytest.mark.parametrize(
    ("indices", "values", "error", "message"),
    [
        (np.full((2, 3), 4, np.int32), np.ones((2, 3), np.float32), ValueError, r"in 0\.\.3, not 4\.\.4"),
        (np.full((2, 3), -1, np.int32), np.ones((2, 3), np.float32), ValueError, r"in 0\.\.3, not -1\.\.-1"),
        (np.zeros((2, 3), np.int32), np.ones((2, 2), np.float32), ValueError, "one shape"),
        (np.zeros(3, np.int32), np.ones(3, np.float32), ValueError, "one shape"),
        (np.zeros((2, 3), np.int64), np.ones((2, 3), np.float32), TypeError, "int32"),
        (np.zeros((2, 3), np.int32), np.ones((2, 3)), TypeError, "float32"),
    ],
)
def test_ell_invalid_matrix_raises(
    indices: np.ndarray, values: np.ndarray, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        Ell(indices, values, 4)


def test_ell_call_with_wrong_columns_raises() -> None:
    with pytest.raises(ValueError, match=r"shape \(N, 4, C\), not \(1, 3, 2\)"):
        Ell(np.zeros((2, 3), np.int32), np.ones((2, 3), np.float32), 4)(np.ones((1, 3, 2), np.float32))
