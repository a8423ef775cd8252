"""What a fleet consists of."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from edge.errors import ConfigError
from edge.run_config import RunConfig
from edge.wire.curve_auth import Security

MAX_CAMERAS = 1024
NODE = "node"  # as host: the address by which the cluster knows the node
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Resources:
    """What a camera takes of its node.

    Attributes:
        cpus: CPUs, also its inference threads unless `threads` says otherwise.
        gpus: GPUs, or a share of one.
        custom: amounts of resources that nodes were started with, by name.
    """

    cpus: float = 1.0
    gpus: float = 0.0
    custom: tuple[tuple[str, float], ...] = ()

    def __str__(self) -> str:
        parts = [f"{self.cpus:g} CPUs", *([f"{self.gpus:g} GPUs"] if self.gpus else [])]
        return ", ".join([*parts, *(f"{amount:g} {name}" for name, amount in self.custom)])


@dataclass(frozen=True, slots=True)
class PortRange:
    """TCP ports, both ends included."""

    first: int
    last: int

    def __str__(self) -> str:
        return f"{self.first}-{self.last}"


@dataclass(frozen=True, slots=True)
class CameraSpec:
    """A camera of a fleet.

    Attributes:
        name: of its stream, and so of its topics.
        run: what its process runs; the fleet sets the publisher's address and keys.
        resources: of its node.
    """

    name: str
    run: RunConfig
    resources: Resources = field(default_factory=Resources)

    @property
    def fingerprint(self) -> str:
        """Changes when the camera has to be restarted."""
        return hashlib.sha256(repr((self.run, self.resources)).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class FleetConfig:
    """A fleet.

    Attributes:
        publish: the address of the site, which clients connect to.
        security: keys of that address and of its clients.
        cameras: the cameras.
        ray: address of a Ray cluster, "" for processes on this machine.
        host: where cameras publish for the proxy: an address of their node, or NODE.
        ports: for the publishers of cameras, None for any.
        standby: processes with loaded models that wait to take over a camera, for each kind of camera.
        metrics: HOST:PORT of the metrics of all cameras, None without.
        metrics_token: file with the token that readers of the metrics need.
    """

    publish: str
    cameras: tuple[CameraSpec, ...]
    security: Security = field(default_factory=Security)
    ray: str = ""
    host: str = LOOPBACK
    ports: PortRange | None = None
    standby: int = 0
    metrics: str | None = None
    metrics_token: Path | None = None

    @property
    def settings(self) -> dict[str, object]:
        """What cannot change while the fleet runs, by key of the file."""
        names = ("publish", "ray", "host", "ports", "metrics", "metrics_token", "security")
        return {name: getattr(self, name) for name in names}


def check_cameras(cameras: Sequence[CameraSpec]) -> None:
    """Raises ConfigError for no or too many cameras, and for two of one name."""
    if not cameras:
        raise ConfigError("no camera; add [[source]] with uri and name")
    if len(cameras) > MAX_CAMERAS:
        raise ConfigError(f"{len(cameras)} cameras: a fleet has at most {MAX_CAMERAS}; make one for each site")
    shown: dict[str, str] = {}
    for camera in cameras:
        label = camera.run.sources.shown[0]
        if camera.name in shown:
            raise ConfigError(
                f"{camera.name}: two cameras on one topic ({shown[camera.name]} and {label}); give each source its own "
                "name"
            )
        shown[camera.name] = label
