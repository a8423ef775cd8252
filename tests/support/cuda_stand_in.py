"""A CUDA driver and a TensorRT without a GPU: host memory, synchronous streams, recorded calls."""

from __future__ import annotations

import ctypes
import gc
import types
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from engines.inference.backends import tensorrt_build
from engines.inference.cuda import driver as cuda

OUT_OF_MEMORY = 2


class Driver:
    """libcuda's functions, as many as engines.inference.cuda.driver calls. limit: bytes of device memory; broken: code
    of every call."""

    def __init__(self, gpus: tuple[tuple[str, tuple[int, int]], ...]) -> None:
        self.gpus = gpus
        self.limit = 1 << 30
        self.broken = 0
        self.held: dict[int, Any] = {}
        self.current = 0
        self.order: list[tuple[str, int, int]] = []
        self._handles = iter(range(100, 10**6))

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any) -> int:
            if self.broken:
                return self.broken
            return int(getattr(self, f"_{name.removesuffix('_v2')}")(*arguments) or 0)

        if not name.startswith("cu"):
            raise AttributeError(name)
        return call

    def used(self) -> int:
        return sum(len(block) for block in self.held.values())

    def _new(self, reference: Any, size: int) -> int:
        if self.used() + size > self.limit:
            return OUT_OF_MEMORY
        block = ctypes.create_string_buffer(size)
        self.held[ctypes.addressof(block)] = block
        reference._obj.value = ctypes.addressof(block)
        return 0

    def _cuDeviceGetCount(self, count: Any) -> None:
        count._obj.value = len(self.gpus)

    def _cuDeviceGet(self, handle: Any, index: int) -> int:
        handle._obj.value = index
        return 0 if index < len(self.gpus) else 101

    def _cuDeviceGetName(self, name: Any, _size: int, handle: Any) -> None:
        name.value = self.gpus[handle.value][0].encode()

    def _cuDeviceGetAttribute(self, value: Any, attribute: int, handle: Any) -> None:
        value._obj.value = self.gpus[handle.value][1][attribute - 75]

    def _cuDevicePrimaryCtxRetain(self, context: Any, handle: Any) -> None:
        context._obj.value = 10 + handle.value

    def _cuCtxSetCurrent(self, context: int) -> None:
        self.current = context

    def _cuStreamCreate(self, stream: Any, flags: int) -> None:
        assert flags == 1
        stream._obj.value = next(self._handles)

    def _cuEventCreate(self, event: Any, flags: int) -> None:
        assert flags == 2
        event._obj.value = next(self._handles)

    def _cuEventRecord(self, event: int, stream: int) -> None:
        self.order.append(("record", event, stream))

    def _cuStreamWaitEvent(self, stream: int, event: int, _flags: int) -> None:
        self.order.append(("wait", event, stream))

    def _cuStreamSynchronize(self, stream: int) -> None:
        self.order.append(("synchronize", 0, stream))

    def _cuMemAlloc(self, reference: Any, size: int) -> int:
        return self._new(reference, size)

    def _cuMemHostAlloc(self, reference: Any, size: int, _flags: int) -> int:
        return self._new(reference, size)

    def _cuMemFree(self, pointer: int) -> None:
        self.held.pop(pointer, None)  # a test that failed may have left arrays behind

    _cuMemFreeHost = _cuMemFree

    def _cuMemcpyAsync(self, target: int, source: int, size: int, stream: int) -> None:
        assert stream
        ctypes.memmove(target, source, size)
        self.order.append(("copy", size, stream))


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Driver]:
    """Two GPUs: an Orin (8.7), which TensorRT-RTX does not serve, and an RTX 3090 (8.6)."""
    made = Driver((("Orin", (8, 7)), ("NVIDIA RTX 3090", (8, 6))))
    monkeypatch.setattr(cuda, "driver", lambda: made)
    for function in (cuda.gpu, cuda._context):
        function.cache_clear()
    yield made
    made.broken = 0
    gc.collect()  # what sessions held goes back to this driver, not to the real one
    for function in (cuda.gpu, cuda._context):
        function.cache_clear()


def host_array(pointer: int, shape: tuple[int, ...]) -> Any:
    """Memory of the stand-in as an array."""
    size = int(np.prod(shape))
    return np.ctypeslib.as_array((ctypes.c_float * size).from_address(pointer)).reshape(shape)


class Context:
    """Runs what the stand-in plan stands for: images + 1, and the sums of each row's images."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.profile = engine, 0
        self.shape: tuple[int, ...] = ()
        self.addresses: dict[str, int] = {}

    def set_optimization_profile_async(self, profile: int, _stream: int) -> bool:
        self.profile = profile
        return True

    def set_device_memory(self, memory: int, size: int) -> None:
        assert size >= self.engine.device_memory_size_v2
        self.engine.scratch.add(memory)

    def set_input_shape(self, name: str, shape: tuple[int, ...]) -> bool:
        assert name == "images"
        least, _, most = tensorrt_build.PROFILES[self.profile]
        self.shape = tuple(shape)
        return least <= shape[0] <= most

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        return {"images": self.shape, "more": self.shape, "sums": self.shape[:2]}[name]

    def set_tensor_address(self, name: str, pointer: int) -> bool:
        self.addresses[name] = pointer
        return True

    def execute_async_v3(self, stream: int) -> bool:
        assert stream
        if self.engine.fails:
            self.engine.logger.log(1, self.engine.fails)
            return False
        self.engine.batches.append(self.shape[0])
        images = host_array(self.addresses["images"], self.shape)
        host_array(self.addresses["more"], self.shape)[:] = images + 1
        host_array(self.addresses["sums"], self.shape[:2])[:] = images.sum(axis=(2, 3))
        return True


class Engine:
    """What a plan of the stand-in loads into. fails: what the next runs log instead of running."""

    def __init__(self, logger: Any) -> None:
        self.logger = logger
        self.names = ["images", "more", "sums"]
        self.num_io_tensors, self.num_optimization_profiles = 3, 2
        self.batches: list[int] = []
        self.contexts = 10
        self.strategies: list[str] = []
        self.scratch: set[int] = set()  # memory in which contexts compute that have none of their own
        self.device_memory_size_v2 = 64
        self.fails = ""

    def get_tensor_name(self, index: int) -> str:
        return self.names[index]

    def get_tensor_mode(self, name: str) -> str:
        return "in" if name == "images" else "out"

    def get_tensor_dtype(self, _name: str) -> type[np.float32]:
        return np.float32

    def create_execution_context(self, strategy: str = "static") -> Context | None:
        self.contexts -= 1
        self.strategies.append(strategy)
        return Context(self) if self.contexts >= 0 else None


class TensorRtModule(types.ModuleType):
    """As much of the module `tensorrt` as running needs; takes the plans that start with b"good"."""

    __version__ = "10.3.0"

    class ILogger:
        class Severity:
            ERROR = 1

    ExecutionContextAllocationStrategy = types.SimpleNamespace(USER_MANAGED="user managed")
    TensorIOMode = types.SimpleNamespace(INPUT="in")

    def __init__(self) -> None:
        super().__init__("tensorrt")
        self.engines: list[Engine] = []

    @staticmethod
    def nptype(dtype: Any) -> Any:
        return dtype

    def Runtime(self, logger: Any) -> Any:
        def load(plan: bytes) -> Engine | None:
            if not plan.startswith(b"good"):
                logger.log(1, "the plan was made by another version")
                return None
            self.engines.append(Engine(logger))
            return self.engines[-1]

        return types.SimpleNamespace(deserialize_cuda_engine=load)
