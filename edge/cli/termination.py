"""Handle SIGTERM and SIGHUP like Ctrl-C: the command cleans up, and its exit code names the signal."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

TERMINATING = ("SIGTERM", "SIGHUP")  # SIGHUP: the terminal was closed
SIGNAL_EXIT_BASE = 128  # shell convention: exit code of a signal is 128 + its number, 130 for Ctrl-C


@contextmanager
def terminable() -> Iterator[None]:
    """Raise KeyboardInterrupt(NUMBER) in the main thread for terminating signals, except ignored ones (nohup)."""

    def handle(number: int, stack: FrameType | None) -> None:
        raise KeyboardInterrupt(number)

    numbers = [getattr(signal, name) for name in TERMINATING if hasattr(signal, name)]
    in_main_thread = threading.current_thread() is threading.main_thread()
    handled = [number for number in numbers if in_main_thread and signal.getsignal(number) is signal.SIG_DFL]
    for number in handled:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number in handled:
            signal.signal(number, signal.SIG_DFL)


def exit_code(interrupt: KeyboardInterrupt) -> int:
    """The exit code of an interrupted process by shell convention; without a number it was Ctrl-C."""
    number = interrupt.args[0] if interrupt.args else signal.SIGINT
    return SIGNAL_EXIT_BASE + int(number)
