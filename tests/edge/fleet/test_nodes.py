"""Fleets of processes on this machine, with stand-in cameras behind a real proxy."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from edge.fleet.camera_process import free_port
from edge.fleet.config import FleetConfig, PortRange, Resources
from edge.fleet.nodes import LocalNodes
from edge.fleet.proxy_process import ProxyProcess
from edge.fleet.supervisor import Supervisor
from edge.wire.curve_auth import Security
from engines.errors import MeshcastError
from meshcast.subscriber import subscribe
from tests.support.fleets import MODULE, fleet_of, step_until
from tests.support.paths import ROOT
from tests.support.proxies import PATIENCE_S, eventually, no_doubles


@pytest.fixture(autouse=True)
def _children_find_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


@contextmanager
def running(config: FleetConfig) -> Iterator[tuple[Supervisor, ProxyProcess]]:
    proxy = ProxyProcess(config.publish, config.security)
    supervisor = Supervisor(config, LocalNodes(MODULE), proxy)
    try:
        yield supervisor, proxy
    finally:
        supervisor.close()
        proxy.close()


def states(supervisor: Supervisor) -> dict[str, str]:
    return {camera.name: camera.state for camera in supervisor.status()}


def test_fleet_killed_camera_is_back_with_another_session() -> None:
    with running(fleet_of("a")) as (supervisor, proxy):
        step_until(supervisor, lambda: states(supervisor) == {"a": "live"}, "the camera")
        (before,) = supervisor.status()
        with subscribe(proxy.address, timeout_s=PATIENCE_S) as packets:
            received = [(packet.session, packet.seq) for packet, _ in zip(packets, range(3), strict=False)]
            os.kill(before.pid, signal.SIGKILL)
            step_until(supervisor, lambda: supervisor.status()[0].pid not in (0, before.pid), "another process")
            assert supervisor.status()[0].restarts == 1
            for packet in packets:
                received.append((packet.session, packet.seq))
                if len({session for session, _ in received}) == 2 and packet.seq > 5:
                    break
        assert no_doubles(received)
        step_until(supervisor, lambda: "a" in supervisor.metrics(), "its metrics")


def test_fleet_failing_cameras_leave_others_alone() -> None:
    with running(fleet_of("broken", "dies", "good")) as (supervisor, _):
        step_until(
            supervisor,
            lambda: all(camera.restarts >= 2 for camera in supervisor.status() if camera.name != "good"),
            "repeated failures",
        )
        step_until(supervisor, lambda: states(supervisor)["good"] == "live", "the good camera")
        reasons = {camera.name: camera.reason for camera in supervisor.status()}
        assert supervisor.status()[2].restarts == 0
        assert reasons["broken"] == "no camera here"


def test_fleet_killed_proxy_is_back_at_its_address() -> None:
    with running(fleet_of("a")) as (supervisor, proxy):
        step_until(supervisor, lambda: states(supervisor) == {"a": "live"}, "the camera")
        address, pid = proxy.address, proxy.pid
        assert pid is not None
        with subscribe(address, timeout_s=PATIENCE_S) as packets:
            session = next(packets).session
            os.kill(pid, signal.SIGKILL)

            def back() -> bool:
                supervisor.step()
                proxy.poll()
                return proxy.restarts > 0 and proxy.bound

            eventually(back, "the proxy")
            newest = max(packet.seq for packet, _ in zip(packets, range(20), strict=False))
            assert next(packet for packet in packets if packet.seq > newest).session == session
        assert proxy.address == address


def test_fleet_close_leaves_no_process() -> None:
    with running(fleet_of("a", "b")) as (supervisor, proxy):
        step_until(supervisor, lambda: set(states(supervisor).values()) == {"live"}, "the cameras")
        pids = [camera.pid for camera in supervisor.status()]
    assert proxy.pid is None
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_fleet_address_in_use_is_reported() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(MeshcastError, match="already in use"):
            ProxyProcess(address, Security())


def test_free_port_range_without_a_free_one_raises() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(MeshcastError, match=f"ports {port}-{port}: none is free at 127.0.0.1"):
            free_port("127.0.0.1", PortRange(port, port))
    assert free_port("127.0.0.1", None) == 0


@pytest.mark.parametrize(
    ("resources", "said"),
    [(Resources(cpus=4096), "this machine has"), (Resources(0, custom=(("gate", 1.0),)), "this machine has no gate")],
)
def test_local_nodes_resources_that_are_not_there(resources: Resources, said: str) -> None:
    assert said in LocalNodes().problem(resources)
    assert LocalNodes().problem(Resources(cpus=1)) == ""


def test_fleet_ports_come_from_the_range() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    first = min(port, 65000)
    config = replace(fleet_of("a"), ports=PortRange(first, first + 200))
    with running(config) as (supervisor, _):
        step_until(supervisor, lambda: states(supervisor) == {"a": "live"}, "the camera")
        assert first <= int(supervisor.status()[0].address.rpartition(":")[2]) <= first + 200


def test_child_ends_with_its_parent() -> None:
    """A process of the fleet that is killed takes its camera with it."""
    program = (
        "import sys, time\n"
        "from edge.fleet.nodes import LocalNodes\n"
        "from edge.fleet.events import Launch\n"
        "from tests.support.fleets import MODULE, spec\n"
        "import zmq\n"
        "launch = Launch('a', spec('a').run, '127.0.0.1', None, zmq.curve_keypair()[0])\n"
        "camera = LocalNodes(MODULE).start(launch, None)\n"
        "print(camera.pid, flush=True)\n"
        "time.sleep(1000)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()

    def gone() -> bool:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        return Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z"

    eventually(gone, "the end of the camera")
