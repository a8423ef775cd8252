"""A running fleet: supervisor, proxy, metrics and requests."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import asdict
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event
from typing import Any

from edge.fleet.config import FleetConfig
from edge.fleet.control import Answer, ControlServer
from edge.fleet.metrics import FleetCollector
from edge.fleet.nodes import LocalNodes, Nodes
from edge.fleet.proxy_process import ProxyProcess
from edge.fleet.status import FleetStatus
from edge.fleet.supervisor import Supervisor
from edge.monitoring.metrics_endpoint import MetricsEndpoint, read_token
from edge.runtime.health import Heartbeat
from edge.runtime.signals import interruptible
from edge.runtime.supervision import Supervision
from engines.errors import MeshcastError

STEP_S = 0.1
ANSWER_S = 0.2  # between two checks whether the fleet has ended
SLACK_S = 20.0  # cameras are closed within an iteration

OnStart = Callable[[str, str], None]  # address of the site, address of the metrics or ""


def run_fleet(
    path: Path,
    config: FleetConfig,
    read: Callable[[], FleetConfig],
    on_start: OnStart,
    on_step: Callable[[FleetStatus], None] = lambda status: None,
) -> None:
    """Run until SIGINT, SIGTERM, a request to end, or the end of all sources.

    Args:
        path: file of the fleet.
        config: its content.
        read: reads it again.
        on_start: called when clients can connect.
        on_step: called several times a second.

    Raises:
        MeshcastError: the fleet cannot be started.
    """
    with ExitStack() as stack:
        requests: SimpleQueue[tuple[str, SimpleQueue[Answer]]] = SimpleQueue()
        ended = Event()

        def answer(command: str) -> Answer:
            reply: SimpleQueue[Answer] = SimpleQueue()
            requests.put((command, reply))
            while not ended.is_set():
                with suppress(Empty):
                    return reply.get(timeout=ANSWER_S)
            return {"error": "the fleet is ending"}

        interrupt = stack.enter_context(interruptible())
        stack.enter_context(ControlServer(path, answer))
        stack.callback(ended.set)
        token = None if config.metrics_token is None else read_token(config.metrics_token)
        with interrupt.welcome():
            nodes = _nodes(config)
            stack.callback(nodes.close)
            proxy = ProxyProcess(config.publish, config.security)
        stack.callback(proxy.close)
        supervisor = Supervisor(config, nodes, proxy)
        stack.callback(supervisor.close)

        def status() -> FleetStatus:
            clients = 0 if proxy.stats is None else proxy.stats.clients
            return FleetStatus(proxy.address, clients, supervisor.status(), supervisor.standbys)

        heartbeat = Heartbeat(lambda: status().line(), slack_s=SLACK_S)
        served = ""
        if config.metrics is not None:
            collector = FleetCollector(status, lambda: proxy.stats, supervisor.metrics)
            probes = _Probes(status, heartbeat)
            endpoint = MetricsEndpoint(
                config.metrics, collector, probes, token=token, insecure=config.security.insecure
            )
            served = stack.enter_context(endpoint).address
        supervision = stack.enter_context(Supervision(heartbeat))
        supervision.ready()
        on_start(proxy.address, served)
        down: list[SimpleQueue[Answer]] = []
        while not (interrupt.asked or down or supervisor.finished):
            supervisor.step()
            proxy.poll()
            heartbeat.beat()
            on_step(status())
            try:
                command, reply = requests.get(timeout=STEP_S)
            except Empty:
                continue
            if command == "down":
                down.append(reply)
            else:
                reply.put(_answer(command, status, supervisor, read))
        supervision.stopping()
        for reply in down:
            reply.put({"ok": "ending"})
        ended.set()


def _answer(
    command: str, status: Callable[[], FleetStatus], supervisor: Supervisor, read: Callable[[], FleetConfig]
) -> dict[str, Any]:
    if command == "status":
        return asdict(status())
    if command == "reload":
        try:
            return {"changes": supervisor.reload(read())}
        except MeshcastError as error:
            return {"error": str(error)}
    return {"error": f"{command}: no such request"}


def _nodes(config: FleetConfig) -> Nodes:
    """Raises MeshcastError."""
    if not config.ray:
        return LocalNodes()
    from edge.fleet.ray_nodes import RayNodes

    return RayNodes(config.ray)


class _Probes:
    """Health of a fleet: ready when every camera publishes or has come to its end."""

    started = True

    def __init__(self, status: Callable[[], FleetStatus], heartbeat: Heartbeat) -> None:
        self._status, self._heartbeat = status, heartbeat

    def missing(self) -> list[str]:
        return [camera.name for camera in self._status().cameras if camera.state in ("waiting", "starting")]

    def stalled(self, limit_s: float) -> list[str]:
        return self._heartbeat.stalled(limit_s)
