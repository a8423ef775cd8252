"""Workers as actors of a running Ray cluster. All nodes see sources and output folder under the same paths.

Ray restarts nothing here: an actor whose process or node dies is replaced by another one, on any node that has room,
and the batch decides about its video, as with processes of one machine.
"""

from __future__ import annotations

import platform
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from edge.batch.executor import Advanced, Event, Failed, Finished, Load, OnFrames, Process, VideoTask
from edge.batch.process_pool import ADVANCED_S, MAX_START_DEATHS, internal_error
from edge.errors import OutputError
from edge.ray_cluster import connected
from engines.errors import MeshcastError
from engines.files.memory_budget import job_budget

REMEDY = "start one with ray start --head, or leave out --ray"


@dataclass(frozen=True, slots=True)
class WorkerResources:
    """What an actor takes of its node: CPUs, and GPUs or shares of them."""

    cpus: float = 2.0
    gpus: float = 0.0


class RayActor:
    """The worker on a node. `work` and `advanced` run on threads of their own."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._process: Process | None = None
        self._frames: tuple[str, int, int | None] | None = None

    def load(self, expected: str) -> str:
        """Load the models. Returns the error, "" without one. expected: version of Meshcast of the batch."""
        installed = version("meshcast")
        if installed != expected:
            return (
                f"{platform.node()}: has Meshcast {installed}, the batch {expected}; install one version on all nodes"
            )
        try:
            with job_budget():
                self._process = self._load()
        except MeshcastError as error:
            return str(error)
        except Exception as error:
            return f"the models cannot be loaded: {internal_error(error)}"
        return ""

    def work(self, task: VideoTask) -> Event:
        """Process a video."""
        key = task.key
        if not task.spooled and not task.folder.is_dir():
            problem = f"{task.folder.parent.parent}: not visible on {platform.node()}; all nodes need the output folder"
            return Failed(key, problem, fatal=True)
        assert self._process is not None
        self._frames = key, 0, None
        try:
            with job_budget():
                return Finished(key, self._process(task, self._on_frames(key)))
        except OutputError as error:
            return Failed(key, str(error), fatal=True)
        except MeshcastError as error:
            return Failed(key, str(error))
        except Exception as error:
            return Failed(key, internal_error(error))
        finally:
            self._frames = None

    def advanced(self) -> tuple[str, int, int | None] | None:
        """Name, frames and total of the video at work."""
        return self._frames

    def _on_frames(self, name: str) -> OnFrames:
        def tell(frames: int, total: int | None) -> None:
            self._frames = name, frames, total

        return tell


class _Worker:
    """An actor, the call that it works on, and the pending question how far it is."""

    def __init__(self, ray: Any, load: Load, resources: WorkerResources) -> None:
        options = {"num_cpus": resources.cpus, "num_gpus": resources.gpus, "max_concurrency": 2, "max_restarts": 0}
        self.actor = ray.remote(**options)(RayActor).remote(load)
        self.call: Any = self.actor.load.remote(version("meshcast"))
        self.ready = False
        self.task: VideoTask | None = None
        self.question: Any = None


class RayPool:
    """Actors of a Ray cluster as workers of a batch; see edge.batch.executor.Executor."""

    def __init__(
        self, load: Load, address: str, *, workers: int | None = None, resources: WorkerResources | None = None
    ) -> None:
        """Connect to a cluster.

        Args:
            load: a picklable function that loads the models, called once by each actor.
            address: HOST:PORT of the head node, "auto" for the cluster on this machine.
            workers: number of actors; None: as many as the cluster's CPUs and GPUs suffice for.
            resources: of an actor.

        Raises:
            MeshcastError: Ray is not installed, no cluster answers, or it has no room for an actor.
        """
        resources = resources or WorkerResources()
        self._ray = connected(address, REMEDY)
        self._load, self._resources = load, resources
        self._start_deaths = 0
        self._asked_s = 0.0
        self._workers: list[_Worker] = []
        try:
            room = _room(self._ray.cluster_resources(), resources)
            if not room:
                raise MeshcastError(
                    f"{address}: no room for a worker with {resources.cpus:g} CPUs and {resources.gpus:g} GPUs in this "
                    "Ray cluster; lower --cpus-per-worker or --gpus-per-worker"
                )
            for _ in range(min(workers or room, room)):
                self._workers.append(self._new())
        except BaseException:
            self.close()
            raise

    def idle(self) -> int:
        """Number of actors that are ready and have no task."""
        return sum(worker.ready and worker.task is None for worker in self._workers)

    def start(self, task: VideoTask) -> None:
        """Give a task to an idle actor."""
        worker = next(worker for worker in self._workers if worker.ready and worker.task is None)
        worker.task = task
        worker.call = worker.actor.work.remote(task)

    def wait(self, timeout_s: float) -> Sequence[Event]:
        """See Executor.wait."""
        by_call = {worker.call: worker for worker in self._workers if worker.call is not None}
        if not by_call:
            threading.Event().wait(timeout_s)
            return []
        done, _ = self._ray.wait(list(by_call), num_returns=1, timeout=timeout_s)
        if done:  # whatever else is ready too
            done, _ = self._ray.wait(list(by_call), num_returns=len(by_call), timeout=0)
        events = self._advanced()
        for call in done:
            events += self._ended(by_call[call])
        return events

    def close(self) -> None:
        """End all actors and leave the cluster, which goes on."""
        for worker in self._workers:
            self._ray.kill(worker.actor, no_restart=True)
        self._workers = []
        self._ray.shutdown()

    def _new(self) -> _Worker:
        return _Worker(self._ray, self._load, self._resources)

    def _ended(self, worker: _Worker) -> list[Event]:
        """What the call of a worker gave."""
        errors = self._ray.exceptions
        task = worker.task
        try:
            value = self._ray.get(worker.call)
        except errors.RayActorError as error:
            return self._replace(worker, "its worker or the node has died", error)
        except errors.RayError as error:
            return self._replace(worker, f"Ray cannot run it ({type(error).__name__})", error)
        worker.call = worker.question = None
        if task is None:
            if value:
                raise MeshcastError(str(value))
            worker.ready, self._start_deaths = True, 0
            return []
        worker.task = None
        event: Event = value
        return [event]

    def _replace(self, worker: _Worker, reason: str, error: Exception) -> list[Event]:
        self._workers.remove(worker)
        self._ray.kill(worker.actor, no_restart=True)
        if not worker.ready:
            self._start_deaths += 1
            if self._start_deaths >= MAX_START_DEATHS:
                detail = str(error).strip().splitlines()[0]
                raise MeshcastError(f"Ray workers end while they load the models: {detail}") from None
        self._workers.append(self._new())
        return [] if worker.task is None else [Failed(worker.task.key, reason)]

    def _advanced(self) -> list[Event]:
        """Answers that have come; every ADVANCED_S new questions."""
        busy = [worker for worker in self._workers if worker.task is not None]
        events: list[Event] = []
        for worker in busy:
            if worker.question is not None and self._ray.wait([worker.question], timeout=0)[0]:
                question, worker.question = worker.question, None
                try:
                    answer = self._ray.get(question)
                except self._ray.exceptions.RayError:  # its call tells
                    continue
                if answer is not None and worker.task is not None and answer[0] == worker.task.key:
                    events.append(Advanced(*answer))
        if time.monotonic() - self._asked_s >= ADVANCED_S:
            self._asked_s = time.monotonic()
            for worker in busy:
                worker.question = worker.question or worker.actor.advanced.remote()
        return events


def _room(available: dict[str, float], resources: WorkerResources) -> int:
    """How many workers fit into a cluster, by its totals."""
    fits = [available.get("CPU", 0.0) / resources.cpus] if resources.cpus else []
    fits += [available.get("GPU", 0.0) / resources.gpus] if resources.gpus else []
    return int(min(fits, default=1.0) + 1e-6)
