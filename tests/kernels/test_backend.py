"""Which operators are used: the native ones where they exist, the reference with one warning where they do not."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

import edge_kernels
from edge_kernels import reference

WITHOUT_NATIVE = """
import logging, sys
logging.basicConfig(format="%(name)s %(levelname)s %(message)s", stream=sys.stdout)
sys.modules["edge_kernels._native"] = None
import numpy as np
import edge_kernels
from edge_kernels import reference
assert edge_kernels.rasterize is reference.rasterize
assert edge_kernels.skinning is reference.skinning
assert (edge_kernels.NATIVE, edge_kernels.CUDA, edge_kernels.cuda_device_count()) == (False, False, 0)
ell = edge_kernels.Ell(np.array([[1, 0]], np.int32), np.array([[2, 3]], np.float32), 2)
assert ell(np.array([[[1], [10]]], np.float32)).tolist() == [[[23]]]
"""


def test_backend_without_the_extension_uses_the_reference_and_warns_once() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT_NATIVE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("meshcast.kernels WARNING native operators: cannot be loaded")


@pytest.mark.skipif(
    os.environ.get("MESHCAST_NATIVE", "AUTO") != "ON" and not edge_kernels.NATIVE,
    reason="edge_kernels was built without its native operators",
)
def test_backend_with_the_extension_uses_native_operators() -> None:
    assert edge_kernels.NATIVE
    assert edge_kernels.rasterize is not reference.rasterize
    assert edge_kernels.cuda_device_count() >= 0


def test_native_operator_writes_a_torch_tensor_in_place() -> None:
    torch = pytest.importorskip("torch")
    if not edge_kernels.NATIVE:
        pytest.skip("the NumPy reference takes NumPy arrays only")
    x, out = torch.ones(1, 2, 5), torch.zeros(1, 1, 5)
    edge_kernels.ell_matmul(torch.tensor([[0, 1]], dtype=torch.int32), torch.tensor([[2.0, 3.0]]), x, out)
    assert out.tolist() == [[[5.0] * 5]]
