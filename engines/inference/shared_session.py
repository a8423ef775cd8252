"""One session for many streams: what waits while it runs goes together in its next call."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.inference.session import Session

Arrays = tuple[NDArray[Any], ...]

MAX_BATCHED_ROWS = 64


class _Request:
    """Inputs of one caller, and what became of them."""

    __slots__ = ("done", "error", "inputs", "outputs")

    def __init__(self, inputs: Arrays) -> None:
        self.inputs = inputs
        self.outputs: Arrays = ()
        self.error: Exception | None = None
        self.done = False

    def fits(self, other: _Request) -> bool:
        """Whether rows of both can go in one call."""
        return len(self.inputs) == len(other.inputs) and all(
            a.shape[1:] == b.shape[1:] and a.dtype == b.dtype for a, b in zip(self.inputs, other.inputs, strict=True)
        )


class BatchingSession:
    """A Session that any number of threads may call at a time; each gets what it would have got alone.

    There is no thread here: who finds the session idle runs it, for itself and for all who wait. on_call hears of each
    call: how many rows it had, when it began and ended (time.monotonic_ns). A call that fails is repeated for each
    caller alone, so that one's bad input is nobody else's error. `rows` counts the rows of all calls, `rows_together`
    those that shared a call with another caller's.
    """

    def __init__(self, session: Session, on_call: Callable[[int, int, int], None] | None = None) -> None:
        self.backend, self.device, self.precision = session.backend, session.device, session.precision
        self._session = session
        self._on_call = on_call
        self._waiting: deque[_Request] = deque()
        self._condition = threading.Condition()
        self._running = False
        self.rows = self.rows_together = 0

    def __call__(self, *inputs: NDArray[Any]) -> Arrays:
        request = _Request(inputs)
        with self._condition:
            self._waiting.append(request)
            self._condition.wait_for(lambda: request.done or not self._running)
            lead = not request.done
            self._running = self._running or lead
        if lead:
            self._serve_until(request)
        if request.error is not None:
            raise request.error
        return request.outputs

    def _serve_until(self, request: _Request) -> None:
        """Run what waits, oldest first, until this request is done; then another caller goes on."""
        try:
            while not request.done:
                with self._condition:
                    batch = self._take()
                try:
                    self._run(batch)
                except BaseException as interruption:  # Ctrl-C meets the main thread here; the others must not hang
                    for served in batch:
                        served.error = RuntimeError(f"interrupted by {type(interruption).__name__}")
                    raise
                finally:
                    with self._condition:
                        for served in batch:
                            served.done = True
                        self._condition.notify_all()
        finally:
            with self._condition:
                self._running = False
                self._condition.notify_all()

    def _take(self) -> list[_Request]:
        """The oldest request and those that fit with it."""
        batch = [self._waiting.popleft()]
        rows = len(batch[0].inputs[0])
        for other in list(self._waiting):
            if rows + len(other.inputs[0]) <= MAX_BATCHED_ROWS and batch[0].fits(other):
                rows += len(other.inputs[0])
                batch.append(other)
                self._waiting.remove(other)
        return batch

    def _run(self, batch: list[_Request]) -> None:
        if len(batch) > 1:
            try:
                self._run_together(batch)
                return
            except Exception:
                pass  # whose fault it was shows when each runs alone
        for request in batch:
            self._run_alone(request)

    def _run_alone(self, request: _Request) -> None:
        try:
            request.outputs = self._timed(request.inputs)
        except Exception as error:
            request.error = error

    def _run_together(self, batch: list[_Request]) -> None:
        together = (np.concatenate(same) for same in zip(*(request.inputs for request in batch), strict=True))
        outputs = self._timed(tuple(together))
        self.rows_together += sum(len(request.inputs[0]) for request in batch)
        first = 0
        for request in batch:
            end = first + len(request.inputs[0])
            request.outputs = tuple(output[first:end] for output in outputs)
            first = end

    def _timed(self, inputs: Arrays) -> Arrays:
        start_ns = time.monotonic_ns()
        outputs = self._session(*inputs)
        self.rows += len(inputs[0])
        if self._on_call is not None:
            self._on_call(len(inputs[0]), start_ns, time.monotonic_ns())
        return outputs
