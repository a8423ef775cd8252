"""Fleets of stand-in cameras."""

from __future__ import annotations

from collections.abc import Callable

from edge.fleet.config import CameraSpec, FleetConfig, Resources
from edge.fleet.supervisor import Supervisor
from edge.run_config import OutputConfig, PublishConfig, RunConfig, SourceConfig
from tests.support.proxies import PATIENCE_S, eventually

MODULE = "tests.support.fleet_camera"


def spec(name: str, fps: float = 30, resources: Resources | None = None) -> CameraSpec:
    run = RunConfig(
        SourceConfig((f"synthetic:?fps={fps:g}",), (name,)),
        outputs=OutputConfig(publish=PublishConfig("tcp://127.0.0.1:0")),
    )
    return CameraSpec(name, run, resources or Resources())


def fleet_of(*names: str, resources: Resources | None = None) -> FleetConfig:
    return FleetConfig("tcp://127.0.0.1:0", tuple(spec(name, resources=resources) for name in names))


def step_until(
    supervisor: Supervisor, condition: Callable[[], bool], what: str, patience_s: float = PATIENCE_S
) -> None:
    """Run a fleet until something is so."""

    def done() -> bool:
        supervisor.step()
        return condition()

    eventually(done, what, patience_s)
