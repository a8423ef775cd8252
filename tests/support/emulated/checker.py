"""Happens-before: vector clocks of the host and of every stream, and the accesses to every block of memory."""

from __future__ import annotations

from dataclasses import dataclass, field

HOST = "host"
Clock = dict[str, int]


@dataclass(slots=True)
class Block:
    """Accesses to one block of memory that later ones may conflict with."""

    name: str
    accesses: list[Access] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Access:
    """An access to bytes lo to hi - 1 of a block, by an actor at its own time."""

    lo: int
    hi: int
    writes: bool
    actor: str
    time: int
    label: str


class HappensBefore:
    """What is ordered before what, from the calls alone: the order in which the work happens to run does not matter.

    hazards: pairs of accesses, at least one of them a write, that nothing orders.
    """

    def __init__(self) -> None:
        self.hazards: list[str] = []
        self._clocks: dict[str, Clock] = {HOST: {}}

    def enqueue(self, stream: str) -> None:
        """The host gives work to a stream: it comes after all that the host has done and seen."""
        clock = self._clocks.setdefault(stream, {})
        _join(clock, self._clocks[HOST])
        clock[stream] = clock.get(stream, 0) + 1

    def recorded(self, stream: str) -> Clock:
        """The clock of an event that is recorded on the stream now."""
        self.enqueue(stream)
        return dict(self._clocks[stream])

    def ordered(self, actor: str, event: Clock) -> None:
        """What the actor does from now on comes after the event."""
        _join(self._clocks.setdefault(actor, {}), event)

    def all_done(self) -> None:
        """The host has waited for all work of all streams."""
        for clock in list(self._clocks.values()):
            _join(self._clocks[HOST], clock)

    def host(self) -> None:
        """The host acts itself."""
        clock = self._clocks[HOST]
        clock[HOST] = clock.get(HOST, 0) + 1

    def access(self, block: Block, lo: int, hi: int, actor: str, label: str, *, writes: bool) -> None:
        """The actor's latest work reads or writes bytes of a block."""
        clock = self._clocks[actor]
        for other in block.accesses:
            conflicts = (writes or other.writes) and other.lo < hi and lo < other.hi
            if conflicts and clock.get(other.actor, 0) < other.time:
                before = f"{other.label} ({other.actor}) {_verb(other.writes)}"
                self.hazards.append(f"{label} ({actor}) {_verb(writes)} what {before}: {block.name}")
        if writes:
            block.accesses = [a for a in block.accesses if a.lo < lo or a.hi > hi]
        latest = Access(lo, hi, writes, actor, clock.get(actor, 0), label)
        block.accesses = [a for a in block.accesses if (a.lo, a.hi, a.writes, a.actor) != (lo, hi, writes, actor)]
        block.accesses.append(latest)


def _join(clock: Clock, other: Clock) -> None:
    for actor, time in other.items():
        if clock.get(actor, 0) < time:
            clock[actor] = time


def _verb(writes: bool) -> str:
    return "writes" if writes else "reads"
