"""Dynamic batching of several threads: own outputs and own errors."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from engines.errors import ModelError
from engines.inference.shared_session import MAX_BATCHED_ROWS, BatchingSession

SOON_S = 10.0


class Doubling:
    """Gives x and 2 x; holds its first call until `go` is set; a negative number is an error."""

    backend, device, precision = "fake", "cpu", "fp32"

    def __init__(self) -> None:
        self.calls: list[tuple[int, ...]] = []
        self.busy, self.go = threading.Event(), threading.Event()
        self._inside = threading.Lock()

    def __call__(self, *inputs: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        assert self._inside.acquire(blocking=False), "called by two threads at a time"
        try:
            (x,) = inputs
            self.calls.append(x.shape)
            self.busy.set()
            assert self.go.wait(SOON_S)
            if (x < 0).any():
                raise ModelError("a negative number")
            return x, 2 * x
        finally:
            self._inside.release()


def ask(session: BatchingSession, inputs: list[NDArray[Any]], fake: Doubling, waiting: int) -> list[Any]:
    """Call with each input from a thread of its own, all but the first while the first is being served."""
    answers: list[Any] = [None] * len(inputs)

    def call(index: int) -> None:
        try:
            answers[index] = session(inputs[index])
        except ModelError as error:
            answers[index] = error

    threads = [threading.Thread(target=call, args=(index,)) for index in range(len(inputs))]
    threads[0].start()
    assert fake.busy.wait(SOON_S)
    for thread in threads[1:]:
        thread.start()
    with session._condition:
        assert session._condition.wait_for(lambda: True)
    while len(session._waiting) < waiting:
        pass
    fake.go.set()
    for thread in threads:
        thread.join(SOON_S)
    return answers


def test_batching_session_single_caller_equals_the_session() -> None:
    fake, heard = Doubling(), []
    fake.go.set()
    session = BatchingSession(fake, lambda rows, start_ns, end_ns: heard.append((rows, end_ns >= start_ns)))
    same, double = session(np.arange(6.0).reshape(2, 3))
    np.testing.assert_array_equal(double, 2 * same)
    assert (session.backend, session.device, session.precision) == ("fake", "cpu", "fp32")
    assert heard == [(2, True)]


def test_batching_session_waiting_requests_share_a_batch() -> None:
    fake = Doubling()
    session = BatchingSession(fake)
    inputs = [np.full((rows, 3), float(rows)) for rows in (1, 2, 3, 4)]
    answers = ask(session, inputs, fake, waiting=3)
    for given, (same, double) in zip(inputs, answers, strict=True):
        np.testing.assert_array_equal(same, given)
        np.testing.assert_array_equal(double, 2 * given)
    assert fake.calls == [(1, 3), (9, 3)]
    assert (session.rows, session.batched_rows) == (10, 9)


def test_batching_session_other_shapes_and_large_batches_are_split() -> None:
    fake = Doubling()
    inputs = [np.zeros((1, 3)), np.zeros((MAX_BATCHED_ROWS, 3)), np.zeros((1, 5)), np.zeros((1, 3))]
    answers = ask(BatchingSession(fake), inputs, fake, waiting=3)
    assert [same.shape for same, _ in answers] == [x.shape for x in inputs]
    assert sorted(fake.calls[1:]) == [(1, 3), (1, 5), (MAX_BATCHED_ROWS, 3)]


def test_batching_session_error_reaches_only_its_caller() -> None:
    fake = Doubling()
    inputs = [np.ones((1, 3)), np.ones((2, 3)), -np.ones((1, 3)), np.ones((1, 3))]
    answers = ask(BatchingSession(fake), inputs, fake, waiting=3)
    assert isinstance(answers[2], ModelError)
    for index in (0, 1, 3):
        np.testing.assert_array_equal(answers[index][1], 2 * inputs[index])


def test_batching_session_continues_after_an_error() -> None:
    fake = Doubling()
    fake.go.set()
    session = BatchingSession(fake)
    with pytest.raises(ModelError):
        session(-np.ones((1, 1)))
    assert session(np.ones((1, 1)))[1] == 2


def test_batching_session_many_threads_get_their_own_outputs() -> None:
    fake = Doubling()
    fake.go.set()
    session = BatchingSession(fake)
    wrong: list[int] = []

    def work(seed: int) -> None:
        random = np.random.default_rng(seed)
        for _ in range(200):
            x = random.integers(0, 100, (random.integers(1, 5), 2)).astype(np.float32)
            if not np.array_equal(session(x)[1], 2 * x):
                wrong.append(seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SOON_S)
    assert not wrong
    assert sum(shape[0] for shape in fake.calls) > len(fake.calls)
