"""A fleet on a real Ray cluster of three nodes, with stand-in cameras behind a real proxy."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from edge.fleet.config import NODE, Resources
from edge.fleet.events import Ended, Prepare
from edge.fleet.proxy_process import ProxyProcess
from edge.fleet.ray_nodes import (
    AVOIDED_S,
    SILENT_S,
    UNANSWERED_S,
    AvoidedNodes,
    RayCamera,
    RayNodes,
)
from edge.fleet.supervisor import Supervisor
from edge.models import Models
from edge.wire.curve_auth import Security
from engines.errors import MeshcastError
from meshcast.subscriber import subscribe
from tests.support.fleets import MODULE, fleet_of, step_until
from tests.support.paths import ROOT
from tests.support.proxies import no_doubles

CAMERAS = [f"cam{index}" for index in range(6)]
START_S = 240.0  # a limit for failures only: eight interpreters start, on a machine that may be busy
HERE = {"node_ip_address": "127.0.0.1"}


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A head node without CPUs."""
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setenv("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")  # read when ray is imported
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), *sys.path]))
    pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False, **HERE})
    yield made
    made.shutdown()


def test_fleet_cameras_of_a_dead_node_move(cluster: Any) -> None:
    nodes = [cluster.add_node(num_cpus=4, node_ip_address=f"127.0.0.{number}") for number in (2, 3, 4)]
    proxy = ProxyProcess("tcp://127.0.0.1:0", Security())
    ray = RayNodes(cluster.address, MODULE)
    supervisor = Supervisor(replace(fleet_of(*CAMERAS), host=NODE, standby=1), ray, proxy)
    try:
        assert ray.problem(Resources(cpus=5)) == "5 CPUs: none of the 4 nodes has that; lower it, or add a node"
        assert ray.problem(Resources(custom=(("gate", 1.0),))).startswith("1 CPUs, 1 gate: none of the 4 nodes")
        step_until(
            supervisor, lambda: all(each.state == "live" for each in supervisor.status()), "all cameras", START_S
        )
        before = {each.name: each for each in supervisor.status()}
        places = {each.node for each in before.values()}
        assert len(places) > 1
        assert all(each.address.startswith(f"tcp://{each.node.split()[0]}:") for each in before.values())
        step_until(supervisor, lambda: supervisor.standbys == 1, "a standby process", START_S)
        victim = next(node for node in nodes if any(node.node_id[:8] in place for place in places))
        moved = {name for name, each in before.items() if victim.node_id[:8] in each.node}
        with subscribe(proxy.address, timeout_s=START_S) as packets:
            received: list[tuple[str, int, int]] = []
            while {name for name, _, _ in received} != set(CAMERAS):
                packet = next(packets)
                received.append((packet.stream, packet.session, packet.seq))
            sessions = {name: session for name, session, _ in received}
            cluster.remove_node(victim, allow_graceful=False)
            step_until(
                supervisor,
                lambda: all(
                    each.state == "live" and (each.name not in moved or each.pid != before[each.name].pid)
                    for each in supervisor.status()
                ),
                "the moved cameras",
                START_S,
            )
            back: set[str] = set()
            while not moved <= back:
                packet = next(packets)
                received.append((packet.stream, packet.session, packet.seq))
                if packet.session != sessions[packet.stream]:
                    back.add(packet.stream)
        assert no_doubles([(session, seq) for _, session, seq in received])
        assert not any(victim.node_id[:8] in each.node for each in supervisor.status())
    finally:
        supervisor.close()
        proxy.close()
        ray.close()


class UnansweringRay:
    """A module ray whose actors have started and then fall silent."""

    exceptions = SimpleNamespace(RayActorError=OSError, RayError=OSError)

    def __init__(self) -> None:
        self.started = False

    def remote(self, **options: Any) -> Any:
        question = SimpleNamespace(remote=lambda *_: "question")
        actor = SimpleNamespace(open=question, call=question)
        return lambda _: SimpleNamespace(remote=lambda: actor)

    def wait(self, questions: list[str], timeout: float) -> tuple[list[str], list[str]]:
        ready, self.started = not self.started, True
        return (questions, []) if ready else ([], questions)

    def get(self, question: str) -> tuple[str, str, str]:
        return "10.0.0.7 (n1)", "n1", ""


@pytest.mark.parametrize(("silent", "limit_s"), [(True, SILENT_S), (False, UNANSWERED_S)])
def test_ray_camera_without_answers_is_given_up_with_its_node(silent: bool, limit_s: float) -> None:
    now_s = 100.0
    avoided = AvoidedNodes(lambda: now_s)
    order = Prepare(Models())
    camera = RayCamera(
        UnansweringRay(), order, Resources(), MODULE, strategy="SPREAD", avoided=avoided, clock=lambda: now_s
    )
    assert camera.poll(silent=silent) == []
    assert camera.node == "10.0.0.7 (n1)"
    now_s += limit_s
    assert camera.poll(silent=silent) == []
    assert camera.usable
    now_s += 0.1
    assert camera.poll(silent=silent) == [Ended("its node does not answer")]
    assert not camera.usable
    now_s += AVOIDED_S
    assert camera.usable


def test_fleet_without_a_cluster_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    for address in ("auto", "127.0.0.1:1", "here"):
        with pytest.raises(MeshcastError, match=address):
            RayNodes(address)
