"""Metrics of real runs, scraped over HTTP as Prometheus does."""

from __future__ import annotations

import socket
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

import edge.run
from edge.errors import EXIT_INPUT, EXIT_WHOLE, ProfilingError
from edge.monitoring.gpu_stats import Gpus
from edge.monitoring.prometheus_server import MetricsServer
from edge.timing import BOUNDS_MS
from tests.support.commands import Command

Labels = tuple[tuple[str, str], ...]


class Scrape:
    """All samples of one answer, by name and labels."""

    def __init__(self, address: str) -> None:
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as answer:
            text = answer.read().decode()
        self.kinds: dict[str, str] = {}
        self._samples: dict[tuple[str, Labels], float] = {}
        for family in text_string_to_metric_families(text):
            self.kinds[family.name] = family.type
            for sample in family.samples:
                self._samples[sample.name, tuple(sorted(sample.labels.items()))] = sample.value

    def __call__(self, name: str, /, **labels: str) -> float:
        return self._samples[name, tuple(sorted(labels.items()))]

    def labels(self, name: str) -> list[dict[str, str]]:
        return [dict(labels) for sample, labels in self._samples if sample == name]


@pytest.fixture
def scrapes(monkeypatch: pytest.MonkeyPatch) -> list[Scrape]:
    """What a scrape of each run says once its streams have ended."""
    addresses: list[str] = []
    taken: list[Scrape] = []
    init, report_of = MetricsServer.__init__, edge.run.run_report

    def listening(self: MetricsServer, address: str, **options: Any) -> None:
        init(self, address, **options)
        addresses.append(self.address)

    def scraping(*args: Any) -> dict[str, Any]:
        taken.append(Scrape(addresses[-1]))
        return report_of(*args)

    monkeypatch.setattr(MetricsServer, "__init__", listening)
    monkeypatch.setattr(edge.run, "run_report", scraping)
    return taken


@pytest.fixture(autouse=True)
def no_thread_stays() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert {thread for thread in threading.enumerate() if thread not in before and "server" in thread.name} == set()


def test_metrics_of_two_streams(meshcast: Command, person_clip: Path, scrapes: list[Scrape]) -> None:
    said = meshcast("run", person_clip, "synthetic:?frames=9&size=160x120", "--metrics", "127.0.0.1:0")
    assert (said.code, said.errors) == (EXIT_WHOLE, [])
    (scrape,) = scrapes
    for stream, frames in (("person", 12), ("synthetic", 9)):
        assert scrape("meshcast_frames_captured_total", stream=stream) == frames
        assert scrape("meshcast_frames_published_total", stream=stream) == frames
        assert scrape("meshcast_latency_seconds_count", stream=stream) == frames
        assert scrape("meshcast_stage_duration_seconds_count", stream=stream, stage="pose") == frames
        assert scrape("meshcast_stage_duration_seconds_count", stream=stream, stage="decode") >= frames
        assert scrape("meshcast_queue_wait_seconds_count", stream=stream, queue="mesh") == frames
        assert scrape("meshcast_stream_running", stream=stream) == 0
        assert 0 < scrape("meshcast_frames_per_second", stream=stream) < 10_000
        assert scrape("meshcast_source_up", stream=stream) == 0
        assert scrape("meshcast_source_reconnects_total", stream=stream) == 0
    assert scrape("meshcast_frames_with_people_total", stream="person") == 12
    assert scrape("meshcast_people", stream="person") >= 1
    stages = {labels["stage"] for labels in scrape.labels("meshcast_stage_duration_seconds_count")}
    assert stages == {
        "decode",
        "detect",
        "track",
        "pose",
        "second_pose",
        "mesh",
        "localize",
        "inverse_kinematics",
        "refine",
        "unseen_pose",
        "smooth",
        "foot_lock",
        "skin",
    }
    pose = {"task": "pose", "model": "movenet_thunder"}
    assert scrape("meshcast_engine_rows_total", **pose) >= scrape("meshcast_engine_duration_seconds_count", **pose) > 0
    assert scrape("meshcast_engine_rows_total", **pose) >= scrape("meshcast_engine_rows_together_total", **pose)
    (build,) = scrape.labels("meshcast_build_info")
    assert set(build) == {"version", "python"}
    assert scrape.kinds["meshcast_frames_dropped"] == "counter"
    assert scrape.kinds["meshcast_latency_seconds"] == "histogram"


def test_metrics_captured_equals_published_plus_dropped(
    meshcast: Command, person_clip: Path, scrapes: list[Scrape], first_mesh_late: None
) -> None:
    """Played in real time, with the first frame's mesh late."""
    words = ("--pace", "realtime", "--loop", "--max-frames", "20", "--metrics", "127.0.0.1:0")
    assert meshcast("run", person_clip, *words).code == EXIT_WHOLE
    (scrape,) = scrapes
    dropped = scrape.labels("meshcast_frames_dropped_total")
    reasons = {"before pose", "before mesh", "before output", "failed", "unfinished"}
    assert {labels["reason"] for labels in dropped} == reasons
    lost = sum(scrape("meshcast_frames_dropped_total", **labels) for labels in dropped)
    assert lost >= 1
    assert scrape("meshcast_frames_captured_total", stream="person") == 20 + lost


