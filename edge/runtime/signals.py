"""Ctrl-C, SIGTERM and SIGHUP as the wish to finish in order."""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SAME_S = 0.5  # a SIGTERM that follows another one so soon is the same


class ShutdownRequest:
    """Whether the user asked to stop. KeyboardInterrupt is raised only where it is welcome: while starting and waiting,
    there also for a wish from before; and anywhere for a second one. Its argument is the signal's number."""

    def __init__(self) -> None:
        self.asked = False
        self._number: int = signal.SIGINT
        self._asked_s = -math.inf
        self._welcome = False

    @contextmanager
    def welcome(self) -> Iterator[None]:
        self._welcome = True
        try:
            if self.asked:
                raise KeyboardInterrupt(self._number)
            yield
        finally:
            self._welcome = False

    def handle(self, number: int, stack: FrameType | None) -> None:
        now_s = time.monotonic()
        # timeout(1) and service managers tell the process and its group: that is one wish, told twice.
        same = number != signal.SIGINT and number == self._number and now_s - self._asked_s < SAME_S
        if same:
            return
        impatient, self.asked, self._number, self._asked_s = self.asked, True, number, now_s
        if self._welcome or impatient:
            raise KeyboardInterrupt(number)


@contextmanager
def interruptible() -> Iterator[ShutdownRequest]:
    """Take SIGINT, SIGTERM and SIGHUP (the terminal has gone) as the wish to finish in order; a second one breaks off.

    SIGHUP stays ignored where it is, as under nohup. Python delivers signals to its main thread only; elsewhere there
    is nothing to take.
    """
    interrupt = ShutdownRequest()
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
