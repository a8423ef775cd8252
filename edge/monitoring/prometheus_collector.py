"""The metrics of a run, read from its counters at each request."""

from __future__ import annotations

import math
import platform
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.metadata import version
from itertools import accumulate
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

from edge.monitoring.clients import Clients
from edge.monitoring.gpu_stats import Gpus, thread_count
from edge.timing import BOUNDS_MS, Histogram

if TYPE_CHECKING:
    from edge.models import LoadedModels
    from edge.runtime.health import RunHealth
    from edge.runtime.room_results import RoomResults
    from edge.runtime.stream import StreamRun

BOUNDS = (*(f"{bound / 1000:g}" for bound in BOUNDS_MS), "+Inf")  # seconds


class RunCollector(Collector):
    """Collects the metrics of the streams and models given to watch(); before that, only those of the process."""

    def __init__(self, health: RunHealth) -> None:
        """health: of the sources."""
        self._health = health
        self._clients: Clients | None = None
        self._streams: Sequence[StreamRun] = ()
        self._models: LoadedModels | None = None
        self._room: RoomResults | None = None
        self._gpus = Gpus()

    def watch(
        self,
        streams: Sequence[StreamRun],
        models: LoadedModels | None = None,
        clients: Clients | None = None,
        room: RoomResults | None = None,
    ) -> None:
        """Collect the metrics of these."""
        self._streams, self._models, self._clients, self._room = streams, models, clients, room

    def close(self) -> None:
        """Release the GPUs."""
        self._gpus.close()

    def collect(self) -> Iterator[Metric]:
        """Every metric, for prometheus_client."""
        build = {"version": version("meshcast"), "python": platform.python_version()}
        yield InfoMetricFamily("meshcast_build", "What is running", build)
        threads = thread_count()
        if threads is not None:
            yield GaugeMetricFamily("meshcast_threads", "Threads of the process, libraries included", threads)
        yield from self._of_gpus()
        yield from _counters(self._streams)
        yield from _device(self._streams)
        yield from _sources(self._streams, self._health)
        if self._clients is not None:
            yield from _of_clients(self._clients)
        if self._room is not None:
            yield from _of_room(self._room)
        yield from _times(self._streams)
        if self._models is not None:
            yield from _engines(self._models)

    def _of_gpus(self) -> Iterator[Metric]:
        used = GaugeMetricFamily("meshcast_gpu_memory_used_bytes", "Memory in use on the GPU", labels=("gpu", "name"))
        total = GaugeMetricFamily("meshcast_gpu_memory_bytes", "Memory of the GPU", labels=("gpu", "name"))
        load = GaugeMetricFamily("meshcast_gpu_load_ratio", "Share of time the GPU is busy", labels=("gpu", "name"))
        clock = GaugeMetricFamily("meshcast_gpu_clock_hertz", "Clock of the GPU's cores", labels=("gpu", "name"))
        power = GaugeMetricFamily("meshcast_gpu_power_watts", "Power of the GPU or board", labels=("gpu", "name"))
        for gpu in self._gpus.read():
            values = (gpu.used_bytes, gpu.total_bytes, gpu.load, gpu.clock_hz, gpu.power_w)
            for family, value in zip((used, total, load, clock, power), values, strict=True):
                if value is not None:
                    family.add_metric((str(gpu.index), gpu.name), value)
        yield from (used, total, load)
        yield from (family for family in (clock, power) if family.samples)


