"""What the process of a camera and the fleet tell each other."""

from __future__ import annotations

from dataclasses import dataclass

from edge.fleet.config import PortRange
from edge.models import Models
from edge.run_config import RunConfig

MAX_METRICS = 256 << 10  # characters of a camera's metrics
MAX_REASON = 300


@dataclass(frozen=True, slots=True)
class Launch:
    """To the process: what it runs.

    Attributes:
        name: of the camera.
        run: its configuration.
        host: address to publish at.
        ports: to choose from, None for any.
        proxy: public key of the proxy, the only client.
    """

    name: str
    run: RunConfig
    host: str
    ports: PortRange | None
    proxy: bytes


@dataclass(frozen=True, slots=True)
class Prepare:
    """To a standby process: the models to load; a Launch follows when a camera needs it."""

    models: Models


Order = Prepare | Launch  # the first message to a process


@dataclass(frozen=True, slots=True)
class Ready:
    """The models of a standby process are loaded."""


@dataclass(frozen=True, slots=True)
class Started:
    """The camera is published at `address`, whose public key is `key`."""

    address: str
    key: bytes
    node: str
    pid: int


@dataclass(frozen=True, slots=True)
class Report:
    """Once a second: frames so far. metrics: Prometheus' text format, "" if they are those of the last report."""

    frames: int
    metrics: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """The run has ended: whole, which a video does, or with an error."""

    reason: str
    whole: bool = False


Event = Ready | Started | Report | Ended
