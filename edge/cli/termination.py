"""SIGTERM ends a command as Ctrl-C does: what it holds is released and its exit code says how it ended."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

TERMINATING = ("SIGTERM", "SIGHUP")  # SIGHUP: its terminal has gone


@dataclass(slots=True)
class Signals:
    """The signal that ended the command."""

    number: int = signal.SIGINT


@contextmanager
def terminable() -> Iterator[Signals]:
    """Raise KeyboardInterrupt in the main thread for signals that end a process, unless they are ignored (nohup)."""
    signals = Signals()

    def handle(number: int, stack: FrameType | None) -> None:
        signals.number = number
        raise KeyboardInterrupt

    numbers = [getattr(signal, name) for name in TERMINATING if hasattr(signal, name)]
    here = threading.current_thread() is threading.main_thread()
    taken = [number for number in numbers if here and signal.getsignal(number) is signal.SIG_DFL]
    for number in taken:
        signal.signal(number, handle)
    try:
        yield signals
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)
