"""Compiled OpenVINO graphs for one sample and for several, behind one method that takes any number of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from engines.errors import ModelError
from engines.inference.process_exit import native_calls
from engines.inference.processor_load import processors_busy

if TYPE_CHECKING:
    import openvino as ov

T = TypeVar("T")

WARM_CALLS = 3
"""Calls of a new session after which graphs for several samples are compiled; the first is a stage's warm-up, the
second belongs to the first frame."""

Sample: TypeAlias = "list[NDArray[Any]]"
"""The inputs of a sample, or its outputs; each array has a first axis of 1."""


class Graphs(Protocol):
    """The graphs of a model for one shape of its samples."""

    output_shapes: list[tuple[int, ...]]

    def run(self, rows: list[Sample]) -> list[Sample]:
        """The outputs of each sample."""
        ...


class _Later(Generic[T]):
    """What is compiled on a thread of its own after some calls: the first frame does not wait for it.

    A call that needs it does, so that results do not depend on time. The thread then does what can wait longer.
    """

    def __init__(self, make: Callable[[], T], then: Callable[[], None]) -> None:
        self._make, self._then = make, then
        self._made: T | None = None
        self._failed: Exception | None = None
        self._ready = threading.Event()
        self._lock, self._calls = threading.Lock(), 0
        # No daemon: the interpreter joins it, so that the graphs that it held last are released before finalization.
        self._thread = threading.Thread(target=self._compile, name="compile")

    @property
    def made(self) -> T | None:
        """It, once it is compiled."""
        return self._made

    def called(self) -> None:
        """Count a call of the session."""
        self._calls += 1
        if self._calls >= WARM_CALLS:
            self._start()

    def wait(self) -> T:
        """It, compiled now where that was not done before. Raises what the compilation raised."""
        self._start()
        self._ready.wait()
        if self._failed is not None:
            raise self._failed
        assert self._made is not None
        return self._made

    def join(self) -> None:
        """Wait for the end of the thread, which has been started."""
        self._thread.join()

    def _start(self) -> None:
        with self._lock:
            if self._thread.ident is None:
                self._thread.start()

    def _compile(self) -> None:
        with native_calls:
            try:
                self._made = self._make()
            except (RuntimeError, MemoryError, ModelError) as error:
                self._failed = error
            finally:
                self._ready.set()
            with suppress(RuntimeError, MemoryError):  # without a cached graph the next start compiles it again
                self._then()


class Lanes:
    """A static graph for one sample, compiled for one sample on all threads and for several in parallel.

    A single sample runs on the threads of one lane while the processors are busy: threads that share one sample wait
    for each other in loops, which takes processor time from other work. The results are the same in every bit.
    """

    def __init__(
        self,
        alone: ov.CompiledModel,
        compile_several: Callable[[], ov.CompiledModel],
        count: int,
        keep: Callable[[], None],
    ) -> None:
        """
        Args:
            alone: the graph on all threads.
            compile_several: makes the same with a stream for each of several samples.
            count: number of these streams.
            keep: called once the session is warm.
        """
        self._count = count

        def make() -> list[ov.InferRequest]:
            compiled = compile_several() if count > 1 else None
            return [] if compiled is None else [compiled.create_infer_request() for _ in range(count)]

        self.later = _Later(make, keep)
        self.output_shapes = [tuple(output.get_shape()) for output in alone.outputs]
        self._alone = alone.create_infer_request()

    def run(self, rows: list[Sample]) -> list[Sample]:
        results: list[Sample] = []
        most = len(self._requests(len(rows)))
        for first in range(0, len(rows), most):
            some = rows[first : first + most]
            requests = self._requests(len(some))
            for request, row in zip(requests, some, strict=False):
                request.start_async(row, share_inputs=True)
            busy = list(requests[: len(some)])
            try:
                while busy:
                    request = busy.pop(0)
                    request.wait()
                    results.append(_outputs(request))
            finally:
                for request in busy:  # one has failed; the others still read their inputs
                    with suppress(RuntimeError):
                        request.wait()
        self.later.called()
        return results

    def _requests(self, samples: int) -> Sequence[ov.InferRequest]:
        """The requests for a number of samples; those for several run at the same time."""
        if samples > 1 and self._count > 1:
            return self.later.wait()
        several = self.later.made
        if several and processors_busy():
            return several[:1]
        return [self._alone]


class Batches:
    """Static graphs for one sample and for batches, run one after the other; a batch is padded to the next size."""

    def __init__(
        self,
        alone: ov.CompiledModel,
        compile_batch: Callable[[int], ov.CompiledModel],
        sizes: Sequence[int],
        keep: Callable[[], None],
    ) -> None:
        """
        Args:
            alone: the graph for one sample.
            compile_batch: makes the graph for a batch of a size.
            sizes: of the batches, increasing.
            keep: called once the session is warm.
        """
        self._sizes = tuple(sizes)
        self.later = _Later(lambda: {size: compile_batch(size).create_infer_request() for size in sizes}, keep)
        self.output_shapes = [tuple(output.get_shape()) for output in alone.outputs]
        self._alone = alone.create_infer_request()

    def run(self, rows: list[Sample]) -> list[Sample]:
        results: list[Sample] = []
        while len(results) < len(rows):
            results += self._run_some(rows[len(results) :])
        self.later.called()
        return results

    def _run_some(self, rows: list[Sample]) -> list[Sample]:
        """The outputs of the first samples: as many as fit into one batch."""
        if len(rows) == 1:
            return [_infer(self._alone, rows[0])]
        size = next((size for size in self._sizes if size >= len(rows)), self._sizes[-1])
        some = rows[:size]
        padded = [*some, *[some[-1]] * (size - len(some))]
        outputs = _infer(self.later.wait()[size], [np.concatenate(same) for same in zip(*padded, strict=True)])
        return [[output[row : row + 1] for output in outputs] for row in range(len(some))]


def _infer(request: ov.InferRequest, inputs: Sample) -> Sample:
    request.start_async(inputs, share_inputs=True)
    request.wait()
    return _outputs(request)


def _outputs(request: ov.InferRequest) -> Sample:
    found = request.results
    return [np.array(found[index]) for index in range(len(found))]
