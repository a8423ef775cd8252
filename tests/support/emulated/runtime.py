"""The scheduler of the emulation: work runs late, in a seeded order that only streams and events bind."""

from __future__ import annotations

import random
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from tests.support.emulated.checker import HOST, Clock, HappensBefore

LOST = "CUDA_ERROR_ILLEGAL_ADDRESS: an illegal memory access was encountered"


@dataclass(slots=True)
class Ticket:
    """One record of an event."""

    stream: str
    clock: Clock
    done: bool = False
    at_ms: int = 0


@dataclass(slots=True)
class Task:
    """Work of a stream: it waits for a ticket, runs, and completes a ticket."""

    name: str
    run: Callable[[], None] | None = None
    after: Ticket | None = None
    completes: Ticket | None = None


@dataclass(slots=True)
class Fault:
    """An error of the work `name`, after it was launched `after` times, for the next `times` ones. late: when it runs;
    the device is lost then."""

    name: str
    after: int
    error: BaseException
    late: bool = False
    times: int = 1 << 30
    seen: int = 0


@dataclass
class Runtime:
    """State of an emulated machine.

    Attributes:
        seed: of the order of work.
        eagerness: probability of running a task at each call, 0: nothing runs before the host waits for it.
        without: waits that are left out, by the names of who waits (a stream, or HOST) and of the event.
        edges: all waits that were called.
        counts: of "allocations", "frees", "host waits", "launches", "copies", "bytes", "captures", "graphs" and each
            launch by its name.
        unified: whether devices use the host's memory as their own.
        not_captured: launches that refuse to be captured.
        faults: errors to come.
        limit: bytes of memory of a device.
        meanwhile: what happens, once, while the host waits for the event of a name.
    """

    seed: int = 0
    eagerness: float = 0.2
    without: frozenset[tuple[str, str]] = frozenset()
    edges: set[tuple[str, str]] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)
    limit: int = 1 << 40
    used: dict[str, int] = field(default_factory=dict)
    meanwhile: dict[str, Callable[[], None]] = field(default_factory=dict)
    unified: bool = False
    not_captured: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.checker = HappensBefore()
        self.lock = threading.RLock()
        self.lost: set[str] = set()
        self._random = random.Random(self.seed)
        self._queues: dict[str, deque[Task]] = {}
        self._made = 0
        self.now_ms = 0  # every task takes one

    def restart(self, without: Iterable[tuple[str, str]] = ()) -> None:
        """Finish all work, forget what happened, and leave out other waits from now on."""
        self.drain()
        self.checker.all_done()
        self.checker.hazards.clear()
        self.without = frozenset(without)
        self.edges.clear()
        self.faults.clear()
        self.meanwhile.clear()

    def new_stream(self, name: str) -> str:
        """The identity of a new stream."""
        with self.lock:
            self._made += 1
            key = f"{name} {self._made}"
            self._queues[key] = deque()
            return key

    def put(self, stream: str, task: Task) -> None:
        """Add work to a stream, and perhaps run some of any."""
        self._queues[stream].append(task)
        self._perhaps_run()

    def drive(self, ticket: Ticket) -> None:
        """Run what is before the ticket, and perhaps other work in between."""
        with self.lock:
            queue = self._queues[ticket.stream]
            while not ticket.done:
                self._perhaps_run()
                if queue and queue[0].after is not None:
                    self.drive(queue[0].after)
                if not ticket.done:
                    self._run(queue.popleft())

    def drain(self) -> None:
        """Run everything."""
        with self.lock:
            while self._step():
                pass

    def check(self, device: str) -> None:
        """Raises when the device is lost."""
        if device in self.lost:
            raise RuntimeError(LOST)

    def check_capture(self, name: str) -> None:
        """Raises when a launch cannot be captured."""
        if name in self.not_captured:
            raise RuntimeError(f"{name}: CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED: operation not permitted in a capture")

    def fault(self, name: str) -> Fault | None:
        """The fault of this launch, if there is one."""
        for fault in self.faults:
            if fault.name == name:
                fault.seen += 1
                if fault.after < fault.seen <= fault.after + fault.times:
                    return fault
        return None

    def host_waits(self, event: str, ticket: Ticket | None) -> None:
        """The host waits for an event."""
        with self.lock:
            edge = (HOST, event)
            self.edges.add(edge)
            if (meanwhile := self.meanwhile.pop(event, None)) is not None:
                meanwhile()
            if ticket is None or edge in self.without:
                return
            self.counts["host waits"] += 1
            self.drive(ticket)
            self.checker.ordered(HOST, ticket.clock)

    def _perhaps_run(self) -> None:
        while self._random.random() < self.eagerness and self._step():
            pass

    def _step(self) -> bool:
        ready = [q for q in self._queues.values() if q and (q[0].after is None or q[0].after.done)]
        if ready:
            self._run(self._random.choice(ready).popleft())
        return bool(ready)

    def _run(self, task: Task) -> None:
        if task.run is not None:
            task.run()
            self.now_ms += 1
        if task.completes is not None:
            task.completes.done, task.completes.at_ms = True, self.now_ms
