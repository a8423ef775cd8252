"""A discrete-event simulation: processes that use servers, pass items through stores and wait for signals."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

Resume = Callable[[Any], None]
Command = Callable[[Resume], None]
Process = Generator[Command, Any, None]


class Clock:
    """Simulated time in milliseconds, and what happens when."""

    def __init__(self) -> None:
        self.now_ms = 0.0
        self._next: list[tuple[float, int, Callable[[], None]]] = []
        self._made = 0

    def at(self, time_ms: float, call: Callable[[], None]) -> None:
        """Call a function at a time."""
        self._made += 1
        heapq.heappush(self._next, (time_ms, self._made, call))

    def start(self, process: Process) -> None:
        """Start a process: a generator that yields commands and is resumed with their results."""

        def resume(value: Any = None) -> None:
            try:
                command = process.send(value)
            except StopIteration:
                return
            command(resume)

        self.at(self.now_ms, resume)

    def run(self, until_ms: float) -> None:
        """Run until nothing happens any more, or until a time."""
        while self._next and self._next[0][0] <= until_ms:
            self.now_ms, _, call = heapq.heappop(self._next)
            call()

    def sleep(self, ms: float) -> Command:
        """Go on later."""
        return lambda resume: self.at(self.now_ms + ms, lambda: resume(None))


@dataclass(slots=True)
class _Job:
    """Work of a server: what is left of it, in parts after which more urgent work may come first."""

    part_ms: float
    parts: int
    resume: Resume


class Server:
    """Serves as many at a time as it has units, in the order of their requests, urgent ones first.

    Attributes:
        busy_ms: time that all units have worked.
    """

    def __init__(self, clock: Clock, units: int = 1) -> None:
        self.busy_ms = 0.0
        self._clock, self._free = clock, units
        self._urgent: deque[_Job] = deque()
        self._waiting: deque[_Job] = deque()

    def use(self, ms: float, *, urgent: bool = False, parts: int = 1) -> Command:
        """Use one unit for a time. parts: equal parts, between which urgent requests come first."""

        def command(resume: Resume) -> None:
            queue = self._urgent if urgent else self._waiting
            queue.append(_Job(ms / parts, parts, resume))
            self._serve()

        return command

    def _serve(self) -> None:
        while self._free and (self._urgent or self._waiting):
            queue = self._urgent or self._waiting
            job = queue.popleft()
            self._free -= 1
            self.busy_ms += job.part_ms

            def done(job: _Job = job, queue: deque[_Job] = queue) -> None:
                self._free += 1
                job.parts -= 1
                if job.parts:
                    queue.appendleft(job)
                self._serve()
                if not job.parts:
                    job.resume(None)

            self._clock.at(self._clock.now_ms + job.part_ms, done)


class Store:
    """A bounded queue: put() waits for room or, with `newest`, drops the oldest item; get() waits for an item.

    Attributes:
        dropped: items that were replaced.
        waited_ms: sum of the times that items waited.
        taken: items that were taken.
    """

    def __init__(self, clock: Clock, capacity: int, *, newest: bool = False) -> None:
        self.dropped = self.taken = 0
        self.waited_ms = 0.0
        self.lost: list[Any] = []
        self._clock, self._capacity, self._newest = clock, capacity, newest
        self._items: deque[tuple[float, Any]] = deque()
        self._getting: deque[Resume] = deque()
        self._spacing: deque[Resume] = deque()
        self._putting: deque[tuple[Any, Resume]] = deque()

    @property
    def first(self) -> Any:
        """The oldest item, None without any."""
        return self._items[0][1] if self._items else None

    def put(self, item: Any) -> Command:
        """Put an item."""

        def command(resume: Resume) -> None:
            if self._newest and len(self._items) >= self._capacity and not self._getting:
                self.lost.append(self._items.popleft()[1])
                self.dropped += 1
            self._putting.append((item, resume))
            self._pass_on()

        return command

    def space(self) -> Command:
        """Wait until put() would neither drop nor wait; takes no place."""

        def command(resume: Resume) -> None:
            self._spacing.append(resume)
            self._pass_on()

        return command

    def get(self) -> Command:
        """Take the oldest item."""

        def command(resume: Resume) -> None:
            self._getting.append(resume)
            self._pass_on()

        return command

    def _pass_on(self) -> None:
        while True:
            if self._putting and len(self._items) < self._capacity:
                item, resume = self._putting.popleft()
                self._items.append((self._clock.now_ms, item))
                self._clock.at(self._clock.now_ms, lambda resume=resume: resume(None))  # type: ignore[misc]
            elif self._items and self._getting:
                since_ms, item = self._items.popleft()
                self.waited_ms += self._clock.now_ms - since_ms
                self.taken += 1
                taker = self._getting.popleft()
                self._clock.at(self._clock.now_ms, lambda taker=taker, item=item: taker(item))  # type: ignore[misc]
            else:
                break
        while self._spacing and len(self._items) < self._capacity:
            waiter = self._spacing.popleft()
            self._clock.at(self._clock.now_ms, lambda waiter=waiter: waiter(None))  # type: ignore[misc]


class Signal:
    """A point that processes wait for, like an event of a stream."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._set = clock, False
        self._waiting: list[Resume] = []

    def set(self) -> None:
        """Let the waiting processes go on."""
        self._set = True
        for resume in self._waiting:
            self._clock.at(self._clock.now_ms, lambda resume=resume: resume(None))  # type: ignore[misc]
        self._waiting.clear()

    def wait(self) -> Command:
        """Wait until it is set."""

        def command(resume: Resume) -> None:
            if self._set:
                self._clock.at(self._clock.now_ms, lambda: resume(None))
            else:
                self._waiting.append(resume)

        return command
