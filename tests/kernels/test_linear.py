"""linear: the native operator equals the reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_kernels import reference

native = pytest.importorskip("edge_kernels._native", reason="the native operators were not built")


def run(
    module: Any, batch: int, inputs: int, outputs: int, *, activated: bool, relu: bool, residual: bool, bf16: bool
) -> np.ndarray:
    rng = np.random.default_rng(0)

    def draw(*shape: int) -> np.ndarray:
        return rng.normal(0, 1, shape).astype(np.float32)

    weight, bias, x, before = draw(outputs, inputs), draw(outputs), draw(batch, inputs), draw(batch, outputs)
    scale, shift = (draw(inputs), draw(inputs)) if activated else (None, None)
    out = np.full((batch, outputs), 7, np.float32)
    module.Linear(weight, bias, scale, shift, relu, bf16)(x, before if residual else None, out)
    return out


@given(
    batch=st.integers(0, 9),
    inputs=st.integers(1, 200),
    outputs=st.integers(1, 90),
    activated=st.booleans(),
    relu=st.booleans(),
    residual=st.booleans(),
    bf16=st.booleans(),
)
@settings(max_examples=80, deadline=None)
def test_linear_native_equals_the_reference(batch: int, inputs: int, outputs: int, **options: bool) -> None:
    expected, got = (run(module, batch, inputs, outputs, **options) for module in (reference, native))
    np.testing.assert_allclose(got, expected, atol=2e-5 * max(inputs, 10), rtol=1e-5)


@pytest.mark.gpu
@pytest.mark.parametrize("bf16", [False, True], ids=["float32", "bfloat16"])
@pytest.mark.parametrize(("batch", "inputs", "outputs"), [(0, 3, 2), (1, 38, 4096), (4, 4096, 57), (11, 100, 33)])
def test_linear_cuda_equals_the_reference(batch: int, inputs: int, outputs: int, bf16: bool) -> None:
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("this torch has no CUDA, and the test takes its arrays from torch")
    rng = np.random.default_rng(2)
    shapes = ((outputs, inputs), (outputs,), (inputs,), (inputs,), (batch, inputs), (batch, outputs))
    weight, bias, scale, shift, x, before = (rng.normal(0, 1, shape).astype(np.float32) for shape in shapes)
    expected = np.empty((batch, outputs), np.float32)
    reference.Linear(weight, bias, scale, shift, True, bf16)(x, before, expected)
    there = [torch.from_numpy(array).cuda() for array in (x, before, expected * 0)]
    stream = torch.cuda.current_stream()
    native.Linear(weight, bias, scale, shift, True, bf16, device=0)(*there, stream.cuda_stream)
    stream.synchronize()
    np.testing.assert_allclose(there[2].cpu().numpy(), expected, atol=2e-5 * max(inputs, 10), rtol=1e-5)


def test_linear_with_published_weights_equals_the_reference() -> None:
    options = {"activated": True, "relu": False, "residual": True, "bf16": True}
    expected, got = (run(module, 2, 4096, 256, **options) for module in (reference, native))
    assert np.abs(got - expected).max() <= 1e-5 * np.abs(expected).max()


@pytest.mark.parametrize("module", [reference, native], ids=["reference", "native"])
def test_linear_output_may_be_the_residual(module: Any) -> None:
    weight, bias = np.eye(3, dtype=np.float32), np.zeros(3, np.float32)
    x, out = np.ones((1, 3), np.float32), np.full((1, 3), 2, np.float32)
    module.Linear(weight, bias, None, None, False, False)(x, out, out)
    np.testing.assert_array_equal(out, 3)


@pytest.mark.parametrize("module", [reference, native], ids=["reference", "native"])
def test_linear_invalid_arguments_raise(module: Any) -> None:
    weight, bias, x = np.ones((2, 3), np.float32), np.zeros(2, np.float32), np.ones((1, 3), np.float32)
    with pytest.raises(TypeError, match="weight must be float32"):
        module.Linear(weight.astype(np.float64), bias, None, None, False, False)
    with pytest.raises(ValueError, match="bias must have the shape"):
        module.Linear(weight, bias[:1], None, None, False, False)
    with pytest.raises(ValueError, match="scale and shift together"):
        module.Linear(weight, bias, np.ones(3, np.float32), None, False, False)
    layer = module.Linear(weight, bias, None, None, False, False)
    with pytest.raises(ValueError, match="x must have the shape"):
        layer(x[:, :2].copy(), None, np.empty((1, 2), np.float32))
    with pytest.raises(TypeError, match="out must be float32"):
        layer(x, None, np.empty((1, 2)))
