"""engines.device.base on host memory, for the runtime of this emulation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import numpy as np
from numpy.typing import DTypeLike, NDArray

from engines.backend_errors import classify_error
from engines.device import base
from engines.device.base import Shape, Work, byte_count
from tests.support.emulated.checker import HOST, Block
from tests.support.emulated.runtime import Runtime, Task, Ticket

POISON = 0xFF  # bytes of memory without contents: NaN as floating-point numbers


class EmulatedDevice:
    """A base.Device. All devices of a runtime share its host."""

    kernels = True

    def __init__(self, runtime: Runtime, name: str = "cuda:0") -> None:
        self.runtime, self.name, self.unified = runtime, name, runtime.unified

    def stream(self, name: str, *, urgent: bool = False) -> base.Stream:
        return EmulatedStream(self, name)

    def event(self, name: str, *, timed: bool = False) -> base.Event:
        return EmulatedEvent(self, name, timed)

    def array(self, shape: Shape, dtype: DTypeLike) -> base.DeviceArray:
        return EmulatedArray(self, self._memory(shape, dtype), shape, np.dtype(dtype))

    def wrap(self, array: Any) -> base.DeviceArray:
        assert isinstance(array, EmulatedArray)
        return array

    def host_array(self, shape: Shape, dtype: DTypeLike) -> base.HostArray:
        return EmulatedHostArray(self, self._memory(shape, dtype), shape, np.dtype(dtype))

    def _memory(self, shape: Shape, dtype: DTypeLike) -> Memory:
        runtime, size = self.runtime, byte_count(shape, dtype)
        with runtime.lock, self.errors(f"allocate {size} bytes"):
            runtime.check(self.name)
            if runtime.used.get(self.name, 0) + size > runtime.limit:
                raise MemoryError("CUDA_ERROR_OUT_OF_MEMORY")
            runtime.used[self.name] = runtime.used.get(self.name, 0) + size
            runtime.counts["allocations"] += 1
            return Memory(size, f"{'x'.join(map(str, shape))} {np.dtype(dtype)}")

    @contextmanager
    def errors(self, doing: str) -> Iterator[None]:
        try:
            yield
        except (RuntimeError, MemoryError) as error:
            raise classify_error(error, "GPU pipeline", doing, self.name) from None


class Memory:
    """A block of bytes, poisoned when it is allocated and when it is freed."""

    def __init__(self, size: int, name: str) -> None:
        self.bytes = np.full(size, POISON, np.uint8)
        self.block = Block(name)
        self.freed = False


class _Array:
    def __init__(
        self,
        device: EmulatedDevice,
        memory: Memory,
        shape: Shape,
        dtype: np.dtype[Any],
        offset: int | None = None,
    ) -> None:
        self.device, self.memory = device, memory
        self.shape, self.dtype = shape, dtype
        self.size = self.nbytes = byte_count(shape, dtype)
        self._whole = offset is None
        self.begin = offset or 0
        self.end = self.begin + self.size
        assert self.end <= len(memory.bytes), f"{shape} from {offset} on is more than {memory.block.name}"

    def close(self) -> None:
        runtime = self.device.runtime
        assert self._whole, "a view is not freed"
        with runtime.lock:
            if self.memory.freed:
                return
            runtime.checker.host()
            size = len(self.memory.bytes)
            runtime.checker.access(self.memory.block, 0, size, HOST, "free", writes=True)
            self.memory.freed = True
            self.memory.bytes[:] = POISON
            runtime.used[self.device.name] -= size
            runtime.counts["frees"] += 1

    def numpy(self, *, writeable: bool) -> NDArray[Any]:
        view = self.bytes.view(self.dtype).reshape(self.shape)
        view.flags.writeable = writeable
        return view

    @property
    def bytes(self) -> NDArray[np.uint8]:
        return self.memory.bytes[self.begin : self.end]


class EmulatedArray(_Array):
    """A base.DeviceArray; only the work of a launch sees what it holds."""

    def part(self, offset: int, shape: Shape, dtype: DTypeLike) -> base.DeviceArray:
        return EmulatedArray(self.device, self.memory, shape, np.dtype(dtype), self.begin + offset)


class EmulatedHostArray(_Array):
    """A base.HostArray; every access of the host is checked."""

    def part(self, offset: int, shape: Shape, dtype: DTypeLike) -> base.HostArray:
        return EmulatedHostArray(self.device, self.memory, shape, np.dtype(dtype), self.begin + offset)

    def read(self) -> NDArray[Any]:
        return self._access(writes=False)

    def write(self) -> NDArray[Any]:
        return self._access(writes=True)

    def _access(self, *, writes: bool) -> NDArray[Any]:
        runtime = self.device.runtime
        assert not self.memory.freed, f"{self.memory.block.name} is used after it was freed"
        with runtime.lock:
            runtime.checker.host()
            runtime.checker.access(self.memory.block, self.begin, self.end, HOST, "the program", writes=writes)
            return self.numpy(writeable=writes)


class EmulatedEvent:
    """A base.Event."""

    def __init__(self, device: EmulatedDevice, name: str, timed: bool) -> None:
        self.device, self.name, self._timed = device, name, timed
        self.ticket: Ticket | None = None

    def wait(self) -> None:
        with self.device.errors(f"finish what is before {self.name}"):
            self.device.runtime.check(self.device.name)
            self.device.runtime.host_waits(self.name, self.ticket)
            self.device.runtime.check(self.device.name)

    def done(self) -> bool:
        runtime = self.device.runtime
        with runtime.lock:
            if self.ticket is None or not self.ticket.done:
                return self.ticket is None
            runtime.checker.ordered(HOST, self.ticket.clock)
            return True

    def ms_since(self, other: base.Event) -> float:
        before = cast(EmulatedEvent, other)
        assert self._timed
        assert before._timed
        assert self.ticket is not None
        assert before.ticket is not None
        assert self.ticket.done
        return float(self.ticket.at_ms - before.ticket.at_ms)


class EmulatedStream:
    """A base.Stream."""

    def __init__(self, device: EmulatedDevice, name: str) -> None:
        self.name = name
        self._device, self._runtime = device, device.runtime
        self._key = self._runtime.new_stream(name)
        self._captured: list[Callable[[], None]] | None = None

    def launch(
        self,
        name: str,
        work: Work,
        reads: Sequence[base.DeviceArray] = (),
        writes: Sequence[base.DeviceArray] = (),
        updates: Sequence[base.DeviceArray] = (),
    ) -> None:
        if self._captured is not None:
            self._captured.append(lambda: self.launch(name, work, reads, writes, updates))
            self._runtime.check_capture(name)
            return
        runtime, device = self._runtime, self._device
        given, made, changed = (cast(Sequence[EmulatedArray], arrays) for arrays in (reads, writes, updates))
        for array in (*given, *made, *changed):
            assert not array.memory.freed, f"{name} uses {array.memory.block.name} after it was freed"
            assert device.unified or isinstance(array, EmulatedArray), f"{name} uses memory of the host"
            assert array.device.name == device.name, f"{name} on {device.name} uses memory of {array.device.name}"

        def run() -> None:
            if device.name in runtime.lost:
                return
            if fault is not None:
                runtime.lost.add(device.name)
                return
            outputs = [array.numpy(writeable=True) for array in (*made, *changed)]
            for array in made:
                array.bytes[:] = POISON
            work(0, *(array.numpy(writeable=False) for array in given), *outputs)

        with runtime.lock, device.errors(f"run {name}"):
            runtime.check(device.name)
            fault = runtime.fault(name)
            if fault is not None and not fault.late:
                raise fault.error
            runtime.counts["launches"] += 1
            runtime.counts[name] += 1
            runtime.checker.enqueue(self._key)
            for array in given:
                runtime.checker.access(array.memory.block, array.begin, array.end, self._key, name, writes=False)
            for array in (*made, *changed):
                runtime.checker.access(array.memory.block, array.begin, array.end, self._key, name, writes=True)
            runtime.put(self._key, Task(name, run))

    def copy(self, target: base.DeviceArray | base.HostArray, source: base.DeviceArray | base.HostArray) -> None:
        to, of, runtime = cast(_Array, target), cast(_Array, source), self._runtime
        if self._captured is not None:
            self._captured.append(lambda: self.copy(target, source))
            return
        for array in (to, of):
            assert not array.memory.freed, f"a copy uses {array.memory.block.name} after it was freed"
        assert to.size == of.size, f"a copy of {of.shape} to {to.shape}"

        def run() -> None:
            if self._device.name not in runtime.lost:
                to.bytes[:] = of.bytes

        with runtime.lock, self._device.errors(f"copy {of.size} bytes"):
            runtime.check(self._device.name)
            runtime.counts["copies"] += 1
            runtime.counts["bytes"] += of.size
            runtime.checker.enqueue(self._key)
            runtime.checker.access(of.memory.block, of.begin, of.end, self._key, "a copy", writes=False)
            runtime.checker.access(to.memory.block, to.begin, to.end, self._key, "a copy", writes=True)
            if isinstance(to, EmulatedHostArray):
                to.bytes[:] = POISON  # until the copy lands
            runtime.put(self._key, Task("copy", run))

    def record(self, event: base.Event) -> None:
        given = cast(EmulatedEvent, event)
        assert self._captured is None, f"{event.name} is recorded in a graph"
        with self._runtime.lock:
            given.ticket = Ticket(self._key, self._runtime.checker.recorded(self._key))
            self._runtime.put(self._key, Task(f"record {event.name}", completes=given.ticket))

    def wait(self, event: base.Event) -> None:
        given = cast(EmulatedEvent, event)
        assert self._captured is None, f"a graph waits for {event.name}"
        with self._runtime.lock:
            edge = (self.name, event.name)
            self._runtime.edges.add(edge)
            if given.ticket is None or edge in self._runtime.without:
                return
            self._runtime.checker.enqueue(self._key)
            self._runtime.checker.ordered(self._key, given.ticket.clock)
            self._runtime.put(self._key, Task(f"wait for {event.name}", after=given.ticket))

    def capture(self, name: str, enqueue: Callable[[], None]) -> base.Graph:
        """What is enqueued is kept, to be checked each time that it runs."""
        self._captured = captured = []
        try:
            with self._device.errors(f"capture {name} in a graph"):
                enqueue()
        finally:
            self._captured = None
        self._runtime.counts["captures"] += 1
        return EmulatedGraph(name, captured)

    def replay(self, graph: base.Graph) -> None:
        given = cast(EmulatedGraph, graph)
        assert not given.closed, f"{given.name} runs after it was freed"
        self._runtime.counts["graphs"] += 1
        for enqueue in given.enqueue:
            enqueue()


class EmulatedGraph:
    """A base.Graph."""

    def __init__(self, name: str, enqueue: list[Callable[[], None]]) -> None:
        self.name, self.enqueue, self.closed = name, enqueue, False

    def close(self) -> None:
        self.closed = True
