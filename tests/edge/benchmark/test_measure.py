"""`meshcast bench`: its metrics are consistent, and every loop of a clip gives the same results."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edge.benchmark.runners import LoopingPipeline, PacedSource, Stopwatch
from edge.errors import EXIT_INPUT, EXIT_USAGE, EXIT_WHOLE
from edge.models import LoadedModels, Models
from edge.pipeline import CameraConfig, Pipeline
from edge.runtime.async_pipeline import AsyncPipeline
from edge.sources import open_source
from edge.types import F32, Bodies, TrackedFrame
from engines.errors import ModelError
from tests.support.commands import Command, report


@pytest.fixture(autouse=True)
def no_thread_remains() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert {thread for thread in threading.enumerate() if thread.name.startswith("meshcast")} <= before


def test_bench_report_is_consistent(meshcast: Command, person_clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "b.json"
    said = meshcast("bench", person_clip, "--frames", "9", "--warm-up", "2", "--live", "60", "--json", out)
    assert (said.code, said.errors) == (EXIT_WHOLE, [])
    metrics = report(out)
    overlapped, serial, live = metrics["overlapped"], metrics["serial"], metrics["live"]
    assert (overlapped["frames"], serial["frames"], live["frames"]) == (9, 9, 9)
    assert metrics["speed_up"] == pytest.approx(overlapped["fps"] / serial["fps"], abs=0.01)
    limits = metrics["limits_fps"]
    assert set(limits) == {"read", "track_people", "recover_meshes", "publish", "processor"}
    assert limits[metrics["limit"]] == min(limits.values())
    assert metrics["share_of_limit"] == pytest.approx(overlapped["fps"] / min(limits.values()), abs=0.01)
    for runner in (overlapped, serial, live):
        (stream,) = runner["streams"].values()
        assert set(stream["stages_ms"]) == {
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
            "publish",
        }
        assert runner["people_per_frame"] >= 1
        assert set(runner["engines_ms"]) == {"detector engine", "pose engine", "second_pose engine", "mesh engine"}
        assert runner["rows"]["pose"]["computed"] >= 9
        assert runner["cpu_ms_per_frame"] > 0
        ages = [stream[f"{age}_ms"]["mean"] for age in ("latency", "worked", "waited")]
        assert ages[0] == pytest.approx(ages[1] + ages[2], abs=0.01)
    (stream,) = serial["streams"].values()
    assert stream["queues_ms"] == {}
    assert sum(overlapped["streams"]["person"]["drops"].values()) == 0
    assert sum(live["streams"]["person"]["drops"].values()) >= 0
    assert f"{metrics['share_of_limit']:.0%} of it reached" in said.out
    assert "waiting for mesh" in said.out
    assert "at 60 frames per second" in said.out


def test_bench_two_streams_share_engines(meshcast: Command, person_clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "b.json"
    said = meshcast("bench", person_clip, person_clip, "--frames", "3", "--warm-up", "1", "--json", out)
    assert said.code == EXIT_WHOLE
    metrics = report(out)
    assert set(metrics["overlapped"]["streams"]) == {"person-1", "person-2"}
    assert metrics["overlapped"]["frames"] == 6
    assert all(rows["together"] == 0 for rows in metrics["serial"]["rows"].values())
    assert "live" not in metrics


def test_looping_pipeline_repeats_results_of_each_loop(person_clip: Path) -> None:
    pipeline = LoopingPipeline(LoadedModels(Models()), CameraConfig())
    pipeline.clip_length = 12
    with AsyncPipeline(open_source(str(person_clip), loop=True), pipeline, limit=24) as results:
        got = [result.bodies for result in results]
    assert any(len(bodies) for bodies in got)
    for first, second in zip(got[:12], got[12:], strict=True):
        np.testing.assert_array_equal(first.ids, second.ids)
        np.testing.assert_array_equal(first.vertices, second.vertices)


def test_paced_source_has_given_frame_rate(person_clip: Path) -> None:
    with PacedSource(open_source(str(person_clip)), 250.0) as source:
        assert [frame.t_s for frame in source] == pytest.approx([index / 250 for index in range(12)])
        assert (source.fps, source.frame_count, source.live) == (250, 12, False)


def test_stopwatch_counts_after_skipped_results() -> None:
    def people(count: int) -> Bodies:
        ids, empty = np.arange(count, dtype=np.int32), np.zeros((count, 3), np.float32)
        numbers: F32 = np.zeros(count, np.float32)
        return Bodies(ids, numbers, empty, empty, empty, empty)

    meter = Stopwatch(skipped=2, counted=3)
    for count in (9, 9, 1, 2, 3):
        assert not meter.done.is_set()
        meter.tick(people(count))
    meter.tick(people(9))
    assert meter.done.is_set()
    assert meter.people == 6
    assert 0 < meter.wall_s < 10


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["rtsp://127.0.0.1:1/cam"], EXIT_INPUT, "a live source; a benchmark needs a video"),
        (["no.mp4"], EXIT_INPUT, "no.mp4: no such file or folder"),
        (["synthetic:", "--json", "missing/b.json"], EXIT_INPUT, "missing does not exist"),
        (["synthetic:", "--live", "0"], EXIT_USAGE, "'0' is not a number above 0, at most 1000"),
        (["synthetic:", "--frames", "0"], EXIT_USAGE, "'0' is not a whole number from 1 up"),
    ],
)
def test_bench_invalid_input_is_an_error_without_files(
    words: list[str], code: int, says: str, meshcast: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = meshcast("bench", *words)
    assert said.code == code
    assert says in said.err
    assert list(tmp_path.iterdir()) == []


def test_bench_stage_that_raises_ends_it(meshcast: Command, person_clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recover_meshes = Pipeline.recover_meshes

    def fail(self: Pipeline, tracked: TrackedFrame) -> Bodies:
        if tracked.frame.index == 5:
            raise ModelError("the engine is gone")
        return recover_meshes(self, tracked)

    monkeypatch.setattr(Pipeline, "recover_meshes", fail)
    said = meshcast("bench", person_clip)
    assert said.code == EXIT_INPUT
    assert said.errors[-1] == "meshcast: the engine is gone"
