"""What the pipeline needs of a device: memory, streams of work, and the events that order them.

Nothing here waits for a whole device. Work is enqueued on a stream and runs later, in the order of the stream; an event
that is recorded on one stream orders what another stream or the host does after waiting for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import DTypeLike, NDArray

Shape = tuple[int, ...]
Work = Callable[..., None]
"""Enqueues work on a device: called with the stream as an integer (a cudaStream_t), the arrays that it reads and those
that it writes."""


class DeviceArray(Protocol):
    """A C-contiguous array in a device's memory. The host cannot read it; operators get it through `Stream.launch`."""

    @property
    def shape(self) -> Shape: ...

    @property
    def dtype(self) -> np.dtype[Any]: ...

    @property
    def nbytes(self) -> int: ...

    def part(self, offset: int, shape: Shape, dtype: DTypeLike) -> DeviceArray:
        """A view of bytes from an offset on, as an array of a shape and type."""
        ...

    def close(self) -> None:
        """Free the memory once nothing uses it any more; for the owner of the whole array. May be called twice."""
        ...


class HostArray(Protocol):
    """A C-contiguous array in page-locked host memory, which a device copies from and to without the host waiting."""

    @property
    def shape(self) -> Shape: ...

    @property
    def dtype(self) -> np.dtype[Any]: ...

    @property
    def nbytes(self) -> int: ...

    def part(self, offset: int, shape: Shape, dtype: DTypeLike) -> HostArray:
        """A view of bytes from an offset on, as an array of a shape and type."""
        ...

    def read(self) -> NDArray[Any]:
        """The array, after an event that follows the copy to it was waited for; the next copy overwrites it."""
        ...

    def write(self) -> NDArray[Any]:
        """The array to be filled, after an event that follows the last copy from or to it was waited for."""
        ...

    def close(self) -> None:
        """Free the memory once nothing uses it any more; for the owner of the whole array. May be called twice."""
        ...


class Event(Protocol):
    """A point on a stream: the one where it was recorded last."""

    @property
    def name(self) -> str: ...

    def wait(self) -> None:
        """Make the host wait until the stream has passed the point. Raises the error of the work before it."""
        ...

    def done(self) -> bool:
        """Whether the stream has passed the point, without waiting."""
        ...

    def ms_since(self, other: Event) -> float:
        """Milliseconds on the device from another event of it to this one, both timed and passed."""
        ...


class Graph(Protocol):
    """Launches and copies of a stream that were captured to be enqueued again, as one."""

    def close(self) -> None:
        """Free it once no run of it is in flight. May be called twice."""
        ...


class Stream(Protocol):
    """A queue of work on a device."""

    @property
    def name(self) -> str: ...

    def launch(
        self,
        name: str,
        work: Work,
        reads: Sequence[DeviceArray] = (),
        writes: Sequence[DeviceArray] = (),
        updates: Sequence[DeviceArray] = (),
    ) -> None:
        """Enqueue work: `work(stream, *reads, *writes, *updates)`.

        It fills the arrays that it writes, changes parts of those that it updates, and keeps none of them.
        """
        ...

    def copy(self, target: DeviceArray | HostArray, source: DeviceArray | HostArray) -> None:
        """Enqueue a copy between arrays of one size."""
        ...

    def record(self, event: Event) -> None:
        """Put the event behind the work that is on this stream now."""
        ...

    def wait(self, event: Event) -> None:
        """Make later work on this stream wait for the event's last record; the host does not wait."""
        ...

    def capture(self, name: str, enqueue: Callable[[], None]) -> Graph:
        """A graph of the launches and copies that `enqueue` puts on this stream, which do not run now.

        It keeps the arrays' addresses: they have to outlive it. Events are recorded and waited for outside of it.
        Raises ModelError when some of the work cannot be captured.
        """
        ...

    def replay(self, graph: Graph) -> None:
        """Enqueue what was captured on this stream."""
        ...


class Device(Protocol):
    """A device of one process.

    Its methods may be called from several threads, those of one stream from one thread at a time.
    """

    @property
    def name(self) -> str:
        """As the user wrote it: "cuda:0"."""
        ...

    @property
    def unified(self) -> bool:
        """Whether work on it uses page-locked memory of the host as its own: a HostArray may then be passed to
        `Stream.launch` where a DeviceArray is."""
        ...

    @property
    def kernels(self) -> bool:
        """Whether the operators of edge_kernels run on its arrays."""
        ...

    def stream(self, name: str, *, urgent: bool = False) -> Stream:
        """A new stream. urgent: its kernels are started before waiting ones of other streams."""
        ...

    def event(self, name: str, *, timed: bool = False) -> Event:
        """A new event, which counts as passed until it is recorded. timed: for `ms_since`."""
        ...

    def array(self, shape: Shape, dtype: DTypeLike) -> DeviceArray:
        """Uninitialized device memory. Raises OutOfMemoryError."""
        ...

    def wrap(self, array: Any) -> DeviceArray:
        """An array of another library in this device's memory, with DLPack, to be read by launches. It is kept."""
        ...

    def host_array(self, shape: Shape, dtype: DTypeLike) -> HostArray:
        """Uninitialized page-locked host memory. Raises OutOfMemoryError."""
        ...


@dataclass(frozen=True, slots=True)
class Spec:
    """Shape and type of an array, without its first axis: that of the people or images."""

    row: Shape
    dtype: np.dtype[Any]

    @staticmethod
    def of(array: NDArray[Any]) -> Spec:
        """That of an array's rows."""
        return Spec(array.shape[1:], array.dtype)


def byte_count(shape: Shape, dtype: DTypeLike) -> int:
    """The bytes of a C-contiguous array."""
    return math.prod(shape) * np.dtype(dtype).itemsize
