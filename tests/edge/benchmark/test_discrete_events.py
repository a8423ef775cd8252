"""Processes, servers, stores and signals in simulated time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from edge.benchmark.discrete_events import Clock, Process, Server, Signal, Store


def finish_times(units: int, ms: list[float]) -> list[float]:
    clock, times = Clock(), []
    server = Server(clock, units)

    def work(duration: float) -> Process:
        yield server.use(duration)
        times.append(clock.now_ms)

    for duration in ms:
        clock.start(work(duration))
    clock.run(1e6)
    assert server.busy_ms == sum(ms)
    return times


@pytest.mark.parametrize(
    ("units", "ms", "expected"),
    [(1, [3, 2, 1], [3, 5, 6]), (2, [3, 2, 1], [2, 3, 3]), (3, [3, 2, 1], [1, 2, 3]), (1, [0, 0], [0, 0])],
)
def test_server_serves_in_order(units: int, ms: list[float], expected: list[float]) -> None:
    assert finish_times(units, ms) == expected


def through(newest: bool, capacity: int) -> tuple[list[tuple[float, Any]], Store, list[float]]:
    """Five items, one each 1 ms, to a taker that needs 3 ms for each."""
    clock, taken, put = Clock(), [], []
    store = Store(clock, capacity, newest=newest)

    def putting() -> Process:
        for item in range(5):
            yield clock.sleep(1)
            yield store.put(item)
            put.append(clock.now_ms)

    def taking() -> Process:
        while True:
            item = yield store.get()
            taken.append((clock.now_ms, item))
            yield clock.sleep(3)

    clock.start(putting())
    clock.start(taking())
    clock.run(1e6)
    return taken, store, put


def test_store_that_is_full_makes_the_putter_wait() -> None:
    taken, store, put = through(newest=False, capacity=1)
    assert taken == [(1, 0), (4, 1), (7, 2), (10, 3), (13, 4)]
    assert put == [1, 2, 4, 7, 10]
    assert (store.dropped, store.taken, store.waited_ms) == (0, 5, 2 + 3 + 3 + 3)


def test_store_of_the_newest_drops_the_oldest() -> None:
    taken, store, put = through(newest=True, capacity=1)
    assert put == [1, 2, 3, 4, 5]
    assert [item for _, item in taken] == [0, 2, 4]
    assert (store.dropped, store.lost) == (2, [1, 3])


def test_store_shows_its_first_item() -> None:
    clock = Clock()
    store = Store(clock, 2)
    assert store.first is None
    clock.start(one_by_one(lambda: store.put(7), lambda: store.put(8)))
    clock.run(1)
    assert store.first == 7


def one_by_one(*commands: Callable[[], Any]) -> Process:
    for command in commands:
        yield command()


def test_signal_lets_processes_go_on_before_and_after_it_is_set() -> None:
    clock, times = Clock(), []
    signal = Signal(clock)

    def waiting(begin_ms: float) -> Process:
        yield clock.sleep(begin_ms)
        yield signal.wait()
        times.append(clock.now_ms)

    def setting() -> Process:
        yield clock.sleep(5)
        signal.set()

    for process in (waiting(1), setting(), waiting(9)):
        clock.start(process)
    clock.run(1e6)
    assert times == [5, 9]


def test_store_space_is_waited_for_until_an_item_is_taken() -> None:
    clock, seen = Clock(), []
    store = Store(clock, 1, newest=True)

    def putting() -> Process:
        for item in range(3):
            yield store.space()
            seen.append((clock.now_ms, item))
            yield store.put(item)

    def taking() -> Process:
        while True:
            yield clock.sleep(4)
            yield store.get()

    clock.start(putting())
    clock.start(taking())
    clock.run(20)
    assert seen == [(0, 0), (4, 1), (8, 2)]
    assert store.dropped == 0
