"""CUDA devices, on a stand-in for cuda-core and on a GPU."""

from __future__ import annotations

import sys
import threading
import types
from typing import Any

import numpy as np
import pytest

from engines.device.cuda import CudaArray, CudaDevice, CudaEvent, CudaStream
from engines.errors import DeviceLostError, ModelError, OutOfMemoryError
from tests.support import cuda_core_stand_in


@pytest.fixture
def core(monkeypatch: pytest.MonkeyPatch) -> Any:
    made, parent = cuda_core_stand_in.module(), types.ModuleType("cuda")
    parent.core = made  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "cuda", parent)
    monkeypatch.setitem(sys.modules, "cuda.core", made)
    return made


def there_and_back(device: CudaDevice) -> None:
    stream, done = device.stream("s"), device.event("done")
    array, given = device.array((3, 4), np.float32), device.host_array((3, 4), np.float32)
    back = device.host_array((2, 4), np.float32)
    given.write()[:] = np.arange(12).reshape(3, 4)
    stream.copy(array, given)
    stream.copy(back, array.part(0, (2, 4), np.float32))
    stream.record(done)
    done.wait()
    assert done.done()
    np.testing.assert_array_equal(back.read(), np.arange(8).reshape(2, 4))
    with pytest.raises(ValueError, match="read-only"):
        back.read()[:] = 0
    for owned in (array, given, back):
        owned.close()


def test_copy_to_the_device_and_back_keeps_values(core: Any) -> None:
    there_and_back(CudaDevice(0))


def test_copy_of_another_size_raises(core: Any) -> None:
    device = CudaDevice(0)
    with pytest.raises(ValueError, match="a copy of 12 bytes to 8"):
        device.stream("s").copy(device.array((2,), np.float32), device.array((3,), np.float32))


def test_stream_has_the_priority_that_it_needs(core: Any) -> None:
    device = CudaDevice(0)
    streams = [device.stream("s", urgent=urgent) for urgent in (False, True)]
    assert [stream._stream.priority for stream in streams] == [0, -1]  # type: ignore[attr-defined]


def test_capture_is_replayed_on_its_stream(core: Any) -> None:
    device, seen = CudaDevice(0), []
    stream = device.stream("s")
    graph = stream.capture("step", lambda: stream.launch("work", lambda handle: seen.append(handle)))
    stream.replay(graph)
    assert isinstance(stream, CudaStream)
    assert seen == [stream.handle]
    assert [what for what, _ in stream._stream.order] == ["graph"]
    graph.close()


def test_capture_that_is_refused_raises_and_ends(core: Any) -> None:
    device = CudaDevice(0)
    stream = device.stream("s")

    def refused(handle: int) -> None:
        raise RuntimeError("CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED: operation not permitted when stream is capturing")

    with pytest.raises(ModelError, match=r"cuda:0 cannot run work \(.*STREAM_CAPTURE"):
        stream.capture("step", lambda: stream.launch("work", refused))
    assert stream._stream.builders[-1].state == "closed"  # type: ignore[attr-defined]


def test_launch_gets_the_stream_and_arrays_of_other_libraries(core: Any) -> None:
    device = CudaDevice(1)
    stream, array = device.stream("s"), device.array((4, 2), np.uint16)
    seen: list[Any] = []
    stream.launch("work", lambda *given: seen.extend(given), [array], [array.part(4, (3,), np.uint16)])
    assert isinstance(stream, CudaStream)
    assert seen[0] == stream.handle
    assert seen[1].__dlpack_device__() == (2, 1)
    known = seen[2].__cuda_array_interface__
    assert isinstance(array, CudaArray)
    assert known == {
        "shape": (3,),
        "typestr": "<u2",
        "data": (array.pointer + 4, False),
        "strides": None,
        "version": 3,
    }
    assert seen[2].__dlpack__(stream=None, max_version=(1, 0)) is not None


def test_streams_are_ordered_by_the_events_they_are_given(core: Any) -> None:
    device = CudaDevice(0)
    one, two, ready = device.stream("one"), device.stream("two"), device.event("ready")
    one.record(ready)
    two.wait(ready)
    assert isinstance(ready, CudaEvent)
    assert one._stream.order == [("record", ready.event)]  # type: ignore[attr-defined]
    assert two._stream.order == [("wait", ready.event)]  # type: ignore[attr-defined]


def test_every_thread_makes_the_device_its_current_one_once(core: Any) -> None:
    device = CudaDevice(0)
    stream, ready = device.stream("s"), device.event("ready")
    made = device._device.current

    def work() -> None:
        for _ in range(2):
            stream.wait(ready)
            stream.record(ready)
            ready.wait()

    for _ in range(3):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert device._device.current == made + 3
    CudaDevice(1)
    work()
    assert device._device.current == made + 4


def test_device_errors_are_one_line(core: Any) -> None:
    with pytest.raises(ModelError, match=r"^GPU pipeline: cuda:7 cannot open it \(CUDA_ERROR_INVALID_DEVICE"):
        CudaDevice(7)
    device = CudaDevice(0)
    device._device.limit = 8
    with pytest.raises(OutOfMemoryError, match=r"^GPU pipeline: cuda:0 has not enough memory to allocate 12 bytes;"):
        device.array((3,), np.float32)

    def fails(*given: Any) -> None:
        raise RuntimeError("an illegal memory access was encountered")

    with pytest.raises(DeviceLostError, match=r"^GPU pipeline: cuda:0 was lost \(an illegal memory access"):
        device.stream("s").launch("crops", fails)


def test_device_without_cuda_core_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cuda.core", None)
    with pytest.raises(ModelError, match=r"^cuda:0: needs the package cuda-core .*; pip install 'meshcast\[cuda\]'$"):
        CudaDevice(0)


@pytest.mark.gpu
def test_device_on_a_real_gpu_copies_arrays() -> None:
    there_and_back(CudaDevice(0))
