"""Cameras as actors of a Ray cluster.

An actor has the process of its camera as a child, which ends with it. Ray restarts nothing: the fleet starts another
actor, on any node that has room, as it does with processes of one machine.
"""

from __future__ import annotations

import contextlib
import platform
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.metadata import version
from typing import Any

from edge.fleet.camera_process import MODULE, CameraProcess
from edge.fleet.config import NODE, Resources
from edge.fleet.events import MAX_REASON, Ended, Event, Launch
from edge.ray_cluster import connected
from edge.text import one_line

REMEDY = "start one with ray start --head, or leave out ray in [fleet] for processes on this machine"
ASK_S = 0.5  # between two questions to an actor
AVOIDED_S = 30.0  # after an actor has died on a node
UNANSWERED_S = 15.0  # a started camera whose actor answers nothing for longer is given up


class CameraActor:
    """The camera on a node."""

    def __init__(self, module: str) -> None:
        self._module = module
        self._process: CameraProcess | None = None

    def start(self, launch: Launch, expected: str) -> tuple[str, str, str]:
        """Start the process. Returns the node, its id, and the error, "" without one. expected: version of Meshcast."""
        import ray

        cluster: Any = ray
        address = cluster.util.get_node_ip_address()
        node_id = cluster.get_runtime_context().get_node_id()
        node = f"{address} ({node_id[:8]})"
        installed = version("meshcast")
        if installed != expected:
            return (
                node,
                node_id,
                f"{platform.node()} has Meshcast {installed}, the fleet {expected}; install one on all nodes",
            )
        launch = replace(launch, host=address) if launch.host == NODE else launch
        self._process = CameraProcess(launch, self._module)
        return node, node_id, ""

    def poll(self) -> list[Event]:
        """See Camera."""
        return [] if self._process is None else self._process.poll()

    def stop(self) -> None:
        """Ask the process to end."""
        if self._process is not None:
            self._process.stop()


class RayCamera:
    """An actor and the question that it was asked; see edge.fleet.nodes.Camera."""

    def __init__(
        self,
        ray: Any,
        launch: Launch,
        resources: Resources,
        module: str,
        *,
        strategy: Any,
        on_lost: Callable[[str], None],
    ) -> None:
        """strategy: of Ray's scheduler. on_lost: called with the id of the node on which the actor has died."""
        self._ray = ray
        self._on_lost = on_lost
        options = {
            "num_cpus": resources.cpus,
            "num_gpus": resources.gpus,
            "resources": dict(resources.custom),
            "scheduling_strategy": strategy,
            "max_restarts": 0,
            "max_concurrency": 2,
        }
        self.node = ""
        self.node_id: str = getattr(strategy, "node_id", "")
        self._actor = ray.remote(**options)(CameraActor).remote(module)
        self._question: Any = self._actor.start.remote(launch, version("meshcast"))
        self._asked_s = time.monotonic()
        self._ended = False

    @property
    def ended(self) -> bool:
        """Whether it takes no resources any more."""
        return self._ended

    def poll(self) -> list[Event]:
        """See Camera."""
        now_s = time.monotonic()
        if self._ended:
            return []
        if self._question is None:
            if now_s - self._asked_s >= ASK_S:
                self._question, self._asked_s = self._actor.poll.remote(), now_s
            return []
        if not self._ray.wait([self._question], timeout=0)[0]:
            if self.node and now_s - self._asked_s > UNANSWERED_S:
                self._on_lost(self.node_id)
                return self._end("its node does not answer")
            return []
        question, self._question = self._question, None
        try:
            answer = self._ray.get(question)
        except self._ray.exceptions.RayActorError:
            self._on_lost(self.node_id)
            return self._end("its actor or the node has died")
        except self._ray.exceptions.RayError as error:
            return self._end(f"Ray cannot run it: {one_line(str(error).strip().splitlines()[-1])[:MAX_REASON]}")
        if not self.node:
            self.node, self.node_id, problem = answer
            return self._end(problem) if problem else []
        events: list[Event] = answer
        self._ended = any(isinstance(event, Ended) for event in events)
        return events

    def stop(self) -> None:
        """See Camera."""
        if self.node and not self._ended:
            with contextlib.suppress(self._ray.exceptions.RayError):
                self._actor.stop.remote()

    def close(self) -> None:
        """See Camera."""
        self._ended = True
        with contextlib.suppress(self._ray.exceptions.RayError):
            self._ray.kill(self._actor, no_restart=True)

    def _end(self, reason: str) -> list[Event]:
        self._ended = True
        return [Ended(reason)]


class RayNodes:
    """The nodes of a Ray cluster; see edge.fleet.nodes.Nodes."""

    def __init__(self, address: str, module: str = MODULE) -> None:
        """
        Args:
            address: HOST:PORT of the head node, "auto" for the cluster on this machine.
            module: of the processes of cameras.

        Raises:
            MeshcastError: Ray is not installed, or no cluster can be used.
        """
        self._module = module
        self._ray = connected(address, REMEDY)
        self._cameras: list[RayCamera] = []
        self._avoided: dict[str, float] = {}  # until when, by id of the node

    def start(self, launch: Launch, resources: Resources) -> RayCamera:
        """See Nodes."""
        self._cameras = [camera for camera in self._cameras if not camera.ended]
        strategy = self._strategy(resources)
        camera = RayCamera(self._ray, launch, resources, self._module, strategy=strategy, on_lost=self._lost)
        self._cameras.append(camera)
        return camera

    def problem(self, resources: Resources) -> str:
        """See Nodes."""
        nodes = [node for node in self._ray.nodes() if node["Alive"]]
        if any(_fits(node, resources) for node in nodes):
            return ""
        return f"{resources}: none of the {len(nodes)} nodes has that; lower it, or add a node"

    def close(self) -> None:
        """See Nodes."""
        self._ray.shutdown()

    def _lost(self, node_id: str) -> None:
        """Place nothing on a node for a while: Ray takes up to half a minute to notice that a node has died."""
        if node_id:
            self._avoided[node_id] = time.monotonic() + AVOIDED_S

    def _strategy(self, resources: Resources) -> Any:
        """Ray's own spreading; after a death, the node with the fewest cameras of those that are not avoided."""
        now_s = time.monotonic()
        self._avoided = {node_id: until_s for node_id, until_s in self._avoided.items() if until_s > now_s}
        nodes = {node["NodeID"] for node in self._ray.nodes() if node["Alive"] and _fits(node, resources)}
        others = nodes - self._avoided.keys()
        if others == nodes or not others:
            return "SPREAD"
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        counts = Counter(camera.node_id for camera in self._cameras if not camera.ended)
        chosen = min(sorted(others), key=lambda node_id: counts[node_id])
        return NodeAffinitySchedulingStrategy(chosen, soft=True)


def _fits(node: Mapping[str, Any], resources: Resources) -> bool:
    wanted = {"CPU": resources.cpus, "GPU": resources.gpus, **dict(resources.custom)}
    return all(node["Resources"].get(name, 0.0) >= amount for name, amount in wanted.items())