def exposition_of(collector: Collector) -> Callable[[], str]:
    """A function that returns the metrics of a collector and of the process in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(collector)
    ProcessCollector(registry=registry)
    return lambda: generate_latest(registry).decode()


def _counters(streams: Iterable[StreamRun]) -> Iterator[Metric]:
    captured = CounterMetricFamily("meshcast_frames_captured", "Frames taken from the source", labels=("stream",))
    published = CounterMetricFamily("meshcast_frames_published", "Frames with a result", labels=("stream",))
    dropped = CounterMetricFamily(
        "meshcast_frames_dropped", "Frames without a result, by reason", labels=("stream", "reason")
    )
    with_people = CounterMetricFamily("meshcast_frames_with_people", "Frames with people in them", labels=("stream",))
    lost = CounterMetricFamily("meshcast_people_dropped", "Tracked people without a body", labels=("stream",))
    people = GaugeMetricFamily("meshcast_people", "People in the latest frame", labels=("stream",))
    fps = GaugeMetricFamily("meshcast_frames_per_second", "Of the latest frames", labels=("stream",))
    queued = GaugeMetricFamily("meshcast_queue_frames", "Frames that wait for a step", labels=("stream", "queue"))
    running = GaugeMetricFamily(
        "meshcast_stream_running", "1 from the first frame until the stream has ended", labels=("stream",)
    )
    for stream in streams:
        name = (stream.name,)
        captured.add_metric(name, stream.results.captured)
        published.add_metric(name, stream.frames)
        for reason, count in stream.results.drops.items():
            dropped.add_metric((stream.name, reason), count)
        with_people.add_metric(name, stream.frames_with_people)
        lost.add_metric(name, stream.results.pipeline.dropped_people)
        people.add_metric(name, stream.people)
        for queue, length in stream.results.waiting.items():
            queued.add_metric((stream.name, queue), length)
        fps.add_metric(name, stream.fps)
        running.add_metric(name, stream.running and stream.results.captured > 0)
    yield from (captured, published, dropped, with_people, lost, people, fps, queued, running)


def _device(streams: Iterable[StreamRun]) -> Iterator[Metric]:
    copies = CounterMetricFamily("meshcast_gpu_copies", "Copies between host and GPU", labels=("stream",))
    copied = CounterMetricFamily("meshcast_gpu_copied_bytes", "Bytes of these copies", labels=("stream",))
    waits = CounterMetricFamily("meshcast_gpu_host_waits", "Times the host waited for the GPU", labels=("stream",))
    launches = CounterMetricFamily("meshcast_gpu_launches", "Launches, and runs of graphs", labels=("stream", "kind"))
    for stream in streams:
        counts = stream.results.pipeline.device_counts
        if counts is not None:
            for family, value in ((copies, counts.copies), (copied, counts.bytes), (waits, counts.host_waits)):
                family.add_metric((stream.name,), value)
            launches.add_metric((stream.name, "single"), counts.launches)
            launches.add_metric((stream.name, "graph"), counts.graphs)
    yield from (family for family in (copies, copied, waits, launches) if family.samples)


def _sources(streams: Iterable[StreamRun], health: RunHealth) -> Iterator[Metric]:
    up = GaugeMetricFamily("meshcast_source_up", "1 while the source delivers frames", labels=("stream",))
    reconnects = CounterMetricFamily("meshcast_source_reconnects", "Reconnections", labels=("stream",))
    decoding = GaugeMetricFamily(
        "meshcast_decode_level",
        "0: every frame is decoded, 1: frames that others need, 2: those of a part of the time, 3: key frames",
        labels=("stream",),
    )
    for stream in streams:
        decoding.add_metric((stream.name,), stream.results.reader.source.decode_level)
        up.add_metric((stream.name,), health.is_up(stream))
        reconnects.add_metric((stream.name,), stream.results.reader.source.reconnects)
    yield from (up, reconnects, decoding)


def _of_clients(clients: Clients) -> Iterator[Metric]:
    yield GaugeMetricFamily("meshcast_subscribers", "Clients that are subscribed", clients.subscribers())
    yield CounterMetricFamily("meshcast_clients_refused", "Rejected connections", clients.refused())


def _of_room(room: RoomResults) -> Iterator[Metric]:
    labels = ("stream",)
    matched = GaugeMetricFamily(
        "meshcast_room_people_matched", "People of a camera whom another camera sees too", labels=labels
    )
    error = GaugeMetricFamily(
        "meshcast_room_reprojection_pixels",
        "Distance of keypoints from the fused bodies, root mean square",
        labels=labels,
    )
    drift = GaugeMetricFamily(
        "meshcast_room_drift_degrees", "Turn of a camera against its pose in the rig", labels=labels
    )
    moved = GaugeMetricFamily("meshcast_room_camera_moved", "1 while a camera seems to have been moved", labels=labels)
    offset = GaugeMetricFamily(
        "meshcast_room_offset_seconds", "By how much a camera's clock is ahead of the first one's", labels=labels
    )
    silent = GaugeMetricFamily(
        "meshcast_room_camera_silent", "1 while the room goes on without a camera", labels=labels
    )
    latency = GaugeMetricFamily(
        "meshcast_room_latency_seconds", "From the capture of a camera's frames to the room", labels=labels
    )
    for camera, latency_s in zip(room.health(), room.latencies_s, strict=True):
        name = (camera.name,)
        matched.add_metric(name, camera.matched)
        moved.add_metric(name, camera.moved)
        silent.add_metric(name, camera.name in room.silent)
        for family, value in (
            (error, camera.reprojection_px),
            (drift, camera.drift_deg),
            (offset, camera.offset_s),
            (latency, latency_s),
        ):
            if math.isfinite(value):
                family.add_metric(name, value)
    yield from (matched, error, drift, moved, offset, silent, latency)


def _times(streams: Iterable[StreamRun]) -> Iterator[Metric]:
    latency = HistogramMetricFamily("meshcast_latency_seconds", "From capture to publishing", labels=("stream",))
    stages = HistogramMetricFamily(
        "meshcast_stage_duration_seconds", "Time a stage worked on a frame", labels=("stream", "stage")
    )
    queues = HistogramMetricFamily(
        "meshcast_queue_wait_seconds", "Time a frame waited for a step", labels=("stream", "queue")
    )
    for stream in streams:
        timings = stream.results.pipeline.timings
        ages = timings.ages.histograms()
        if "latency" in ages:
            _add(latency, (stream.name,), ages["latency"])
        for family, durations in ((stages, timings.stages), (queues, timings.queues)):
            for name, histogram in durations.histograms().items():
                _add(family, (stream.name, name), histogram)
    yield from (latency, stages, queues)


def _engines(models: LoadedModels) -> Iterator[Metric]:
    labels = ("task", "model")
    calls = HistogramMetricFamily("meshcast_engine_duration_seconds", "Time of an engine's calls", labels=labels)
    rows = CounterMetricFamily(
        "meshcast_engine_rows", "Batch items that an engine computed, one per person or image", labels=labels
    )
    together = CounterMetricFamily(
        "meshcast_engine_rows_together", "Batch items that shared their call with those of other streams", labels=labels
    )
    times = models.timings.stages.histograms()
    for task, session in models.sessions.items():
        name = (task, models.uses[task].name)
        if f"{task} engine" in times:
            _add(calls, name, times[f"{task} engine"])
        rows.add_metric(name, session.rows)
        together.add_metric(name, session.batched_rows)
    yield from (calls, rows, together)


def _add(family: HistogramMetricFamily, labels: Sequence[str], times: Histogram) -> None:
    buckets = list(zip(BOUNDS, map(float, accumulate(times.counts)), strict=True))
    family.add_metric(labels, buckets, times.total_ms / 1000)
