"""Cameras as actors of a Ray cluster.

An actor has the process of its camera as a child, which ends with it. Ray restarts nothing: the fleet starts another
actor, on any node that has room, as it does with processes of one machine.
"""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any

from edge.fleet.camera_process import MODULE
from edge.fleet.config import Resources
from edge.fleet.events import MAX_REASON, Ended, Event, Launch, Order
from edge.fleet.ray_actor_class import actor_class
from edge.ray_cluster import connected
from edge.text import one_line

REMEDY = "start one with ray start --head, or leave out ray in [fleet] for processes on this machine"
ASK_S = 0.5  # between two questions to an actor
AVOIDED_S = 30.0  # after an actor has died on a node
UNANSWERED_S = 15.0  # a started camera whose actor answers nothing for longer is given up
SILENT_S = 4.0  # the same of a camera whose stream is silent too


class AvoidedNodes:
    """Nodes on which nothing is placed for a while: Ray takes up to half a minute to notice that a node has died."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until_s: dict[str, float] = {}

    def add(self, node_id: str) -> None:
        """Avoid a node from now on, "" none."""
        now_s = self._clock()
        self._until_s = {each: until_s for each, until_s in self._until_s.items() if until_s > now_s}
        if node_id:
            self._until_s[node_id] = now_s + AVOIDED_S

    def __contains__(self, node_id: object) -> bool:
        return self._until_s.get(str(node_id), 0.0) > self._clock()


class RayCamera:
    """An actor and the question that it was asked; see edge.fleet.nodes.Camera."""

    def __init__(
        self,
        ray: Any,
        order: Order,
        resources: Resources,
        module: str,
        *,
        strategy: Any,
        avoided: AvoidedNodes,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """strategy: of Ray's scheduler."""
        self._ray = ray
        self._avoided = avoided
        self._clock = clock
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
        self._order = order
        self._actor = ray.remote(**options)(actor_class()).remote()
        self._question: Any = self._actor.open.remote(version("meshcast"), module)
        self._asked_s = self._clock()
        self._ended = False

    @property
    def ended(self) -> bool:
        """Whether it takes no resources any more."""
        return self._ended

    @property
    def usable(self) -> bool:
        """See Camera."""
        return self.node_id not in self._avoided

    def launch(self, launch: Launch) -> None:
        """See Camera."""
        self._actor.call.remote("launch", launch)

    def poll(self, *, silent: bool = False) -> list[Event]:
        """See Camera."""
        now_s = self._clock()
        if self._ended:
            return []
        if self._question is None:
            if now_s - self._asked_s >= ASK_S:
                self._question, self._asked_s = self._actor.call.remote("poll"), now_s
            return []
        if not self._ray.wait([self._question], timeout=0)[0]:
            if self.node and now_s - self._asked_s > (SILENT_S if silent else UNANSWERED_S):
                self._avoided.add(self.node_id)
                return self._end("its node does not answer")
            return []
        question, self._question = self._question, None
        try:
            answer = self._ray.get(question)
        except self._ray.exceptions.RayActorError:
            self._avoided.add(self.node_id)
            return self._end("its actor or the node has died")
        except self._ray.exceptions.RayError as error:
            return self._end(f"Ray cannot run it: {one_line(str(error).strip().splitlines()[-1])[:MAX_REASON]}")
        if not self.node:
            self.node, self.node_id, problem = answer
            if problem:
                return self._end(problem)
            self._question, self._asked_s = self._actor.call.remote("start", self._order), now_s
            return []
        events: list[Event] = answer
        self._ended = any(isinstance(event, Ended) for event in events)
        return events

    def stop(self) -> None:
        """See Camera."""
        if self.node and not self._ended:
            with contextlib.suppress(self._ray.exceptions.RayError):
                self._actor.call.remote("stop")

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
        self._avoided = AvoidedNodes()

    def start(self, order: Order, resources: Resources) -> RayCamera:
        """See Nodes."""
        self._cameras = [camera for camera in self._cameras if not camera.ended]
        strategy = self._strategy(resources)
        camera = RayCamera(self._ray, order, resources, self._module, strategy=strategy, avoided=self._avoided)
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

    def _strategy(self, resources: Resources) -> Any:
        """Ray's own spreading; after a death, the node with the fewest cameras of those that are not avoided."""
        nodes = {node["NodeID"] for node in self._ray.nodes() if node["Alive"] and _fits(node, resources)}
        others = {node_id for node_id in nodes if node_id not in self._avoided}
        if others == nodes or not others:
            return "SPREAD"
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        counts = Counter(camera.node_id for camera in self._cameras if not camera.ended)
        chosen = min(sorted(others), key=lambda node_id: counts[node_id])
        return NodeAffinitySchedulingStrategy(chosen, soft=True)


def _fits(node: Mapping[str, Any], resources: Resources) -> bool:
    wanted = {"CPU": resources.cpus, "GPU": resources.gpus, **dict(resources.custom)}
    return all(node["Resources"].get(name, 0.0) >= amount for name, amount in wanted.items())
