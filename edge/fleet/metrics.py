"""The metrics of all cameras of a fleet in one place."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import version

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from edge.fleet.status import FleetStatus
from edge.monitoring.proxy_collector import proxy_metrics
from edge.wire.proxy import ProxyStats

MAX_SAMPLES = 1000  # of a camera; the rest is left out
PREFIXES = ("meshcast_", "process_")
CAMERA = "camera"  # label of everything that a camera's process reports


class FleetCollector(Collector):
    """Collects the state of the fleet, the counters of its proxy and the latest metrics of each camera."""

    def __init__(
        self,
        status: Callable[[], FleetStatus],
        proxy: Callable[[], ProxyStats | None],
        cameras: Callable[[], Mapping[str, str]],
    ) -> None:
        """
        Args:
            status: of the fleet.
            proxy: counters of the proxy, None while it does not run.
            cameras: metrics by name of the camera, in Prometheus' text format.
        """
        self._status, self._proxy, self._cameras = status, proxy, cameras

    def collect(self) -> Iterator[Metric]:
        """Every metric, for prometheus_client."""
        build = {"version": version("meshcast"), "python": platform.python_version()}
        yield InfoMetricFamily("meshcast_fleet_build", "What the fleet's own process runs", build)
        yield from _of_fleet(self._status())
        proxy = self._proxy()
        if proxy is not None:
            yield from proxy_metrics(proxy)
        yield from merged(self._cameras())


def merged(cameras: Mapping[str, str]) -> Iterator[Metric]:
    """The metrics of all cameras, with the camera's name as a label. Damaged texts are left out.

    The process metrics of cameras are called meshcast_camera_process_*, as those of this process have their names.
    """
    families: dict[str, Metric] = {}
    for camera, text in cameras.items():
        try:
            found = list(text_string_to_metric_families(text))
        except ValueError:
            continue
        left = MAX_SAMPLES
        for family in found:
            if not family.name.startswith(PREFIXES):
                continue
            name = _renamed(family.name)
            target = families.get(name)
            if target is None:
                target = families[name] = Metric(name, family.documentation, family.type)
            samples = family.samples[:left]
            left -= len(samples)
            target.samples += [
                Sample(_renamed(sample.name), {CAMERA: camera, **sample.labels}, sample.value) for sample in samples
            ]
    yield from families.values()


def _renamed(name: str) -> str:
    return f"meshcast_camera_{name}" if name.startswith("process_") else name


def _of_fleet(status: FleetStatus) -> Iterator[Metric]:
    up = GaugeMetricFamily("meshcast_fleet_camera_up", "1 while a camera publishes", labels=(CAMERA,))
    restarts = CounterMetricFamily("meshcast_fleet_camera_restarts", "Starts after a failure", labels=(CAMERA,))
    where = GaugeMetricFamily("meshcast_fleet_camera_node", "1, with the camera's node", labels=(CAMERA, "node"))
    for camera in status.cameras:
        up.add_metric((camera.name,), camera.state == "live")
        restarts.add_metric((camera.name,), camera.restarts)
        if camera.node:
            where.add_metric((camera.name, camera.node), 1)
    yield GaugeMetricFamily("meshcast_fleet_cameras", "Cameras of the fleet", len(status.cameras))
    yield GaugeMetricFamily("meshcast_fleet_standbys", "Processes that can take over a camera now", status.standbys)
    yield from (up, restarts, where)
