"""Notifications to a service manager."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.runtime.health import Heartbeat
from edge.runtime.supervision import Supervision, watchdog_s

PATIENCE_S = 20.0  # a limit for failures only


class Manager:
    """A service manager that listens at a path or an abstract name."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind("\0" + name[1:] if name.startswith("@") else name)
        self._socket.settimeout(PATIENCE_S)

    def hear(self) -> str:
        return self._socket.recv(4096).decode()

    def until(self, wanted: str) -> list[str]:
        heard = []
        while not heard or heard[-1] != wanted:
            heard.append(self.hear())
        return heard

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Manager]:
    made = Manager(f"@meshcast-test-{os.getpid()}" if request.param == "abstract" else str(tmp_path / "notify"))
    yield made
    made.close()


class Health:
    """Health as a test wants it."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def stalled(self, limit_s: float) -> list[str]:
        return self.names

    def status(self) -> str:
        return "two\nlines"


def test_supervision_notifies_ready_status_and_stopping(manager: Manager) -> None:
    environment = {"NOTIFY_SOCKET": manager.name, "WATCHDOG_USEC": "20000", "WATCHDOG_PID": str(os.getpid())}
    health = Health()
    with Supervision(health, environment) as supervision:
        supervision.ready()
        supervision.ready()
        assert manager.hear() == "READY=1\nSTATUS=two\\nlines"
        for _ in range(3):
            manager.until("WATCHDOG=1")
        health.names = ["cam0"]
        manager.until("STATUS=stalled: cam0")
    rest = manager.until("STOPPING=1\nSTATUS=finishing")
    assert "WATCHDOG=1" not in rest
    assert "READY=1" not in "".join(rest)


def test_supervision_without_manager_starts_no_thread() -> None:
    with Supervision(Health(), {}) as supervision:
        supervision.ready()
        assert supervision._thread.ident is None


def test_supervision_manager_that_exited_is_no_error(tmp_path: Path) -> None:
    with Supervision(Health(), {"NOTIFY_SOCKET": str(tmp_path / "none"), "WATCHDOG_USEC": "1000"}) as supervision:
        supervision.ready()
    assert not supervision._thread.is_alive()


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "3000000"}, 3.0),
        ({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "-3"}, None),
    ],
)
def test_watchdog_of_other_process_is_ignored(environment: dict[str, str], seconds: float | None) -> None:
    assert watchdog_s(environment) == seconds


def test_heartbeat_stalls_after_limit_and_slack() -> None:
    now = [0.0]
    heartbeat = Heartbeat(lambda: "", slack_s=5, clock=lambda: now[0])
    now[0] = 4.0
    assert heartbeat.stalled(1) == []
    now[0] = 6.0
    assert heartbeat.stalled(1) == ["main loop"]
    assert heartbeat.stalled(10) == []
    heartbeat.beat()
    assert heartbeat.stalled(1) == []
