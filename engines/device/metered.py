"""A device whose work is measured: times on the device by events, copies, launches and waits of the host."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, fields
from typing import Any, NamedTuple, cast

from numpy.typing import DTypeLike

from engines.device.base import Device, DeviceArray, Event, Graph, HostArray, Shape, Stream, Work

OnTime = Callable[[str, int, int], None]
"""Receives the name of a launch, and when it began and ended on the device (readings of time.monotonic_ns)."""

Around = Callable[[str, str], AbstractContextManager[Any]]
"""Surrounds the enqueuing of work, given the names of its stream and of the launch."""

PENDING = 32  # launches of a stream whose times are not known yet; more are not timed


@dataclass(slots=True)
class DeviceCounts:
    """What was asked of a device so far: `launches` are single ones, `graphs` are runs of captured ones, whose copies
    are in `copies` and `bytes`."""

    launches: int = 0
    graphs: int = 0
    copies: int = 0
    bytes: int = 0
    host_waits: int = 0
    allocations: int = 0

    def per_frame(self, frames: int) -> dict[str, float]:
        """The counts of one frame, by name."""
        return {field.name: round(getattr(self, field.name) / max(1, frames), 2) for field in fields(self)}


class MeteredDevice:
    """A device seen by one user, such as the pipeline of a camera. Streams of other users may wait for its events.

    Times are read when they are known, at later launches: nothing waits for them.

    Attributes:
        counts: of this user.
    """

    def __init__(self, device: Device, on_time: OnTime, around: Around | None = None) -> None:
        """around: surrounds what is enqueued on its streams, for profilers."""
        self.name, self.kernels, self.unified = device.name, device.kernels, device.unified
        self.counts = DeviceCounts()
        self._device, self._on_time = device, on_time
        self._around: Around = around or (lambda stream, name: nullcontext())

    def stream(self, name: str, *, urgent: bool = False) -> Stream:
        return _Stream(self._device, self._device.stream(name, urgent=urgent), self.counts, self._on_time, self._around)

    def event(self, name: str, *, timed: bool = False) -> Event:
        return _Event(self._device.event(name, timed=timed), self.counts)

    def array(self, shape: Shape, dtype: DTypeLike) -> DeviceArray:
        self.counts.allocations += 1
        return self._device.array(shape, dtype)

    def wrap(self, array: Any) -> DeviceArray:
        return self._device.wrap(array)

    def host_array(self, shape: Shape, dtype: DTypeLike) -> HostArray:
        self.counts.allocations += 1
        return self._device.host_array(shape, dtype)


class _Event:
    def __init__(self, event: Event, counts: DeviceCounts) -> None:
        self.name, self.inner = event.name, event
        self._counts = counts

    def wait(self) -> None:
        self._counts.host_waits += 1
        self.inner.wait()

    def done(self) -> bool:
        return self.inner.done()

    def ms_since(self, other: Event) -> float:
        return self.inner.ms_since(_inner(other))


@dataclass(slots=True)
class _Graph:
    """A captured graph, with what a run of it counts."""

    name: str
    inner: Graph | None = None
    copies: int = 0
    bytes: int = 0

    def close(self) -> None:
        if self.inner is not None:
            self.inner.close()


class _Span(NamedTuple):
    name: str
    begin: Event
    end: Event


class _Stream:
    def __init__(self, device: Device, stream: Stream, counts: DeviceCounts, on_time: OnTime, around: Around) -> None:
        self.name, self._around = stream.name, around
        self._device, self._stream, self._counts, self._on_time = device, stream, counts, on_time
        self._origin = device.event(f"{stream.name} origin", timed=True)
        stream.record(self._origin)
        self._origin.wait()
        self._origin_ns = time.monotonic_ns()
        self._capturing: _Graph | None = None
        self._pending: deque[_Span] = deque()
        self._spare: list[tuple[Event, Event]] = []

    def launch(
        self,
        name: str,
        work: Work,
        reads: Sequence[DeviceArray] = (),
        writes: Sequence[DeviceArray] = (),
        updates: Sequence[DeviceArray] = (),
    ) -> None:
        if self._capturing is not None:
            self._stream.launch(name, work, reads, writes, updates)
            return
        self._counts.launches += 1
        self._timed(name, lambda: self._stream.launch(name, work, reads, writes, updates))

    def copy(self, target: DeviceArray | HostArray, source: DeviceArray | HostArray) -> None:
        counts = self._counts if self._capturing is None else self._capturing
        counts.copies += 1
        counts.bytes += source.nbytes
        self._stream.copy(target, source)

    def record(self, event: Event) -> None:
        self._stream.record(_inner(event))

    def wait(self, event: Event) -> None:
        self._stream.wait(_inner(event))

    def capture(self, name: str, enqueue: Callable[[], None]) -> Graph:
        self._capturing = captured = _Graph(name)
        try:
            captured.inner = self._stream.capture(name, enqueue)
        finally:
            self._capturing = None
        return captured

    def replay(self, graph: Graph) -> None:
        captured = cast(_Graph, graph)
        inner = captured.inner
        assert inner is not None
        self._counts.graphs += 1
        self._counts.copies += captured.copies
        self._counts.bytes += captured.bytes
        self._timed(captured.name, lambda: self._stream.replay(inner))

    def _timed(self, name: str, enqueue: Callable[[], None]) -> None:
        self._collect()
        with self._around(self.name, name):
            self._between_events(name, enqueue)

    def _between_events(self, name: str, enqueue: Callable[[], None]) -> None:
        if len(self._pending) >= PENDING:
            enqueue()
            return
        begin, end = self._spare.pop() if self._spare else (self._timer("begin"), self._timer("end"))
        self._stream.record(begin)
        enqueue()
        self._stream.record(end)
        self._pending.append(_Span(name, begin, end))

    def _collect(self) -> None:
        while self._pending and self._pending[0].end.done():
            span = self._pending.popleft()
            start_ns = self._origin_ns + round(span.begin.ms_since(self._origin) * 1e6)
            self._on_time(span.name, start_ns, start_ns + round(span.end.ms_since(span.begin) * 1e6))
            self._spare.append((span.begin, span.end))

    def _timer(self, what: str) -> Event:
        return self._device.event(f"{self.name} {what}", timed=True)


def _inner(event: Any) -> Event:
    inner: Event = getattr(event, "inner", event)
    return inner
