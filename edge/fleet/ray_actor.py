"""The actor of a camera, on the node."""

from __future__ import annotations

import os
import threading
import time

from edge.fleet.camera_process import CameraProcess
from edge.fleet.events import Event, Launch, Order
from edge.fleet.nodes import placed

LEASE_S = 30.0  # an actor that is asked nothing for longer ends its camera: the fleet has started it elsewhere


class CameraActor:
    """The camera on a node: has its process as a child, which ends with the actor."""

    def __init__(self, address: str, module: str, *, lease_s: float = LEASE_S) -> None:
        """
        Args:
            address: of the node.
            module: of the camera's process.
            lease_s: see LEASE_S.
        """
        self._address, self._module, self._lease_s = address, module, lease_s
        self._process: CameraProcess | None = None
        self._asked_s = time.monotonic()

    def start(self, order: Order) -> list[Event]:
        """Start the process."""
        self._process = CameraProcess(placed(order, self._address), self._module)
        self._asked_s = time.monotonic()
        threading.Thread(target=self._watch, args=(self._process,), name="meshcast-lease", daemon=True).start()
        return []

    def launch(self, launch: Launch) -> None:
        """See edge.fleet.nodes.Camera."""
        assert self._process is not None
        self._process.launch(placed(launch, self._address))

    def poll(self) -> list[Event]:
        """See edge.fleet.nodes.Camera."""
        self._asked_s = time.monotonic()
        return [] if self._process is None else self._process.poll()

    def stop(self) -> None:
        """Ask the process to end."""
        if self._process is not None:
            self._process.stop()

    def _watch(self, process: CameraProcess) -> None:
        """End a camera that its fleet cannot reach any more, and that Ray therefore cannot end."""
        while time.monotonic() - self._asked_s < self._lease_s:
            time.sleep(min(1.0, self._lease_s / 4))
        process.close()
        os._exit(1)
