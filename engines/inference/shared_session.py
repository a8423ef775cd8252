"""Dynamic batching: requests of several streams that arrive during a call are batched into the next one."""

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
    """The inputs of one caller, and its outputs or error."""

    __slots__ = ("done", "error", "inputs", "outputs")

    def __init__(self, inputs: Arrays) -> None:
        self.inputs = inputs
        self.outputs: Arrays = ()
        self.error: Exception | None = None
        self.done = False

    def fits(self, other: _Request) -> bool:
        """Whether samples of both can share a batch."""
        return len(self.inputs) == len(other.inputs) and all(
            a.shape[1:] == b.shape[1:] and a.dtype == b.dtype for a, b in zip(self.inputs, other.inputs, strict=True)
        )


class BatchingSession:
    """A Session that several threads may call at the same time; each gets the same result as from a call of its own.

    It has no thread: the caller that finds the session idle runs the queued requests of all callers (leader/follower
    batching). on_call is called after each call with its number of samples, start and end (time.monotonic_ns). A batch
    that fails is repeated for each caller alone, so that an invalid input cannot fail another caller's request. `rows`
    counts the samples of all calls, `batched_rows` those that shared a batch with another caller's.
    """

    def __init__(self, session: Session, on_call: Callable[[int, int, int], None] | None = None) -> None:
        self.backend, self.device, self.precision = session.backend, session.device, session.precision
        self._session = session
        self._on_call = on_call
        self._waiting: deque[_Request] = deque()
        self._condition = threading.Condition()
        self._running = False
        self.rows = self.batched_rows = 0

    @property
    def session(self) -> Session:
        """The session that runs the batches; for callers that order its use themselves."""
        return self._session

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
        """Runs the queue, oldest first, until this request is done; then another caller takes over."""
        try:
            while not request.done:
                with self._condition:
                    batch = self._take()
                try:
                    self._run(batch)
                except (
                    BaseException
                ) as interruption:  # Ctrl-C is raised in the main thread; the other callers must not hang
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
        """The oldest request and those that fit into its batch."""
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
                self._run_batched(batch)
                return
            except Exception:
                pass  # each request then runs alone, which shows the one that failed
        for request in batch:
            self._run_alone(request)

    def _run_alone(self, request: _Request) -> None:
        try:
            request.outputs = self._timed(request.inputs)
        except Exception as error:
            request.error = error

    def _run_batched(self, batch: list[_Request]) -> None:
        batched = (np.concatenate(same) for same in zip(*(request.inputs for request in batch), strict=True))
        outputs = self._timed(tuple(batched))
        self.batched_rows += sum(len(request.inputs[0]) for request in batch)
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
