"""Processes with loaded models that wait to take over a camera."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from edge.fleet.backoff import Backoff
from edge.fleet.config import CameraSpec, Resources
from edge.fleet.events import Ended, Prepare, Ready
from edge.fleet.nodes import Camera, Nodes
from edge.models import Models

log = logging.getLogger("meshcast.fleet")


@dataclass(frozen=True, slots=True)
class Kind:
    """Cameras that one standby process can take over."""

    models: Models
    resources: Resources

    @staticmethod
    def of(spec: CameraSpec) -> Kind:
        """The kind of a camera."""
        return Kind(spec.run.models, spec.resources)


@dataclass(slots=True)
class _Standby:
    kind: Kind
    camera: Camera
    ready: bool = False


class Standbys:
    """Keeps `count` of them for each kind of camera. They take the resources of a camera, so that there is room."""

    def __init__(self, nodes: Nodes, count: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.count = count
        self._nodes, self._clock = nodes, clock
        self._waiting: list[_Standby] = []
        self._backoff = Backoff()
        self._due_s = 0.0

    @property
    def ready(self) -> int:
        """How many could take over a camera now."""
        return sum(each.ready and each.camera.usable for each in self._waiting)

    def step(self, specs: Iterable[CameraSpec], *, start: bool) -> None:
        """Handle what has happened.

        Args:
            specs: the cameras of the fleet.
            start: whether to start missing ones; false while cameras need the room.
        """
        now_s = self._clock()
        kinds = dict.fromkeys(Kind.of(spec) for spec in specs) if self.count else {}
        for standby in list(self._waiting):
            for event in standby.camera.poll():
                if isinstance(event, Ready):
                    standby.ready = True
                elif isinstance(event, Ended):
                    self._failed(standby, event.reason, now_s)
            if standby.kind not in kinds:
                self._remove(standby)
        for kind in kinds:
            alike = [standby for standby in self._waiting if standby.kind == kind]
            for standby in alike[self.count :]:
                self._remove(standby)
            if start and len(alike) < self.count and now_s >= self._due_s and not self._nodes.problem(kind.resources):
                order = Prepare(kind.models)
                self._waiting.append(_Standby(kind, self._nodes.start(order, kind.resources)))

    def take(self, spec: CameraSpec) -> Camera | None:
        """A process for this camera; None without one."""
        kind = Kind.of(spec)
        for standby in self._waiting:
            if standby.ready and standby.kind == kind and standby.camera.usable:
                self._waiting.remove(standby)
                return standby.camera
        return None

    def close(self) -> None:
        """End all. They can be started again."""
        for standby in list(self._waiting):
            standby.camera.stop()
        for standby in list(self._waiting):
            self._remove(standby)

    def _failed(self, standby: _Standby, reason: str, now_s: float) -> None:
        self._remove(standby)
        if standby.ready:
            self._backoff = Backoff()
        pause_s = self._backoff.pause_s()
        self._due_s = now_s + pause_s
        log.warning("standby: %s; it starts again in %.1f s", reason, pause_s)

    def _remove(self, standby: _Standby) -> None:
        if standby in self._waiting:
            self._waiting.remove(standby)
            standby.camera.close()
