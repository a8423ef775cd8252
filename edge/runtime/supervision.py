"""State of this process for a service manager, by the protocol of sd_notify(3), if NOTIFY_SOCKET is set."""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Mapping
from types import TracebackType

from edge.runtime.health import STALL_S, Health
from edge.text import one_line

STATUS_S = 2.0  # interval between two updates of the status

log = logging.getLogger("meshcast.supervision")


class Notifier:
    """Sends datagrams to the service manager; does nothing without one."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._address = _address(environment.get("NOTIFY_SOCKET", ""))
        self._socket: socket.socket | None = None
        if self._address:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
            self._socket.setblocking(False)

    @property
    def listening(self) -> bool:
        """Whether there is a service manager."""
        return self._socket is not None

    def send(self, *lines: str) -> None:
        """Send VARIABLE=VALUE lines, without blocking."""
        if self._socket is None:
            return
        try:
            self._socket.sendto("\n".join(one_line(line) for line in lines).encode(), self._address)
        except OSError as error:
            log.debug("cannot notify the service manager: %s", error)

    def close(self) -> None:
        """May be called twice."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class Supervision:
    """Reports a Health to the service manager, on its own thread; a context manager.

    READY=1 is sent by ready(), STOPPING=1 by stopping() or at the end; in between STATUS= when it changes and, if
    the manager's watchdog is on, WATCHDOG=1 twice per timeout as long as nothing is stalled.
    """

    def __init__(self, health: Health, environment: Mapping[str, str] = os.environ) -> None:
        self._health = health
        self._notifier = Notifier(environment)
        self._watchdog_s = watchdog_s(environment) if self._notifier.listening else None
        self._status = ""
        self._stopping = False
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._work, name="meshcast-supervision", daemon=True)

    def ready(self) -> None:
        """Start-up is complete. May be called repeatedly."""
        if self._notifier.listening and self._thread.ident is None:
            self._notifier.send("READY=1", f"STATUS={self._health.status()}")
            self._thread.start()

    def stopping(self) -> None:
        """Shutdown has started. May be called repeatedly."""
        if not self._stopping:
            self._stopping = True
            self._notifier.send("STOPPING=1", "STATUS=finishing")

    def close(self) -> None:
        """End the thread. May be called twice."""
        self.stopping()
        self._end.set()
        if self._thread.ident is not None:
            self._thread.join()
        self._notifier.close()

    def __enter__(self) -> Supervision:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _work(self) -> None:
        period_s = STATUS_S if self._watchdog_s is None else min(STATUS_S, self._watchdog_s / 2)
        stalled: list[str] = []
        while True:
            before, stalled = stalled, self._health.stalled(self._watchdog_s or STALL_S)
            if stalled and stalled != before:
                log.error("no progress in %s", ", ".join(stalled))
            if self._watchdog_s is not None and not stalled:
                self._notifier.send("WATCHDOG=1")
            status = f"stalled: {', '.join(stalled)}" if stalled else self._health.status()
            if status != self._status and not self._stopping:
                self._status = status
                self._notifier.send(f"STATUS={status}")
            if self._end.wait(period_s):
                return


def watchdog_s(environment: Mapping[str, str]) -> float | None:
    """Timeout of the manager's watchdog for this process in seconds; None without one."""
    microseconds, process = environment.get("WATCHDOG_USEC", ""), environment.get("WATCHDOG_PID", "")
    if not microseconds.isdigit() or int(microseconds) == 0 or process not in ("", str(os.getpid())):
        return None
    return int(microseconds) / 1e6


def _address(text: str) -> str:
    """A path, or a name in the abstract namespace (@NAME), as sendto() expects it; empty for anything else."""
    if text.startswith("@"):
        return "\0" + text[1:]
    return text if text.startswith("/") else ""
