"""Models on the streams of a device: enqueued behind other work, with the caller's memory."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from engines.device.base import Device, DeviceArray, Spec, Stream
from engines.device.graphs import StepGraphs
from engines.device.mirror import Mirror


@runtime_checkable
class EnqueuingSession(Protocol):
    """A session that runs on a stream with the caller's memory.

    It may have `batches`, sizes of batches that it runs without copies (else any), and `captures`, whether its runs can
    be captured in a graph (else they are tried).
    """

    def __call__(self, *inputs: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        """See engines.inference.session.Session."""
        ...

    def into(self, inputs: Sequence[Any], outputs: Sequence[Any], stream: int) -> None:
        """Enqueue the model on the stream, a cudaStream_t as an integer: it reads the inputs and fills the outputs,
        contiguous float32 arrays on the device with `__cuda_array_interface__` and DLPack."""
        ...


class StreamEngine:
    """A model that the streams of several pipelines share. Its runs follow each other in the order of their turns,
    because an engine has one workspace.

    Attributes:
        name: of its stage, for times and errors.
        inputs, outputs: rows of its arrays.
        captures: whether its runs can be captured in a graph.
    """

    def __init__(self, device: Device, name: str, session: EnqueuingSession, inputs: Sequence[Spec]) -> None:
        """
        Args:
            device: where the session runs.
            name: of its stage, for times and errors.
            session: the model.
            inputs: rows of its inputs.
        """
        self.name = name
        self.inputs = tuple(inputs)
        self.captures = bool(getattr(session, "captures", True))
        self._session = session
        self._batches: tuple[int, ...] = tuple(getattr(session, "batches", ()))
        made = session(*(np.zeros((1, *spec.row), spec.dtype) for spec in inputs))
        self.outputs = tuple(Spec.of(output) for output in made)
        self._workspace = device.array((1,), np.uint8)  # stands for the session's own memory in the order of runs
        self._free = device.event(f"{name} free")
        self._one = threading.Lock()

    def bucket(self, rows: int) -> int:
        """The size of the batch in which the engine computes this many rows: given memory for it, it copies nothing."""
        return next((size for size in self._batches if size >= rows), rows)

    @contextmanager
    def turn(self, stream: Stream) -> Iterator[None]:
        """What is enqueued on the stream within may run the model."""
        with self._one:
            stream.wait(self._free)
            try:
                yield
            finally:
                stream.record(self._free)

    def enqueue(self, stream: Stream, inputs: Sequence[DeviceArray], outputs: Sequence[DeviceArray]) -> None:
        """Enqueue the model for the rows of the inputs, which are those of the outputs, in a turn of the stream."""
        count = len(inputs)

        def work(handle: int, *arrays: Any) -> None:
            self._session.into(arrays[:count], arrays[count:-1], handle)

        stream.launch(self.name, work, inputs, (*outputs, self._workspace))

    def close(self) -> None:
        """Free its memory, after waiting for the work that uses it."""
        if not self._free.done():
            self._free.wait()
        self._workspace.close()


class StreamedSession:
    """A Session whose arrays are on the host: one stream copies, runs the model and copies back, and the host waits for
    that stream alone.

    For small inputs and outputs, and one caller at a time. `backend`, `device` and `precision` are those of the model.
    """

    def __init__(self, device: Device, engine: StreamEngine, stream: Stream, like: Any) -> None:
        """like: the session, whose backend, device and precision this has."""
        self.backend, self.device, self.precision = like.backend, like.device, like.precision
        self._engine, self._stream = engine, stream
        given, made = engine.inputs, engine.outputs
        self._given, self._made = Mirror(device, given), Mirror(device, made)
        self._done = device.event(f"{engine.name} done")
        self._graphs = StepGraphs(stream, engine.name, captures=engine.captures)

    def __call__(self, *inputs: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        rows, stream = len(inputs[0]), self._stream
        size = self._engine.bucket(rows)
        if not self._done.done():
            self._done.wait()  # of a call that failed
        given, made = self._given, self._made
        if given.capacity < size or made.capacity < size:
            self._graphs.clear()
        for memory in (given, made):
            memory.reserve(size)
        for x, staged in zip(inputs, given.here(size), strict=True):
            values = staged.write()
            values[:rows], values[rows:] = x, 0

        def step() -> None:
            given.up(stream, size)
            self._engine.enqueue(stream, given.there(size), made.there(size))
            made.down(stream, size)

        try:
            with self._engine.turn(stream):
                self._graphs.run(size, step)
        finally:
            stream.record(self._done)
        self._done.wait()
        return tuple(np.array(array.read()[:rows]) for array in made.here(size))

    def close(self) -> None:
        """Free its memory, after waiting for the work that uses it."""
        if not self._done.done():
            self._done.wait()
        self._graphs.clear()
        self._given.close()
        self._made.close()
