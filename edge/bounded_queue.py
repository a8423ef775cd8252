"""A small bounded queue between two threads that knows what to do when it is full, and how a stream ends."""

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
    """One thread puts, another iterates; both may be told to stop by a third.

    capacity: how many items wait. newest: when it is full the oldest item makes room, and `dropped` counts it; else
    put() waits. on_lost: called with each item that does not come out. on_wait: called with each item that does and the
    milliseconds that it waited.

    finish() is the end of what is put: the items before it still come out, then the iteration ends, raising the error
    where there is one. close() is the end for both sides: what waits is thrown away. `unused` counts what was thrown
    away then, and what was put too late.
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
        """Hand over an item; False when nobody will take it, because the mailbox is finished or closed."""
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
        """No more items come. Only the first call counts."""
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

    def pause(self, seconds: float) -> None:
        """Let the putting thread wait, less when the end comes."""
        with self._condition:
            self._condition.wait_for(lambda: self._ended, max(0.0, seconds))

    @property
    def _ended(self) -> bool:
        return self._finished or self._closed

    def __iter__(self) -> Iterator[T]:
        while True:
            if os.getpid() != self._process:
                raise SourceError("a stream ends where its process is forked: open it in the process that reads it")
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
