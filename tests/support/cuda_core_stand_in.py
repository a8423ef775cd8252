"""As much of NVIDIA's cuda-core as engines.device.cuda calls, on host memory, with synchronous streams."""

from __future__ import annotations

import ctypes
import types
from typing import Any


class Buffer:
    """Memory at an address; freed when it is closed, unless it is a view."""

    def __init__(self, size: int, handle: int | None = None, owner: Any = None) -> None:
        self._memory = ctypes.create_string_buffer(size) if handle is None else owner
        self.handle = ctypes.addressof(self._memory) if handle is None else handle
        self.size = size
        self.closed = False

    @staticmethod
    def from_handle(pointer: int, size: int, mr: Any = None, owner: Any = None) -> Buffer:
        return Buffer(size, pointer, owner)

    def copy_from(self, source: Buffer, *, stream: Stream) -> None:
        assert self.size == source.size
        ctypes.memmove(self.handle, source.handle, self.size)
        stream.order.append(("copy", self.size))

    def close(self) -> None:
        self.closed = True


class Event:
    def __init__(self, options: Any) -> None:
        assert options.blocking_sync
        self.timed = options.timing_enabled
        self.is_done = True
        self.at_ms = 0.0
        self.waited = 0

    def sync(self) -> None:
        self.waited += 1

    def __sub__(self, other: Event) -> float:
        assert self.timed
        assert other.timed
        return self.at_ms - other.at_ms


class Stream:
    """captures: whether graphs can be made, whose runs do nothing here."""

    captures = True

    def __init__(self, handle: int, priority: int = 0) -> None:
        self.handle, self.priority = handle, priority
        self.order: list[tuple[str, Any]] = []
        self.builders: list[GraphBuilder] = []

    def record(self, event: Event) -> None:
        self.order.append(("record", event))
        event.at_ms = float(len(self.order))

    def wait(self, event: Event) -> None:
        self.order.append(("wait", event))

    def sync(self) -> None:
        self.order.append(("sync", None))

    def create_graph_builder(self) -> GraphBuilder:
        if not self.captures:
            raise RuntimeError("CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED: operation not permitted")
        self.builders.append(GraphBuilder(self))
        return self.builders[-1]


class GraphBuilder:
    """Real captures run nothing; here everything runs at once, and a graph's launches are only counted."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.state = "new"

    def begin_building(self, mode: str) -> GraphBuilder:
        assert (self.state, mode) == ("new", "thread_local")
        self.state = "building"
        return self

    def end_building(self) -> GraphBuilder:
        assert self.state == "building"
        self.state = "ended"
        return self

    def complete(self) -> Graph:
        assert self.state == "ended"
        return Graph()

    def close(self) -> None:
        self.state = "closed"


class Graph:
    def __init__(self) -> None:
        self.closed = False

    def launch(self, stream: Stream) -> None:
        assert not self.closed
        stream.order.append(("graph", self))

    def close(self) -> None:
        self.closed = True


class Device:
    """limit: bytes that one allocation may have; current: how often it was made the current one."""

    limit = 1 << 30
    count = 2
    integrated = False

    def __init__(self, index: int) -> None:
        if index >= self.count:
            raise RuntimeError("CUDA_ERROR_INVALID_DEVICE: this indicates that the device ordinal is invalid")
        self.current = 0
        self.properties = types.SimpleNamespace(integrated=self.integrated)
        self.default_stream = Stream(0)
        self._handles = iter(range(100, 200))

    def set_current(self) -> None:
        self.current += 1

    def create_stream(self, *, options: StreamOptions) -> Stream:
        return Stream(next(self._handles), options.priority)

    def create_event(self, options: Any) -> Event:
        return Event(options)

    def allocate(self, size: int, *, stream: Stream) -> Buffer:
        assert stream is self.default_stream
        if size > self.limit:
            raise RuntimeError("CUDA_ERROR_OUT_OF_MEMORY: the API call failed because it was unable to allocate")
        return Buffer(size)


class LegacyPinnedMemoryResource:
    def allocate(self, size: int) -> Buffer:
        return Buffer(size)


class StreamOptions:
    def __init__(self, *, priority: int) -> None:
        self.priority = priority


class EventOptions:
    def __init__(self, *, blocking_sync: bool, timing_enabled: bool) -> None:
        self.blocking_sync, self.timing_enabled = blocking_sync, timing_enabled


def module() -> types.ModuleType:
    """A module like `cuda.core`."""
    made = types.ModuleType("cuda.core")
    for part in (Buffer, Device, LegacyPinnedMemoryResource, EventOptions, StreamOptions):
        setattr(made, part.__name__, part)
    return made
