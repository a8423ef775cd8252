"""Capsules of memory at an address, read back by NumPy."""

from __future__ import annotations

import gc
from typing import Any

import numpy as np
import pytest

from engines.device import dlpack


class OnHost:
    """Memory of a NumPy array as another library offers it."""

    def __init__(self, array: Any) -> None:
        self.array = array

    def __dlpack__(self, **options: Any) -> Any:
        return dlpack.capsule(self, self.array.ctypes.data, self.array.shape, self.array.dtype, (dlpack.CPU, 0))

    def __dlpack_device__(self) -> tuple[int, int]:
        return dlpack.CPU, 0


@pytest.mark.parametrize("dtype", [np.float32, np.uint8, np.int32, np.uint16, np.float16])
@pytest.mark.parametrize("shape", [(3, 4), (5,), (2, 1, 3), (0, 4)])
def test_capsule_read_by_numpy_is_the_same_memory(dtype: type, shape: tuple[int, ...]) -> None:
    array = np.arange(int(np.prod(shape))).reshape(shape).astype(dtype)
    view: Any = np.from_dlpack(OnHost(array))
    np.testing.assert_array_equal(view, array)
    assert view.dtype == array.dtype
    if array.size:
        array.flat[0] = 9
        assert view.flat[0] == 9


def test_capsule_is_released_when_read_and_when_never_read() -> None:
    held = len(dlpack._alive)
    view: Any = np.from_dlpack(OnHost(np.ones(3)))
    assert len(dlpack._alive) == held + 1
    capsule = OnHost(np.ones(3)).__dlpack__()
    assert len(dlpack._alive) == held + 2
    del view, capsule
    gc.collect()
    assert len(dlpack._alive) == held
