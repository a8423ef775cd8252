"""Bounded queues: order, blocking, dropped items and shutdown."""

from __future__ import annotations

import threading

import pytest

from edge.bounded_queue import BoundedQueue

SOON_S = 10.0


def test_bounded_queue_keeps_order_and_blocks_producer() -> None:
    box: BoundedQueue[int] = BoundedQueue(2)

    def produce() -> None:
        for item in range(100):
            assert box.put(item)
        box.finish()

    producer = threading.Thread(target=produce)
    producer.start()
    assert list(box) == list(range(100))
    producer.join(SOON_S)
    assert (box.dropped, box.unused) == (0, 0)


def test_bounded_queue_put_blocks_while_full() -> None:
    box: BoundedQueue[int] = BoundedQueue(1)
    assert box.put(1)
    through = threading.Event()

    def produce() -> None:
        box.put(2)
        through.set()

    producer = threading.Thread(target=produce)
    producer.start()
    items = iter(box)
    assert not through.is_set()
    assert next(items) == 1
    assert through.wait(SOON_S)
    producer.join()
    assert next(items) == 2


def test_bounded_queue_newest_drops_oldest() -> None:
    lost: list[int] = []
    waits: list[tuple[int, float]] = []
    box: BoundedQueue[int] = BoundedQueue(
        2, newest=True, on_lost=lost.append, on_wait=lambda item, ms: waits.append((item, ms))
    )
    for item in range(5):
        assert box.put(item)
    box.finish()
    assert list(box) == [3, 4]
    assert lost == [0, 1, 2]
    assert (box.dropped, box.unused) == (3, 0)
    assert [item for item, _ in waits] == [3, 4]
    assert all(ms >= 0 for _, ms in waits)


def test_bounded_queue_error_follows_earlier_items() -> None:
    box: BoundedQueue[int] = BoundedQueue(3)
    box.put(1)
    box.finish(ValueError("the end"))
    box.finish(KeyError("too late to count"))
    items = iter(box)
    assert next(items) == 1
    with pytest.raises(ValueError, match="the end"):
        next(items)


def test_bounded_queue_put_after_end_is_rejected_and_counted() -> None:
    lost: list[int] = []
    box: BoundedQueue[int] = BoundedQueue(3, on_lost=lost.append)
    box.put(1)
    box.finish()
    assert not box.put(2)
    assert list(box) == [1]
    assert (box.unused, lost) == (1, [2])


def test_bounded_queue_close_wakes_both_sides_and_discards_items() -> None:
    box: BoundedQueue[int] = BoundedQueue(1)
    box.put(1)
    answers: list[bool] = []
    producer = threading.Thread(target=lambda: answers.append(box.put(2)))
    producer.start()
    box.close()
    producer.join(SOON_S)
    assert answers == [False]
    assert list(box) == []
    assert (box.dropped, box.unused) == (0, 2)


def test_bounded_queue_pause_ends_with_queue() -> None:
    box: BoundedQueue[int] = BoundedQueue(1)
    pausing = threading.Thread(target=lambda: box.pause(1000))
    pausing.start()
    box.finish()
    pausing.join(SOON_S)
    assert not pausing.is_alive()
