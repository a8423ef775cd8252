"""The CUDA driver API on a stand-in and on a real GPU."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from engines.errors import ModelError
from engines.inference.cuda import driver as cuda
from engines.inference.cuda.memory import DeviceArray, DeviceView, Memory, PinnedArray
from tests.support import cuda_stand_in

driver = cuda_stand_in.driver


def test_device_count_without_driver_is_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda, "driver", lambda: None)
    assert cuda.device_count() == 0
    with pytest.raises(ModelError, match="no NVIDIA driver"):
        cuda.Stream()


def test_device_count_loads_no_heavy_library() -> None:
    code = (
        "import sys; from engines.inference.cuda import driver; driver.device_count(); "
        "print({'torch', 'onnx'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_gpu_returns_name_and_capability(driver: Any) -> None:
    assert cuda.device_count() == 2
    assert cuda.gpu(0) == cuda.Gpu(0, "Orin", (8, 7))
    assert cuda.gpu(1) == cuda.Gpu(1, "NVIDIA RTX 3090", (8, 6))
    with pytest.raises(cuda.CudaError, match=r"^cuDeviceGet: CUDA_ERROR_INVALID_DEVICE$"):
        cuda.gpu(2)


def test_copy_to_the_device_and_back_keeps_values(driver: Any) -> None:
    stream, there = cuda.Stream(), DeviceArray((3, 4), np.float32)
    first, second = PinnedArray((3, 4), np.float32), PinnedArray((3, 4), np.float32)
    first.array[:] = np.arange(12).reshape(3, 4)
    cuda.copy(there.pointer, first.pointer, there.nbytes, stream)
    cuda.copy(second.pointer, there.pointer, there.nbytes, stream)
    stream.synchronize()
    np.testing.assert_array_equal(second.array, first.array)


def test_arrays_deleted_release_their_memory(driver: Any) -> None:
    arrays = [DeviceArray((8,), np.float32), PinnedArray((8,), np.float32)]
    assert driver.used() == 64
    del arrays
    assert driver.used() == 0


def test_memory_reuses_blocks_of_equal_size(driver: Any) -> None:
    memory = Memory()
    first = memory.take((4, 2), np.float32)
    place = first.pointer
    other = memory.take((4, 2), np.float32)
    del first
    assert memory.take((8,), np.float32).pointer == place
    assert memory.take((9,), np.float32).pointer not in (place, other.pointer)


def test_memory_joined_concatenates_arrays(driver: Any) -> None:
    parts = [DeviceArray((rows, 2), np.float32) for rows in (2, 1)]
    for part, value in zip(parts, (1.0, 2.0), strict=True):
        cuda_stand_in.host_array(part.pointer, part.shape)[:] = value
    whole = Memory().joined(parts, cuda.Stream())
    np.testing.assert_array_equal(cuda_stand_in.host_array(whole.pointer, whole.shape), [[1, 1], [1, 1], [2, 2]])


def other(shape: tuple[int, ...], strides: tuple[int, ...] | None = None, typestr: str = "<f4") -> Any:
    known = {"shape": shape, "typestr": typestr, "data": (1000, True), "version": 3, "strides": strides}
    return SimpleNamespace(__cuda_array_interface__=known)


def test_device_view_slice_is_a_view_of_rows() -> None:
    view = DeviceView.of(other((5, 2, 3)), "m")
    part = view[1:4]
    assert (part.shape, part.pointer, part.nbytes, len(part)) == ((3, 2, 3), 1024, 72, 3)
    assert view[4:9].shape == (1, 2, 3)


@pytest.mark.parametrize(
    ("array", "good"),
    [
        (other((2, 3), (12, 4)), True),
        (other((1, 3), (999, 4)), True),
        (other((2, 3), (24, 4)), False),
        (other((2, 3), (4, 8)), False),
        (other((2, 3), None, "<f2"), False),
        (np.zeros((2, 3), np.float32), False),
    ],
)
def test_device_view_foreign_array_is_checked(array: Any, good: bool) -> None:
    if good:
        assert DeviceView.of(array, "m").pointer == 1000
    else:
        with pytest.raises(ModelError, match=r"^m: an input "):
            DeviceView.of(array, "m")


@pytest.mark.gpu
def test_driver_on_a_real_gpu_copies_arrays() -> None:
    if not cuda.device_count():
        pytest.skip("no CUDA device")
    assert cuda.gpu(0).capability >= (5, 0)
    cuda.use(0)
    stream, there, host = cuda.Stream(), DeviceArray((1000,), np.float32), PinnedArray((1000,), np.float32)
    host.array[:] = np.arange(1000)
    cuda.copy(there.pointer, host.pointer, there.nbytes, stream)
    host_again = PinnedArray((1000,), np.float32)
    stream.wait_for(0)
    cuda.copy(host_again.pointer, there.pointer, there.nbytes, stream)
    stream.make_wait(0)
    stream.synchronize()
    np.testing.assert_array_equal(host_again.array, np.arange(1000))
