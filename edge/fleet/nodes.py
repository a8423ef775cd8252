"""Where the cameras of a fleet run: on this machine, or on the nodes of a Ray cluster."""

from __future__ import annotations

import os
import platform
from dataclasses import replace
from typing import Protocol

from edge.fleet.camera_process import MODULE, CameraProcess
from edge.fleet.config import LOOPBACK, NODE, Resources
from edge.fleet.events import Event, Launch


class Camera(Protocol):
    """A camera that was started; it may be waiting for a node with room."""

    @property
    def node(self) -> str:
        """Where it runs, "" while it waits."""
        ...

    def poll(self) -> list[Event]:
        """What has happened since the last call. Never blocks. Ended comes last, also when process or node died."""
        ...

    def stop(self) -> None:
        """Ask it to end its stream."""
        ...

    def close(self) -> None:
        """End it, by force if needed, so that it publishes no more. Idempotent."""
        ...


class Nodes(Protocol):
    """The machines of a fleet."""

    def start(self, launch: Launch, resources: Resources) -> Camera:
        """Start a camera."""
        ...

    def problem(self, resources: Resources) -> str:
        """Why no node can ever have these resources; "" if one can."""
        ...

    def close(self) -> None:
        """Leave the machines. The cameras are closed before."""
        ...


class LocalCamera:
    """A camera in a process of this machine."""

    def __init__(self, launch: Launch, module: str = MODULE) -> None:
        self._process = CameraProcess(launch, module)
        self.node = platform.node()

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def poll(self) -> list[Event]:
        """See Camera."""
        return self._process.poll()

    def stop(self) -> None:
        """See Camera."""
        self._process.stop()

    def close(self) -> None:
        """See Camera."""
        self._process.close()


class LocalNodes:
    """This machine. It counts no resources; cameras that ask for more than there is are refused."""

    def __init__(self, module: str = MODULE) -> None:
        """module: of the processes of cameras."""
        self._module = module

    def start(self, launch: Launch, resources: Resources) -> LocalCamera:
        """See Nodes."""
        host = LOOPBACK if launch.host == NODE else launch.host
        return LocalCamera(replace(launch, host=host), self._module)

    def problem(self, resources: Resources) -> str:
        """See Nodes."""
        cores = len(os.sched_getaffinity(0))
        if resources.cpus > cores:
            return f"{resources}: this machine has {cores} CPUs; lower cpus, or add ray to [fleet]"
        if resources.custom:
            return f"{resources}: this machine has no {resources.custom[0][0]}; custom resources need ray in [fleet]"
        return ""

    def close(self) -> None:
        """See Nodes."""
