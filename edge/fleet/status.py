"""The state of a fleet, as the commands of the fleet and the metrics show it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["waiting", "starting", "live", "ended"]


@dataclass(frozen=True, slots=True)
class CameraStatus:
    """A camera.

    Attributes:
        name: of its stream.
        state: waiting for its next start, starting (also: for a node with room), live, or ended with its source.
        source: without secrets.
        node: where it runs.
        address: of its publisher.
        pid: of its process on the node.
        frames: since its start.
        fps: of the last second.
        restarts: starts after a failure.
        next_start_s: time until the next start, s.
        reason: of the latest failure or the end.
    """

    name: str
    state: State
    source: str
    node: str
    address: str
    pid: int
    frames: int
    fps: float
    restarts: int
    next_start_s: float
    reason: str


@dataclass(frozen=True, slots=True)
class FleetStatus:
    """A fleet: the address of the site, its clients, the cameras, and the standby processes that are ready."""

    address: str
    clients: int
    cameras: tuple[CameraStatus, ...]
    standbys: int = 0

    def line(self) -> str:
        """The state in one line."""
        live = sum(camera.state == "live" for camera in self.cameras)
        fps = sum(camera.fps for camera in self.cameras)
        return f"{live} of {len(self.cameras)} cameras live, {fps:.1f} frames per second, {self.clients} clients"
