"""Processes of a fleet, with a pipe to the process that started them; they end when it dies."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

END_S = 8.0  # after which a process that was asked to end is killed


class Child:
    """A process that calls `function` of `module` with its end of the pipe."""

    def __init__(self, module: str, function: str = "main") -> None:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            descriptor = theirs.fileno()
            program = f"from {module} import {function}; {function}({descriptor})"
            self._process = subprocess.Popen(
                [sys.executable, "-c", program],
                pass_fds=[descriptor],
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # signals of the terminal go to the fleet, which ends its processes
            )
            self._connection = Connection(ours.detach())

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def send(self, message: Any) -> None:
        """Send a message; a process that has died takes none."""
        with contextlib.suppress(OSError):
            self._connection.send(message)

    def receive(self) -> list[Any]:
        """The messages that have arrived; EOFError after the last one of a process that has ended."""
        messages: list[Any] = []
        try:
            while self._connection.poll():
                messages.append(self._connection.recv())
        except (EOFError, OSError):
            if not messages:
                raise EOFError from None
        return messages

    def reason(self) -> str:
        """How a process that has closed its pipe has ended."""
        try:
            code = self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            return "has closed its pipe"
        if code < 0:
            return f"was ended by {signal.Signals(-code).name}"
        return f"ended with exit code {code}"

    def terminate(self) -> None:
        """Ask the process to end."""
        with contextlib.suppress(OSError):
            self._process.terminate()

    def close(self, wait_s: float = END_S) -> None:
        """End the process, by force if it does not within `wait_s`. Idempotent."""
        self.terminate()
        try:
            self._process.wait(wait_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._connection.close()


class ParentPipe:
    """The end of a child. Reads on a thread of its own, so that the child ends when its parent has died."""

    def __init__(self, descriptor: int, on_message: Callable[[Any], None]) -> None:
        self._connection = Connection(descriptor)
        self._on_message = on_message
        self._lock = threading.Lock()

    def receive(self) -> Any:
        """Wait for a message; the process ends if there is none any more."""
        try:
            return self._connection.recv()
        except (EOFError, OSError):
            os._exit(1)

    def start(self) -> None:
        """Call `on_message` with later messages."""
        threading.Thread(target=self._work, name="meshcast-parent", daemon=True).start()

    def send(self, message: Any) -> None:
        """Send a message. Any thread may."""
        with self._lock, contextlib.suppress(OSError):
            self._connection.send(message)

    def _work(self) -> None:
        while True:
            self._on_message(self.receive())
