"""`meshcast bench`: the figures agree with each other, and a looped clip is a clip each time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edge.benchmark.runners import LoopingPipeline, PacedSource, Stopwatch
from edge.errors import EXIT_INPUT, EXIT_USAGE, EXIT_WHOLE
from edge.models import Models
from edge.pipeline import CameraConfig, Pipeline
from edge.runtime.async_pipeline import AsyncPipeline
from edge.sources import open_source
from edge.types import F32, Bodies, TrackedFrame
from engines.errors import ModelError
from tests.support.commands import Command, report


@pytest.fixture(autouse=True)
def no_thread_stays() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert {thread for thread in threading.enumerate() if thread.name.startswith("meshcast")} <= before


def test_the_figures_of_a_bench(meshcast: Command, person_clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "b.json"
    said = meshcast("bench", person_clip, "--frames", "9", "--warm-up", "2", "--live", "60", "--json", out)
    assert (said.code, said.errors) == (EXIT_WHOLE, [])
    figures = report(out)
    overlapped, serial, live = figures["overlapped"], figures["serial"], figures["live"]
    assert (overlapped["frames"], serial["frames"], live["frames"]) == (9, 9, 9)
    assert figures["speed_up"] == pytest.approx(overlapped["fps"] / serial["fps"], abs=0.01)
    limits = figures["limits_fps"]
    assert set(limits) == {"read", "follow", "embody", "publish", "processor"}
    assert limits[figures["limit"]] == min(limits.values())
    assert figures["share_of_limit"] == pytest.approx(overlapped["fps"] / min(limits.values()), abs=0.01)
    for way in (overlapped, serial, live):
        (stream,) = way["streams"].values()
        assert set(stream["stages_ms"]) == {"decode", "detect", "track", "pose", "mesh", "place", "smooth", "publish"}
        assert way["people_per_frame"] >= 1
        assert set(way["engines_ms"]) == {"detector engine", "pose engine", "mesh engine"}
        assert way["rows"]["pose"]["computed"] >= 9
        assert way["cpu_ms_per_frame"] > 0
        ages = [stream[f"{age}_ms"]["mean"] for age in ("latency", "worked", "waited")]
        assert ages[0] == pytest.approx(ages[1] + ages[2], abs=0.01)
    (stream,) = serial["streams"].values()
    assert stream["queues_ms"] == {}
    assert sum(overlapped["streams"]["person"]["drops"].values()) == 0
    assert sum(live["streams"]["person"]["drops"].values()) >= 0
    assert f"reached: {figures['share_of_limit']:.2f}" in said.out
    assert "waiting for mesh" in said.out
    assert "at 60 frames per second" in said.out


def test_two_streams_share_engines(meshcast: Command, person_clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "b.json"
    said = meshcast("bench", person_clip, person_clip, "--frames", "3", "--warm-up", "1", "--json", out)
    assert said.code == EXIT_WHOLE
    figures = report(out)
    assert set(figures["overlapped"]["streams"]) == {"person-1", "person-2"}
    assert figures["overlapped"]["frames"] == 6
    assert all(rows["together"] == 0 for rows in figures["serial"]["rows"].values())
    assert "live" not in figures


def test_a_looped_clip_is_the_same_each_time(person_clip: Path) -> None:
    pipeline = LoopingPipeline(Models(), CameraConfig())
    pipeline.length = 12
    with AsyncPipeline(open_source(str(person_clip), loop=True), pipeline, limit=24) as results:
        got = [result.bodies for result in results]
    assert any(len(bodies) for bodies in got)
    for first, second in zip(got[:12], got[12:], strict=True):
        np.testing.assert_array_equal(first.ids, second.ids)
        np.testing.assert_array_equal(first.vertices, second.vertices)


def test_the_pace_is_that_which_was_asked_for(person_clip: Path) -> None:
    with PacedSource(open_source(str(person_clip)), 250.0) as source:
        assert [frame.t_s for frame in source] == pytest.approx([index / 250 for index in range(12)])
        assert (source.fps, source.frame_count, source.live) == (250, 12, False)


def test_the_meter_counts_what_comes_after_the_first() -> None:
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
        (["rtsp://127.0.0.1:1/cam"], EXIT_INPUT, "has a pace of its own; a bench needs a video"),
        (["no.mp4"], EXIT_INPUT, "no.mp4: no such file or folder"),
        (["synthetic:", "--json", "missing/b.json"], EXIT_INPUT, "missing does not exist"),
        (["synthetic:", "--live", "0"], EXIT_USAGE, "0 is not between 0 and 1000"),
        (["synthetic:", "--frames", "0"], EXIT_USAGE, "0 is not positive"),
    ],
)
def test_what_cannot_be_measured(
    words: list[str], code: int, says: str, meshcast: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = meshcast("bench", *words)
    assert said.code == code
    assert says in said.err
    assert list(tmp_path.iterdir()) == []


def test_a_stage_that_raises_ends_the_bench(
    meshcast: Command, person_clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recover_meshes = Pipeline.recover_meshes

    def fail(self: Pipeline, seen: TrackedFrame) -> Bodies:
        if seen.frame.index == 5:
            raise ModelError("the engine is gone")
        return recover_meshes(self, seen)

    monkeypatch.setattr(Pipeline, "recover_meshes", fail)
    said = meshcast("bench", person_clip)
    assert (said.code, said.errors) == (EXIT_INPUT, ["meshcast: the engine is gone"])
