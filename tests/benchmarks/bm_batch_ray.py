"""A batch on a Ray cluster of three nodes beside the processes of one machine: python tests/benchmarks/bm_batch_ray.py

One worker is killed with SIGKILL and one node is removed in the middle. Every output must exist once and have the bytes
of the batch on one process; --fakes processes without models. Needs `pip install 'meshcast[ray]'`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil
from metric import note

from edge.batch.batch import BatchConfig, BatchResult, run_batch
from edge.batch.executor import Executor, Load
from edge.batch.manifest import Manifest
from edge.batch.process_pool import ProcessPool
from edge.batch.processing import Processing
from edge.batch.progress import BatchProgress
from edge.batch.ray_pool import RayPool, WorkerResources
from edge.batch.videos import find_videos
from edge.models import Models
from tests.support.batch_workers import SUFFIXES, loader
from tests.support.paths import MEDIA, ROOT

NODES = 3
CLIPS = "tpose_cam01.mp4", "tpose_cam03.mp4"
LOOPBACK = "127.0.0.1"


def archive(folder: Path, count: int, *, fakes: bool) -> Path:
    """A folder of clips with distinct names; for workers without models, of texts."""
    folder.mkdir()
    for index in range(count):
        path = folder / f"clip{index:02}.mp4"
        if fakes:
            path.write_text(f"ok {index}")
        else:
            shutil.copy(MEDIA / CLIPS[index % len(CLIPS)], path)
    return folder


def hashes(out: Path) -> dict[str, str]:
    """SHA-256 of the results of all finished videos."""
    records = Manifest(out).records.values()
    return {record.name: next(file.sha256 for file in record.files if file.suffix == ".npz") for record in records}


def actor_pids() -> list[int]:
    """Processes of this machine that are workers of the batch."""
    return [
        process.pid
        for process in psutil.process_iter(["cmdline"])
        if "ray::RayActor" in " ".join(process.info["cmdline"] or ())
    ]


class Disturbance:
    """Kills a worker when two videos are done, and removes a node when half of them are."""

    def __init__(self, remove_node: Callable[[], None]) -> None:
        self._remove_node = remove_node
        self.killed = self.removed = False

    def __call__(self, progress: BatchProgress) -> None:
        if progress.done >= 2 and not self.killed:
            pids = actor_pids()
            os.kill(pids[0], signal.SIGKILL)
            self.killed = True
            note(f"killed one of {len(pids)} workers; {progress.line()}")
        if progress.done >= progress.total // 2 and not self.removed:
            self.removed = True
            self._remove_node()
            note(f"removed a node; {progress.line()}")


def run(
    videos: Path, out: Path, suffixes: tuple[str, ...], make: Callable[[int], Executor], **rest: Disturbance
) -> BatchResult:
    """One batch; prints how it went."""
    result = run_batch(find_videos([str(videos)]).videos, BatchConfig(out, suffixes, {}), make, **rest)
    note(f"{out.name}: {result.progress.line()}, {result.progress.elapsed_s:.1f} s, {result.failed}{result.stopped}")
    return result


def main() -> int:
    """Run both batches and compare their outputs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=12)
    parser.add_argument("--fakes", action="store_true", help="workers without models")
    options = parser.parse_args()
    os.environ |= {
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
    }
    from ray.cluster_utils import Cluster

    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        (base / "marks").mkdir()
        videos = archive(base / "videos", options.clips, fakes=options.fakes)
        processing = Processing(formats=("npz",), models=Models(threads=1))
        load: Load = loader(base / "marks") if options.fakes else processing.load
        suffixes = SUFFIXES if options.fakes else processing.suffixes
        run(videos, base / "processes", suffixes, lambda count: ProcessPool(load, 1))
        began_s = time.monotonic()
        common = {"num_cpus": 1, "node_ip_address": LOOPBACK}
        cluster = Cluster(initialize_head=True, head_node_args=common | {"include_dashboard": False})
        try:
            nodes = [cluster.add_node(**common) for _ in range(NODES - 1)]
            note(f"a cluster of {NODES} nodes after {time.monotonic() - began_s:.1f} s")
            disturbance = Disturbance(lambda: cluster.remove_node(nodes[-1]))
            resources = WorkerResources(cpus=1)
            run(
                videos,
                base / "ray",
                suffixes,
                lambda count: RayPool(load, cluster.address, resources=resources),
                on_progress=disturbance,
            )
        finally:
            cluster.shutdown()
        equal = hashes(base / "ray") == hashes(base / "processes")
        outputs = sorted(path.name for path in (base / "ray").iterdir())
        whole = outputs == sorted(path.name for path in (base / "processes").iterdir())
        disturbed = disturbance.killed and disturbance.removed
        note(f"same files: {whole}; same bytes: {equal}; worker killed and node removed: {disturbed}")
        return 0 if equal and whole and disturbed else 1


if __name__ == "__main__":
    sys.exit(main())
