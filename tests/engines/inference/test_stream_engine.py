"""Models on streams, with the caller's memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from engines.device.base import Spec
from engines.errors import OutOfMemoryError
from engines.inference.stream_engine import EnqueuingSession, StreamedSession, StreamEngine
from tests.support.emulated.device import EmulatedDevice
from tests.support.emulated.runtime import Fault, Runtime

FLOAT = np.dtype(np.float32)


class Doubling:
    """A model with one input (N, 3) and two outputs, (N, 3) and (N,)."""

    backend, device, precision = "emulated", "cuda:0", "fp32"

    def __call__(self, *inputs: Any) -> tuple[Any, ...]:
        return 2 * inputs[0], inputs[0].sum(1)

    def into(self, inputs: Sequence[Any], outputs: Sequence[Any], stream: int) -> None:
        for target, made in zip(outputs, self(*inputs), strict=True):
            target[:] = made


def engine_on(runtime: Runtime) -> tuple[EmulatedDevice, StreamEngine]:
    device = EmulatedDevice(runtime)
    return device, StreamEngine(device, "double", Doubling(), [Spec((3,), FLOAT)])


def rows(count: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(size=(count, 3)).astype(np.float32)


def test_engine_knows_the_rows_of_its_outputs() -> None:
    _, engine = engine_on(Runtime())
    assert isinstance(Doubling(), EnqueuingSession)
    assert engine.outputs == (Spec((3,), FLOAT), Spec((), FLOAT))


@pytest.mark.parametrize("seed", range(3))
def test_streamed_session_equals_its_model_for_any_number_of_rows(seed: int) -> None:
    runtime = Runtime(seed=seed)
    device, engine = engine_on(runtime)
    session = StreamedSession(device, engine, device.stream("s"), Doubling())
    for count in (1, 3, 2, 5, 5):
        before = runtime.counts.copy()
        for made, expected in zip(session(rows(count)), Doubling()(rows(count)), strict=True):
            np.testing.assert_array_equal(made, expected)
    assert runtime.counts["host waits"] - before["host waits"] == 1
    assert runtime.counts["allocations"] == before["allocations"]
    assert not runtime.checker.hazards
    session.close()
    engine.close()
    assert runtime.used["cuda:0"] == 0


@pytest.mark.parametrize("without", [set(), {("one", "double free"), ("two", "double free")}])
def test_engine_runs_of_two_streams_follow_each_other(without: set[tuple[str, str]]) -> None:
    runtime = Runtime(without=frozenset(without))
    device, engine = engine_on(runtime)
    sides = [device.stream(name) for name in ("one", "two")]
    arrays = [[device.array(shape, FLOAT) for shape in ((2, 3), (2, 3), (2,))] for _ in sides]
    for stream, (given, *made) in zip(sides, arrays, strict=True):
        with engine.turn(stream):
            engine.enqueue(stream, [given], made)
    assert bool(runtime.checker.hazards) is bool(without)


def test_session_after_a_failed_call_starts_again() -> None:
    runtime = Runtime(eagerness=0, faults=[Fault("double", 0, OutOfMemoryError("double: no memory"))])
    device, engine = engine_on(runtime)
    session = StreamedSession(device, engine, device.stream("s"), Doubling())
    with pytest.raises(OutOfMemoryError, match="no memory"):
        session(rows(2))
    runtime.faults.clear()
    for made, expected in zip(session(rows(4, 1)), Doubling()(rows(4, 1)), strict=True):
        np.testing.assert_array_equal(made, expected)
    assert not runtime.checker.hazards


class InBatches(Doubling):
    """The same, compiled for some sizes of batches."""

    batches = (1, 4)

    def into(self, inputs: Sequence[Any], outputs: Sequence[Any], stream: int) -> None:
        assert len(inputs[0]) in self.batches
        super().into(inputs, outputs, stream)


def test_streamed_session_gives_an_engine_whole_batches() -> None:
    runtime = Runtime(eagerness=0)
    device = EmulatedDevice(runtime)
    engine = StreamEngine(device, "double", InBatches(), [Spec((3,), FLOAT)])
    session = StreamedSession(device, engine, device.stream("s"), Doubling())
    for count in (1, 3, 2, 4, 3):
        for made, expected in zip(session(rows(count)), Doubling()(rows(count)), strict=True):
            np.testing.assert_array_equal(made, expected)
    assert engine.bucket(5) == 5
    assert runtime.counts["captures"] == 1  # of four rows; one row ran once
    assert runtime.counts["graphs"] == 3
    assert not runtime.checker.hazards
