"""How far the building of a plan is, for whoever wants to show it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Listener = Callable[[str, float], None]
"""Is told the model's name and the fraction that is built, 0 to 1; from any thread that builds."""

_listeners: list[Listener] = []


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Tell the listener of everything that is built meanwhile."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


class BuildProgress:
    """A build as phases in phases, of so many steps each, each step of which may be a phase itself."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._open: dict[str, tuple[int, int]] = {}  # steps done and in all, the outermost phase first
        self._fraction = 0.0

    def start(self, phase: str, steps: int) -> None:
        """A phase begins, within those that are open."""
        self._open[phase] = (0, max(steps, 1))
        self._tell()

    def step(self, phase: str, index: int) -> None:
        """A phase has done its step of this index."""
        if phase in self._open:
            self._open[phase] = (index + 1, self._open[phase][1])
            self._tell()

    def finish(self, phase: str) -> None:
        """A phase ends."""
        self._open.pop(phase, None)
        if not self._open:
            self._fraction = 1.0
        self._tell()

    def _tell(self) -> None:
        share, fraction = 1.0, 0.0
        for done, steps in self._open.values():
            fraction += share * min(done / steps, 1.0)
            share /= steps
        self._fraction = max(self._fraction, min(fraction, 1.0))  # phases may end before their last step
        for listener in _listeners.copy():
            listener(self._name, self._fraction)
