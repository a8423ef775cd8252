"""SIGTERM ends a command as Ctrl-C does: what it holds is released, and its exit code says which signal it was."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

TERMINATING = ("SIGTERM", "SIGHUP")  # SIGHUP: its terminal has gone
SHELL_SIGNAL = 128  # a shell says this plus the number of the signal that ended a process: 130 for Ctrl-C


@contextmanager
def terminable() -> Iterator[None]:
    """Raise KeyboardInterrupt(NUMBER) in the main thread for signals that end a process, unless they are ignored, as
    under nohup."""

    def handle(number: int, stack: FrameType | None) -> None:
        raise KeyboardInterrupt(number)

    numbers = [getattr(signal, name) for name in TERMINATING if hasattr(signal, name)]
    here = threading.current_thread() is threading.main_thread()
    taken = [number for number in numbers if here and signal.getsignal(number) is signal.SIG_DFL]
    for number in taken:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)


def exit_code(interrupt: KeyboardInterrupt) -> int:
    """What a shell says of a process that was interrupted so; without a number it was Ctrl-C."""
    number = interrupt.args[0] if interrupt.args else signal.SIGINT
    return SHELL_SIGNAL + int(number)
