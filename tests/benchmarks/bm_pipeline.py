"""From the file to the socket: python tests/benchmarks/bm_pipeline.py. What it measures is `meshcast bench`."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from crowd import write_crowd
from metric import MEDIA, Metric, show

from edge.benchmark.measure import BenchmarkConfig, run_interleaved
from edge.benchmark.measure import measure as measure_bench
from edge.benchmark.runners import AsyncRunner, SerialRunner
from edge.models import LoadedModels, Models
from edge.pipeline import CameraConfig
from edge.run import RunConfig
from edge.sources import open_source

CLIP = MEDIA / "balance_cam03.mp4"
WARM_UP, FRAMES, CROWD_FRAMES, DECODING_PASSES = 30, 300, 150, 3
LIVE_FPS = 30.0
AIM_FPS = 50.0
SHARE_AIM, WAIT_LIMIT, SPEED_UP_AIM, ENGINES_AIM, FOUR_LIMIT = 0.85, 0.1, 1.3, 2.0, 3.0


def measure() -> list[Metric]:
    """One person at full size, two people side by side, detecting rarely or always, four people against one."""
    with tempfile.TemporaryDirectory() as folder:
        crowds = {people: write_crowd(people, Path(folder) / f"{people}.mp4") for people in (1, 2, 4)}
        return [*one_person(), *two_people(crowds[2]), *detecting(crowds[2]), *four_people(crowds[1], crowds[4])]


def one_person() -> list[Metric]:
    """The clip as it is: throughput against the machine's limit, and a camera's pace."""
    job = RunConfig((str(CLIP),), views=(CameraConfig(camera=CLIP.with_suffix(".toml")),))
    report = measure_bench(BenchmarkConfig(job, FRAMES, WARM_UP, LIVE_FPS))
    overlapped, live = report["overlapped"], report["live"]
    (fast,), (paced,) = overlapped["streams"].values(), live["streams"].values()
    waited = paced["waited_ms"]["p50"] / paced["worked_ms"]["p50"]
    return [
        Metric(f"pipeline: frames per second over {FRAMES} frames", overlapped["fps"], "fps", AIM_FPS),
        Metric("pipeline: the same, one call after the other", report["serial"]["fps"], "fps"),
        Metric("pipeline: overlapped against serial", report["speed_up"], ""),
        Metric(f"pipeline: share of the limit by {report['limit']}", report["share_of_limit"], "", SHARE_AIM),
        Metric("pipeline: processor time of a frame", overlapped["cpu_ms_per_frame"], "ms"),
        Metric("pipeline: people in a frame, mean", overlapped["people_per_frame"], ""),
        *rows("pipeline stage", fast["stages_ms"]),
        *rows("pipeline", overlapped["engines_ms"]),
        *(
            Metric(f"at {LIVE_FPS:g} fps: capture to publish, {part}", paced["latency_ms"][part], "ms")
            for part in ("p50", "p95", "p99")
        ),
        Metric(f"at {LIVE_FPS:g} fps: sum of stages, p50", paced["worked_ms"]["p50"], "ms"),
        Metric(f"at {LIVE_FPS:g} fps: waited of that, p50", waited, "", WAIT_LIMIT),
        Metric(f"at {LIVE_FPS:g} fps: frames dropped of {live['frames']}", sum(paced["drops"].values()), ""),
        Metric(f"decoding alone: median of {DECODING_PASSES} passes, a frame", decoding_ms(), "ms"),
    ]


def two_people(clip: Path) -> list[Metric]:
    """What side by side is worth where there is more to do."""
    report = measure_bench(BenchmarkConfig(RunConfig((str(clip),)), FRAMES, WARM_UP))
    return [
        Metric("two people: in a frame, mean", report["overlapped"]["people_per_frame"], "", 2),
        Metric("two people: frames per second", report["overlapped"]["fps"], "fps"),
        Metric("two people: overlapped against serial", report["speed_up"], "", SPEED_UP_AIM),
        Metric(f"two people: share of the limit by {report['limit']}", report["share_of_limit"], "", SHARE_AIM),
    ]


def detecting(clip: Path) -> list[Metric]:
    """The engines' time of a frame when every frame is looked through for people, and when every eighth is.

    One call after the other, so that nothing else runs beside an engine.
    """
    models = LoadedModels(Models())
    always, rarely = (SerialRunner(RunConfig((str(clip),), detect_every=every), models) for every in (1, 8))
    run_interleaved((always, rarely), CROWD_FRAMES, WARM_UP)
    one, eight = always.report(), rarely.report()
    ratio = one["engines_ms_per_frame"] / eight["engines_ms_per_frame"]
    return [
        Metric("engines, detecting every frame: mean of a frame", one["engines_ms_per_frame"], "ms"),
        Metric("engines, detecting every 8 frames: mean of a frame", eight["engines_ms_per_frame"], "ms"),
        Metric("engines, detecting every frame against every 8", ratio, "", ENGINES_AIM),
        Metric(
            "people in a frame, detecting every 8 (reference: every frame)",
            eight["people_per_frame"],
            "",
            one["people_per_frame"],
        ),
    ]


def four_people(one_clip: Path, four_clip: Path) -> list[Metric]:
    """Time of a frame with four people against one, in images of the same size."""
    models = LoadedModels(Models())
    one, four = (AsyncRunner(RunConfig((str(clip),)), models) for clip in (one_clip, four_clip))
    run_interleaved((one, four), CROWD_FRAMES, WARM_UP)
    return [
        Metric("four people: in a frame, mean", four.report()["people_per_frame"], "", 4),
        Metric("four people: frames per second", four.fps, "fps"),
        Metric("four people: time of a frame against one", one.fps / four.fps, "", FOUR_LIMIT),
    ]


def rows(title: str, table: dict[str, Any]) -> list[Metric]:
    """The medians of a table of stages."""
    return [
        Metric(f"{title} {stage}: median of {times['count']}", times["p50"], "ms") for stage, times in table.items()
    ]


def decoding_ms() -> float:
    """Milliseconds a frame of reading the clip and doing nothing with it."""
    passes = []
    for _ in range(DECODING_PASSES):
        with open_source(str(CLIP)) as source:
            begin = time.perf_counter()
            count = sum(1 for _ in source)
            passes.append((time.perf_counter() - begin) * 1e3 / count)
    return median(passes)


if __name__ == "__main__":
    show(measure())
