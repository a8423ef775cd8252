"""Where the cameras of a fleet run: on this machine, or on the nodes of a Ray cluster."""

from __future__ import annotations

import os
import platform
from dataclasses import replace
from typing import Protocol, TypeVar

from edge.fleet.camera_process import MODULE, CameraProcess
from edge.fleet.config import LOOPBACK, NODE, Resources
from edge.fleet.events import Event, Launch, Order

_Order = TypeVar("_Order", bound=Order)


class Camera(Protocol):
    """A camera or standby process that was started; it may be waiting for a node with room."""

    @property
    def node(self) -> str:
        """Where it runs, "" while it waits."""
        ...

    @property
    def usable(self) -> bool:
        """False when its node has probably died."""
        ...

    def poll(self, *, silent: bool = False) -> list[Event]:
        """What has happened since the last call. Never blocks. Ended comes last, also when process or node died.

        silent: nothing of its stream arrives: a node that does not answer either has died.
        """
        ...

    def launch(self, launch: Launch) -> None:
        """Run a camera in a standby process that is ready."""
        ...

    def stop(self) -> None:
        """Ask it to end its stream."""
        ...

    def close(self) -> None:
        """End it, by force if needed, so that it publishes no more. Idempotent."""
        ...


class Nodes(Protocol):
    """The machines of a fleet."""

    def start(self, order: Order, resources: Resources) -> Camera:
        """Start a camera or a standby process."""
        ...

    def problem(self, resources: Resources) -> str:
        """Why no node can ever have these resources; "" if one can."""
        ...

    def close(self) -> None:
        """Leave the machines. The cameras are closed before."""
        ...


def placed(order: _Order, address: str) -> _Order:
    """An order with the address of the node in place of NODE."""
    return replace(order, host=address) if isinstance(order, Launch) and order.host == NODE else order


class LocalCamera:
    """A camera in a process of this machine."""

    usable = True

    def __init__(self, order: Order, module: str = MODULE) -> None:
        self._process = CameraProcess(placed(order, LOOPBACK), module)
        self.node = platform.node()

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def poll(self, *, silent: bool = False) -> list[Event]:
        """See Camera."""
        return self._process.poll()

    def launch(self, launch: Launch) -> None:
        """See Camera."""
        self._process.launch(placed(launch, LOOPBACK))

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

    def start(self, order: Order, resources: Resources) -> LocalCamera:
        """See Nodes."""
        return LocalCamera(order, self._module)

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
