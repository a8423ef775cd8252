"""Batches on engines with few batch sizes, and smaller ones when memory runs out."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from numpy.typing import NDArray

from engines.errors import ModelError, OutOfMemoryError
from engines.inference.batching import BUCKETS, BatchRunner, batch_sizes

Rows = NDArray[np.float32]


class Engine:
    """Adds one to its rows; batches of more than `most` need more memory than it has."""

    def __init__(self, most: int = 10**6) -> None:
        self.most = most
        self.calls: list[tuple[int, int]] = []

    def __call__(self, inputs: tuple[Rows, ...], size: int) -> list[Rows]:
        self.calls.append((size, len(inputs[0])))
        if size > self.most:
            raise OutOfMemoryError("full")
        return [inputs[0] + 1, inputs[1].sum(1)]


def run(batches: BatchRunner, engine: Engine, count: int) -> None:
    x, y = np.arange(count * 2, dtype=np.float32).reshape(2, count, 1)
    more, sums = batches.run(engine, (x, y))
    np.testing.assert_array_equal(more, x + 1)
    np.testing.assert_array_equal(sums, y[:, 0])


@pytest.mark.parametrize(
    ("count", "calls"),
    [
        (0, [(1, 0)]),
        (1, [(1, 1)]),
        (3, [(4, 3)]),
        (5, [(8, 5)]),
        (64, [(64, 64)]),
        (70, [(64, 64), (8, 6)]),
        (130, [(64, 64), (64, 64), (2, 2)]),
    ],
)
def test_batch_runner_pads_to_the_next_size(count: int, calls: list[tuple[int, int]]) -> None:
    engine = Engine()
    run(BatchRunner("m", BUCKETS, padded=True), engine, count)
    assert engine.calls == calls


@pytest.mark.parametrize(
    ("sizes", "count", "calls"),
    [
        ((1, 4), 7, [(4, 4), (1, 1), (1, 1), (1, 1)]),
        ((1,), 2, [(1, 1), (1, 1)]),
        (None, 7, [(7, 7)]),
        (None, 0, [(1, 0)]),
    ],
)
def test_batch_runner_unpadded_uses_exact_sizes(
    sizes: tuple[int, ...] | None, count: int, calls: list[tuple[int, int]]
) -> None:
    engine = Engine()
    run(BatchRunner("m", sizes), engine, count)
    assert engine.calls == calls


@pytest.mark.parametrize(
    ("sizes", "padded", "most", "first", "second"),
    [
        (BUCKETS, True, 2, [(8, 5), (4, 4), (2, 2), (2, 2), (1, 1)], [(2, 2), (2, 2), (1, 1)]),
        ((1, 4), False, 1, [(4, 4), *[(1, 1)] * 5], [(1, 1)] * 5),
        (None, False, 3, [(5, 5), (2, 2), (2, 2), (1, 1)], [(2, 2), (2, 2), (1, 1)]),
    ],
)
def test_batch_runner_out_of_memory_halves_the_batch(
    sizes: tuple[int, ...] | None,
    padded: bool,
    most: int,
    first: list[tuple[int, int]],
    second: list[tuple[int, int]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    engine, batches = Engine(most), BatchRunner("net", sizes, padded=padded)
    with caplog.at_level(logging.WARNING, "meshcast.engines"):
        run(batches, engine, 5)
    assert engine.calls == first
    assert caplog.messages[0].startswith(f"net: not enough memory for a batch of {first[0][0]}; continuing with")
    engine.calls.clear()
    caplog.clear()
    run(batches, engine, 5)
    assert engine.calls == second
    assert not caplog.messages


def test_batch_runner_single_sample_out_of_memory_raises() -> None:
    engine = Engine(0)
    with pytest.raises(OutOfMemoryError, match="full"):
        run(BatchRunner("m", BUCKETS, padded=True), engine, 8)
    assert [size for size, _ in engine.calls] == [8, 4, 2, 1]


def test_batch_runner_other_errors_are_not_retried() -> None:
    def broken(_inputs: tuple[Rows, ...], _size: int) -> list[Rows]:
        raise ModelError("broken")

    with pytest.raises(ModelError, match="broken"):
        BatchRunner("m", None).run(broken, (np.zeros((4, 1), np.float32),))


def test_batch_sizes_fixed_batch_must_be_one() -> None:
    assert batch_sizes([None, "N"], BUCKETS, "m") == BUCKETS
    assert batch_sizes([None], None, "m") is None
    assert batch_sizes([1, None], BUCKETS, "m") == (1,)
    with pytest.raises(ModelError, match=r"^m: its batch is fixed at 3; export it with a free batch axis, or with 1$"):
        batch_sizes([3], BUCKETS, "m")
