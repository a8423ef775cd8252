"""Ctrl-C, SIGTERM and SIGHUP as the wish to finish in order."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interrupt:
    """Whether the user asked to stop. KeyboardInterrupt is raised only where it is welcome: while starting and waiting,
    there also for a wish from before; and anywhere for a second one."""

    def __init__(self) -> None:
        self.asked = False
        self._welcome = False

    @contextmanager
    def welcome(self) -> Iterator[None]:
        self._welcome = True
        try:
            if self.asked:
                raise KeyboardInterrupt
            yield
        finally:
            self._welcome = False

    def handle(self, number: int, stack: FrameType | None) -> None:
        impatient, self.asked = self.asked, True
        if self._welcome or impatient:
            raise KeyboardInterrupt


@contextmanager
def interruptible() -> Iterator[Interrupt]:
    """Take SIGINT, SIGTERM and SIGHUP (the terminal has gone) as the wish to finish in order; a second one breaks off.

    SIGHUP stays ignored where it is, as under nohup. Python delivers signals to its main thread only; elsewhere there
    is nothing to take.
    """
    interrupt = Interrupt()
    here = threading.current_thread() is threading.main_thread()
    taken = [signal.SIGINT, signal.SIGTERM] if here else []
    if here and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        taken.append(signal.SIGHUP)
    before = {number: signal.signal(number, interrupt.handle) for number in taken}
    try:
        yield interrupt
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
