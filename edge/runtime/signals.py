"""SIGINT, SIGTERM and SIGHUP as a request for an orderly shutdown."""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

REPEAT_S = 0.5  # a SIGTERM that follows another one within this time is the same request


class ShutdownRequest:
    """Whether a shutdown was requested. KeyboardInterrupt is raised inside welcome() blocks (during start and waiting),
    also for an earlier request, and anywhere for a second request. Its argument is the signal's number."""

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
        # timeout(1) and service managers signal the process and its group: one request, delivered twice.
        same = number != signal.SIGINT and number == self._number and now_s - self._asked_s < REPEAT_S
        if same:
            return
        second, self.asked, self._number, self._asked_s = self.asked, True, number, now_s
        if self._welcome or second:
            raise KeyboardInterrupt(number)


@contextmanager
def interruptible() -> Iterator[ShutdownRequest]:
    """Handle SIGINT, SIGTERM and SIGHUP (the terminal has closed) as a shutdown request; a second signal aborts.

    SIGHUP stays ignored if it is ignored, as under nohup. Python delivers signals to its main thread only; on other
    threads this does nothing.
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
