"""What Ray sends to the node of a camera."""

from __future__ import annotations

from typing import Any


def actor_class() -> type:
    """The class that Ray sends to a node, as code, as it is not found in a module: a node with another version of
    Meshcast, or without it, can tell. It uses nothing of this module."""

    class Actor:
        def open(self, expected: str, module: str) -> tuple[str, str, str]:
            """Returns the node, its id, and the problem, "" without one.

            Args:
                expected: version of Meshcast.
                module: of the camera's process.
            """
            import platform
            from importlib.metadata import PackageNotFoundError, version

            import ray

            cluster: Any = ray
            address = cluster.util.get_node_ip_address()
            node_id = cluster.get_runtime_context().get_node_id()
            node = f"{address} ({node_id[:8]})"
            try:
                installed = f"Meshcast {version('meshcast')}"
            except PackageNotFoundError:
                installed = "no Meshcast"
            wanted = f"Meshcast {expected}"
            if installed != wanted:
                where = f"{address} ({platform.node()})"
                return node, node_id, f"{where} has {installed}, the fleet {wanted}; install one version on all nodes"
            from edge.fleet.ray_actor import CameraActor

            self._camera = CameraActor(address, module)
            return node, node_id, ""

        def call(self, method: str, *arguments: object) -> object:
            """Call a method of the camera: start, launch, poll or stop."""
            return getattr(self._camera, method)(*arguments)

    return Actor
