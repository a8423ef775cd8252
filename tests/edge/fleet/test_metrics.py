from __future__ import annotations

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest

from edge.fleet.metrics import MAX_SAMPLES, FleetCollector, merged
from edge.fleet.status import CameraStatus, FleetStatus
from edge.wire.proxy import ProxyStats

TEXT = """\
# TYPE meshcast_frames_captured_total counter
meshcast_frames_captured_total{stream="x"} %d
# TYPE process_cpu_seconds_total counter
process_cpu_seconds_total 2.5
# TYPE other gauge
other 1
"""


def test_collector_has_all_cameras_with_their_names() -> None:
    camera = CameraStatus("door", "live", "rtsp://door", "node 1", "tcp://a:1", 7, 10, 30.0, 2, 0.0, "")
    status = FleetStatus("tcp://*:5556", 3, (camera,))
    registry = CollectorRegistry()
    texts = {"door": TEXT % 5, "yard": TEXT % 6, "damaged": "meshcast_people{ 1"}
    registry.register(FleetCollector(lambda: status, ProxyStats, lambda: texts))
    lines = generate_latest(registry).decode().splitlines()
    for line in (
        'meshcast_frames_captured_total{camera="door",stream="x"} 5.0',
        'meshcast_frames_captured_total{camera="yard",stream="x"} 6.0',
        'meshcast_camera_process_cpu_seconds_total{camera="yard"} 2.5',
        'meshcast_fleet_camera_up{camera="door"} 1.0',
        'meshcast_fleet_camera_restarts_total{camera="door"} 2.0',
        'meshcast_fleet_camera_node{camera="door",node="node 1"} 1.0',
        "meshcast_proxy_clients 0.0",
    ):
        assert line in lines
    assert sum(line.startswith("# TYPE meshcast_frames_captured_total") for line in lines) == 1
    assert not any(line.startswith("other") for line in lines)


def test_merged_samples_of_a_camera_are_bounded() -> None:
    text = "# TYPE meshcast_people gauge\n" + "".join(
        f'meshcast_people{{stream="s{number}"}} 1\n' for number in range(MAX_SAMPLES + 50)
    )
    (family,) = merged({"a": text})
    assert len(family.samples) == MAX_SAMPLES
