"""Processor time that the pool of processes and Ray add to a video: python tests/benchmarks/bm_batch.py

A clip of 10 s (a shorter one, repeated) is processed by a plain run in this process, by a batch with one process and,
where Ray is installed, by a batch with one actor, in turns, every second round in reverse. Counted is the processor
time of the worker for the video and that of all processes around it (the batch, Ray's daemons), without the loading of
models.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import av
import psutil
from metric import note

from edge.batch.batch import BatchConfig, run_batch
from edge.batch.executor import Executor, VideoTask
from edge.batch.manifest import Manifest
from edge.batch.process_pool import ProcessPool
from edge.batch.processing import Processing
from edge.batch.ray_pool import RayPool, WorkerResources
from edge.batch.videos import find_videos
from edge.models import Models
from tests.support.paths import MEDIA, ROOT

LOOPBACK = "127.0.0.1"


def repeated(source: Path, target: Path, times: int) -> None:
    """Write a clip several times in succession into one file, without encoding it again."""
    with av.open(str(target), "w") as output:
        stream, offset = None, 0
        for _ in range(times):
            with av.open(str(source)) as clip:
                video = clip.streams.video[0]
                stream = stream or output.add_stream_from_template(video)
                end = offset
                for packet in clip.demux(video):
                    if packet.dts is None:
                        continue
                    packet.pts += offset
                    packet.dts += offset
                    end = max(end, packet.pts + packet.duration)
                    packet.stream = stream
                    output.mux(packet)
                offset = end


def around_s() -> float:
    """Processor time of this process and of Ray's daemons, without that of workers, s."""
    total = time.process_time()
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):  # has ended, zombies included
            name = " ".join(process.cmdline()[:2])
            if "raylet" in name or "gcs_server" in name:
                times = process.cpu_times()
                total += times.user + times.system
    return total


class Bench:
    """The clip and the ways to process it."""

    def __init__(self, base: Path, processing: Processing, videos: Path) -> None:
        self._base, self._processing = base, processing
        self._videos = find_videos([str(videos)]).videos
        self._plain = processing.load()
        self._count = 0

    def plain(self) -> tuple[float, int]:
        """Processor time and frames of a run in this process."""
        result = self._plain(VideoTask(self._videos[0], self._folder()), lambda frames, total: None)
        return result.cpu_s, result.frames

    def batch(self, make: Callable[[int], Executor]) -> tuple[float, int]:
        """Processor time and frames of a batch."""
        out = self._folder()
        ready: list[float] = []

        def timed(count: int) -> Executor:
            executor = make(count)
            while not executor.idle():
                executor.wait(0.5)
            ready.append(around_s())
            return executor

        def on_progress(progress: object) -> None:
            ended[:] = [around_s()]

        ended: list[float] = []
        run_batch(self._videos, BatchConfig(out, self._processing.suffixes, {}), timed, on_progress)
        details = Manifest(out).records[self._videos[0].name].details
        return details["cpu_s"] + ended[0] - ready[0], details["frames"]

    def _folder(self) -> Path:
        self._count += 1
        path = self._base / f"out{self._count}"
        path.mkdir()
        return path


def main() -> int:
    """Measure in turns; prints each round and the medians of the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--times", type=int, default=6, help="repetitions of the clip of 1.7 s")
    options = parser.parse_args()
    os.environ |= {
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
    }
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        videos = base / "videos"
        videos.mkdir()
        repeated(MEDIA / "balance_cam03.mp4", videos / "clip.mp4", options.times)
        processing = Processing(formats=("npz",), models=Models(threads=1))
        bench = Bench(base, processing, videos)
        makes: dict[str, Callable[[int], Executor]] = {"processes": lambda count: ProcessPool(processing.load, 1)}
        cluster = None
        if importlib.util.find_spec("ray") is not None:
            from ray.cluster_utils import Cluster

            node = {"num_cpus": 1, "node_ip_address": LOOPBACK, "include_dashboard": False}
            cluster = Cluster(initialize_head=True, head_node_args=node)
            address = cluster.address
            makes["ray"] = lambda count: RayPool(processing.load, address, workers=1, resources=WorkerResources(cpus=1))
        try:
            bench.plain()  # warms up
            ratios: dict[str, list[float]] = {name: [] for name in makes}
            for index in range(options.rounds):
                ways = ["plain", *makes]
                measured = {
                    name: bench.batch(makes[name]) if name in makes else bench.plain()
                    for name in (ways if index % 2 else reversed(ways))
                }
                plain_s, frames = measured["plain"]
                note(f"plain: {plain_s:.2f} s for {frames} frames, {1000 * plain_s / frames:.1f} ms a frame")
                for name in makes:
                    ratios[name].append(measured[name][0] / plain_s)
                    note(f"{name}: {measured[name][0]:.2f} s, ratio {ratios[name][-1]:.3f}")
        finally:
            if cluster is not None:
                cluster.shutdown()
    for name, values in ratios.items():
        note(f"{name}: median ratio {statistics.median(values):.3f} of {len(values)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