def test_metrics_histograms_are_cumulative_in_seconds(
    meshcast: Command, person_clip: Path, scrapes: list[Scrape]
) -> None:
    meshcast("run", person_clip, "--metrics", "127.0.0.1:0")
    (scrape,) = scrapes
    labels = [labels for labels in scrape.labels("meshcast_latency_seconds_bucket") if labels["stream"] == "person"]
    bounds = sorted(float(label["le"]) for label in labels)
    assert bounds == [*(bound / 1000 for bound in BOUNDS_MS), float("inf")]
    counts = [scrape("meshcast_latency_seconds_bucket", **label) for label in labels]
    assert counts == sorted(counts)
    assert counts[-1] == 12
    assert 0 < scrape("meshcast_latency_seconds_sum", stream="person") < 12 * 60


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the system does not say")
def test_metrics_before_streams_contain_process() -> None:
    with MetricsServer("127.0.0.1:0") as server:
        scrape = Scrape(server.address)
        assert scrape("process_resident_memory_bytes") > 1e6
        assert scrape("meshcast_threads") >= 2
        with pytest.raises(ProfilingError, match=f"^{server.address}: .*in use; choose another address with --metrics"):
            MetricsServer(server.address)
    with pytest.raises(OSError, match="refused"):
        Scrape(server.address)


@pytest.mark.parametrize(
    "address", ["9464", "127.0.0.1", ":9464", "127.0.0.1:", "127.0.0.1:99999", "http://a:1", "a:-1"]
)
def test_metrics_server_invalid_address_raises(
    address: str, meshcast: Command, blank_clip: Path, tmp_path: Path
) -> None:
    said = meshcast("run", blank_clip, f"--metrics={address}", "--trace", tmp_path / "t.json")
    assert said.code == EXIT_INPUT
    assert said.err == f"meshcast: {address}: not an address; use HOST:PORT, for example 127.0.0.1:9464\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_metrics_server_foreign_address_raises(host: str, meshcast: Command, blank_clip: Path) -> None:
    said = meshcast("run", blank_clip, "--metrics", f"{host}:9464")
    assert said.code == EXIT_INPUT
    assert len(said.err.splitlines()) == 1
    assert said.err.startswith(f"meshcast: {host}:9464: ")


def test_metrics_server_occupied_port_is_an_error(meshcast: Command, blank_clip: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        said = meshcast("run", blank_clip, "--metrics", address)
    assert said.code == EXIT_INPUT
    assert said.err == f"meshcast: {address}: Address already in use; choose another address with --metrics\n"


# GPUs


class NVMLError(Exception):
    """As in nvidia-ml-py."""


@pytest.fixture
def nvml(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A stand-in for nvidia-ml-py with one GPU whose memory is asked for in vain."""

    def memory(handle: str) -> Any:
        raise NVMLError

    module: Any = ModuleType("pynvml")
    module.NVMLError = NVMLError
    module.nvmlInit = module.nvmlShutdown = lambda: None
    module.nvmlDeviceGetCount = lambda: 1
    module.nvmlDeviceGetHandleByIndex = lambda index: f"handle {index}"
    module.nvmlDeviceGetName = lambda handle: b"RTX"
    module.nvmlDeviceGetUtilizationRates = lambda handle: SimpleNamespace(gpu=37)
    module.nvmlDeviceGetMemoryInfo = memory
    module.NVML_CLOCK_SM = 1
    module.nvmlDeviceGetClockInfo = lambda handle, domain: 1500 * domain
    module.nvmlDeviceGetPowerUsage = lambda handle: 60_500
    monkeypatch.setitem(sys.modules, "pynvml", module)
    return module


def test_gpus_report_available_values(nvml: Any, tmp_path: Path) -> None:
    with MetricsServer("127.0.0.1:0") as server:
        scrape = Scrape(server.address)
        assert scrape("meshcast_gpu_load_ratio", gpu="0", name="RTX") == 0.37
        assert scrape.labels("meshcast_gpu_memory_used_bytes") == []
        assert scrape("meshcast_gpu_clock_hertz", gpu="0", name="RTX") == 1.5e9
        assert scrape("meshcast_gpu_power_watts", gpu="0", name="RTX") == 60.5
        nvml.nvmlDeviceGetMemoryInfo = lambda handle: SimpleNamespace(used=3, total=8)
        assert Scrape(server.address)("meshcast_gpu_memory_used_bytes", gpu="0", name="RTX") == 3


def test_gpus_without_gpu_report_nothing(nvml: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> None:
        raise NVMLError

    monkeypatch.setattr(nvml, "nvmlInit", fails)
    gpus = Gpus(tmp_path)
    assert gpus.read() == []
    gpus.close()


@pytest.mark.parametrize("place", ["gpu.0", "platform/gpu.0", "platform/17000000.gpu"])
def test_gpus_read_load_of_jetson(place: str, tmp_path: Path) -> None:
    load = tmp_path / place / "load"
    load.parent.mkdir(parents=True)
    load.write_text("523\n")
    gpus = Gpus(tmp_path)
    assert [(gpu.name, gpu.load, gpu.total_bytes) for gpu in gpus.read()] == [("jetson", 0.523, None)]
    load.write_text("")
    assert gpus.read()[0].load is None


def test_gpus_read_clock_and_power_of_jetson(tmp_path: Path) -> None:
    files = {
        "devices/gpu.0/load": "100",
        "class/devfreq/17000000.gpu/cur_freq": "918000000",
        "class/hwmon/hwmon0/name": "other",
        "class/hwmon/hwmon0/in1_label": "VDD_IN",
        "class/hwmon/hwmon3/name": "ina3221",
        "class/hwmon/hwmon3/in1_label": "VDD_IN",
        "class/hwmon/hwmon3/in1_input": "5000",
        "class/hwmon/hwmon3/curr1_input": "2400",
        "class/hwmon/hwmon3/in2_label": "VDD_CPU_GPU_CV",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")
    gpus = Gpus(tmp_path / "devices", tmp_path / "class")
    (gpu,) = gpus.read()
    assert gpu.clock_hz == 918e6
    assert gpu.power_w == pytest.approx(12.0)
    (tmp_path / "class/hwmon/hwmon3/curr1_input").unlink()
    assert gpus.read()[0].power_w is None
