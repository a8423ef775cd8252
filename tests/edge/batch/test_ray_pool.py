"""Batches on a Ray cluster, and addresses where none is. tests/benchmarks/bm_batch_ray.py has three nodes."""

from __future__ import annotations

import os
import re
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edge.batch.batch import BatchConfig, run_batch
from edge.batch.manifest import NAME, Manifest
from edge.batch.progress import BatchProgress
from edge.batch.ray_pool import RayActor, RayPool, WorkerResources
from edge.batch.spool import Spooled
from edge.batch.store import Store
from edge.batch.videos import find_videos
from engines.errors import MeshcastError
from tests.support.batch_workers import SUFFIXES, attempts, loader, unusable
from tests.support.paths import ROOT
from tests.support.s3 import BUCKET, s3_service


@pytest.fixture
def no_cluster(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))


@pytest.mark.usefixtures("no_cluster")
@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("auto", "^auto: no Ray cluster runs on this machine; start one"),
        ("somewhere", "^somewhere: not the address of a Ray cluster; use HOST:PORT or auto"),
        ("127.0.0.1:1", "^127.0.0.1:1: no Ray cluster answers: Connection refused; start one"),
        ("127.0.0.1:99999", "^127.0.0.1:99999: no Ray cluster answers: "),
    ],
)
def test_ray_pool_without_a_cluster_raises(address: str, problem: str, tmp_path: Path) -> None:
    with pytest.raises(MeshcastError, match=problem):
        RayPool(loader(tmp_path), address)


def test_ray_pool_without_ray_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setenv("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(MeshcastError, match=r"Ray is not installed; run .* install .*\[ray\]"):
            RayPool(loader(tmp_path), address)


def test_ray_actor_of_another_version_of_meshcast_is_refused() -> None:
    assert re.search(
        r": has Meshcast .*, the batch 0\.0; install one version on all nodes$", RayActor(unusable).load("0.0")
    )


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A cluster of one node with two CPUs on the loopback address."""
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setenv("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")  # read when ray is imported
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), *sys.path]))
    pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    node = {"num_cpus": 2, "node_ip_address": "127.0.0.1", "include_dashboard": False}
    made = Cluster(initialize_head=True, head_node_args=node)
    yield made
    made.shutdown()


def test_ray_pool_killed_worker_and_failures(cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    videos, out, marks = (tmp_path / name for name in ("videos", "out", "marks"))
    videos.mkdir()
    marks.mkdir()
    for name, text in {
        "a": "ok 3",
        "b": "kill 4",
        "c": "fail",
        "d": "wait 2",
        "e": "bug",
        "f": "long 2 1 kill",
    }.items():
        (videos / f"{name}.mp4").write_text(text)

    def on_progress(progress: BatchProgress) -> None:
        if progress.done == 3 and progress.failed == 2 and progress.fps * progress.elapsed_s > 27.5:
            (marks / "go").touch()  # the first frame of d has been told

    terminate = signal.getsignal(signal.SIGTERM)
    found = find_videos([str(videos)]).videos
    config = BatchConfig(out, SUFFIXES, {})
    result = run_batch(
        found,
        config,
        lambda count: RayPool(loader(marks), cluster.address, workers=count, resources=WorkerResources(cpus=1)),
        on_progress,
    )
    assert {video.name: attempts(marks, video.name) for video in found} == {
        "a": 1,
        "b": 2,
        "c": 3,
        "d": 1,
        "e": 3,
        "f": 0,
    }
    assert [attempts(marks, f"f-{step}") for step in (0, 1, "stitch")] == [1, 2, 1]
    assert (out / "f.npz").read_text() == "0 1"
    assert (marks / "go").exists()
    assert result.failed == {"c": f"{videos / 'c.mp4'}: not a video", "e": "internal error (KeyError: 'e')"}
    assert (result.progress.done, result.progress.frames) == (4, 29)
    records = Manifest(out).records
    assert {name: record.state for name, record in records.items()} == {
        **dict.fromkeys("abdf", "done"),
        **dict.fromkeys("ce", "failed"),
    }
    assert all((out / f"{name}{suffix}").exists() for name in "abdf" for suffix in SUFFIXES)
    assert signal.getsignal(signal.SIGTERM) is terminate

    with monkeypatch.context() as patch:
        patch.setattr("ray.__version__", "2.0.0")  # of this process; the cluster has the installed one
        with pytest.raises(MeshcastError, match=r"this Ray cluster cannot be used: Version mismatch: .* 2\.0\.0"):
            RayPool(loader(marks), cluster.address)
    with pytest.raises(MeshcastError, match=r"no room for a worker with 64 CPUs"):
        RayPool(loader(marks), cluster.address, resources=WorkerResources(cpus=64))
    pool = RayPool(unusable, cluster.address, workers=1, resources=WorkerResources(cpus=1))
    try:
        with pytest.raises(MeshcastError, match=r"^no such model$"):
            wait_until_it_raises(pool)
    finally:
        pool.close()


def test_ray_pool_workers_fetch_and_upload_in_a_store_that_fails_now_and_then(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with s3_service(monkeypatch) as service:
        address = request.getfixturevalue("cluster").address  # its nodes have the environment of the service
        store = Store(f"s3://{BUCKET}")
        for name, text in {"a": "ok 3", "b": "kill 4", "c": "fail", "d": "long 2 0 ok"}.items():
            (tmp_path / name).write_text(text)
            store.upload(tmp_path / name, f"s3://{BUCKET}/videos/{name}.mp4")
        service.every = 5
        load = Spooled(loader(tmp_path), f"s3://{BUCKET}/out")
        result = run_batch(
            find_videos([f"s3://{BUCKET}/videos"]).videos,
            BatchConfig(f"s3://{BUCKET}/out", SUFFIXES, {}),
            lambda count: RayPool(load, address, workers=count, resources=WorkerResources(cpus=1)),
        )
        assert service.failures > 3
        service.every = 0
        assert list(result.failed) == ["c"]
        assert {entry.url.rpartition("/")[2] for entry in store.find(f"s3://{BUCKET}/out/")} == {
            NAME,
            *(f"{name}{suffix}" for name in "abd" for suffix in SUFFIXES),
        }
        assert store.read(f"s3://{BUCKET}/out/d.npz") == b"d 20"  # videos of a store are not split


def wait_until_it_raises(pool: RayPool) -> None:
    while True:
        pool.wait(1.0)
