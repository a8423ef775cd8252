"""A bounded queue between two threads, with a policy for a full queue and an end of the stream."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from edge.errors import SourceError

T = TypeVar("T")


class BoundedQueue(Generic[T]):
    """One thread puts, another iterates; a third may stop both.

    capacity: number of items that wait. newest: put() on a full queue drops the oldest item, which `dropped` counts;
    else put() blocks. on_lost: called with each item that is not delivered. on_wait: called with each delivered item
    and the milliseconds that it waited.

    finish() ends the putting side: items before it are delivered, then the iteration ends and raises the error, if any.
    close() ends both sides and discards waiting items. `unused` counts those, and items put after the end.
    """

    def __init__(
        self,
        capacity: int,
        *,
        newest: bool = False,
        on_lost: Callable[[T], None] | None = None,
        on_wait: Callable[[T, float], None] | None = None,
    ) -> None:
        self.dropped = self.unused = 0
        self._capacity = capacity
        self._newest = newest
        self._on_lost = on_lost
        self._on_wait = on_wait
        self._waiting: deque[tuple[int, T]] = deque()
        self._condition = threading.Condition()
        self._error: BaseException | None = None
        self._finished = False
        self._closed = False
        self._process = os.getpid()

    def put(self, item: T) -> bool:
        """Put an item; False when it will not be delivered because the queue is finished or closed."""
        with self._condition:
            if not self._newest:
                self._condition.wait_for(lambda: len(self._waiting) < self._capacity or self._ended)
            if self._ended:
                self.unused += 1
                self._lose(item)
                return False
            while len(self._waiting) >= self._capacity:
                self.dropped += 1
                self._lose(self._waiting.popleft()[1])
            self._waiting.append((time.monotonic_ns(), item))
            self._condition.notify_all()
            return True

    def finish(self, error: BaseException | None = None) -> None:
        """No more items follow. Only the first call has an effect."""
        with self._condition:
            if not self._finished:
                self._finished, self._error = True, error
            self._condition.notify_all()

    def close(self) -> None:
        """Stop both sides at once."""
        with self._condition:
            self._closed = True
            self.unused += len(self._waiting)
            while self._waiting:
                self._lose(self._waiting.popleft()[1])
            self._condition.notify_all()

    def wait_for_space(self) -> None:
        """Block the putting thread until put() would neither drop nor wait, or the queue ends."""
        with self._condition:
            self._condition.wait_for(lambda: len(self._waiting) < self._capacity or self._ended)

    def pause(self, seconds: float) -> None:
        """Block the putting thread for `seconds`, less when the queue ends."""
        with self._condition:
            self._condition.wait_for(lambda: self._ended, max(0.0, seconds))

    @property
    def length(self) -> int:
        """Items that wait now."""
        return len(self._waiting)

    @property
    def _ended(self) -> bool:
        return self._finished or self._closed

    def __iter__(self) -> Iterator[T]:
        while True:
            if os.getpid() != self._process:
                raise SourceError("a stream cannot be read after a fork; open it in the process that reads it")
            with self._condition:
                self._condition.wait_for(lambda: self._waiting or self._finished or self._closed)
                if not self._waiting:
                    break
                since_ns, item = self._waiting.popleft()
                self._condition.notify_all()
            if self._on_wait is not None:
                self._on_wait(item, (time.monotonic_ns() - since_ns) * 1e-6)
            yield item
        if self._error is not None and not self._closed:
            error, self._error = self._error, None
            raise error

    def _lose(self, item: T) -> None:
        if self._on_lost is not None:
            self._on_lost(item)
