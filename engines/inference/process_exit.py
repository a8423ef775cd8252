"""Ends native calls before the interpreter exits, and detects a fork.

A daemon thread that returns from C++ while the interpreter is finalized is unwound through frames that may not throw,
which aborts the process. Two things prevent it: objects with threads of their own are closed when the interpreter ends,
and `native_calls` counts the running calls into engines and kernels, waits for them, and stops daemon threads from
starting new ones.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
import weakref
from types import TracebackType
from typing import Protocol

from engines.errors import ModelError

CLOSE_S = 10.0  # limit for the end of an object's threads; a source may be waiting for the network
CALL_S = 60.0  # limit for a running call; engines compile for tens of seconds


class Closable(Protocol):
    """An object with threads of its own."""

    def close(self, timeout_s: float | None = None) -> None:
        """Ends the threads and waits for them, for at most `timeout_s`."""
        ...


class NativeCalls:
    """Counts the calls that are inside engines and kernels; enter it around each. Calls may be nested.

    After end() a daemon thread that starts another call is blocked until the process exits, like a thread that the
    interpreter has stopped. Entering raises ModelError in a child process that was forked after the first call: the
    engines' threads exist in the parent only, and the child would wait for them forever.
    """

    def __init__(self) -> None:
        self._depths = threading.local()
        self._forget(forked=False)

    def _forget(self, *, forked: bool) -> None:
        self._condition = threading.Condition()
        self._running = 0
        self._ending = self._used = False
        self._forked = forked

    def after_fork(self) -> None:
        """Resets the counter in a child process, which has one thread."""
        self._depths = threading.local()
        self._forget(forked=self._used or self._forked)

    def __enter__(self) -> NativeCalls:
        if self._forked:
            raise ModelError(
                "engines: cannot be used in a process that was forked after they ran; start processes with "
                " multiprocessing.get_context('spawn')"
            )
        depth = getattr(self._depths, "value", 0)
        if depth == 0:
            while not self._begun():
                threading.Event().wait()
        self._depths.value = depth + 1
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._depths.value -= 1
        if self._depths.value == 0:
            with self._condition:
                self._running -= 1
                self._condition.notify_all()

    def _begun(self) -> bool:
        with self._condition:
            if self._ending and threading.current_thread().daemon:
                return False
            self._used = True
            self._running += 1
            return True

    def end(self, timeout_s: float) -> bool:
        """Waits for the running calls; False when one is still running after `timeout_s`."""
        with self._condition:
            self._ending = True
            return self._condition.wait_for(lambda: self._running == 0, timeout_s)


native_calls = NativeCalls()
_open: weakref.WeakSet[Closable] = weakref.WeakSet()


def close_at_exit(thing: Closable) -> None:
    """Closes `thing` when the interpreter exits, if it still exists; close() must be idempotent."""
    _open.add(thing)


@atexit.register
def _end() -> None:
    deadline = time.monotonic() + CLOSE_S
    for thing in list(_open):
        thing.close(max(0.0, deadline - time.monotonic()))
    native_calls.end(CALL_S)


def _after_fork() -> None:
    _open.clear()
    native_calls.after_fork()


os.register_at_fork(after_in_child=_after_fork)
