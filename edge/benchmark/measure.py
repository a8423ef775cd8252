"""How fast this machine runs the pipeline: its steps side by side, one call after the other, and at a camera's pace."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from edge.benchmark.runners import AsyncRunner, Runner, SerialRunner
from edge.models import LoadedModels
from edge.run import RunConfig

ROUNDS = 3  # the ways of running take turns, so that other load on the machine meets all of them


@dataclass(frozen=True, slots=True)
class BenchmarkConfig:
    """What to measure: frames of each stream of a job, after warm_up others; live_fps: also at this pace."""

    job: RunConfig
    frames: int = 300
    warm_up: int = 30
    live_fps: float | None = None


def measure(bench: BenchmarkConfig, on_progress: Callable[[str], None] = lambda line: None) -> dict[str, Any]:
    """Run the job's sources overlapped and serially with the same engines, in turns; returns all figures as plain data.

    The limit is what no arrangement of the same work could exceed: every frame has to pass the slowest step, as long as
    it takes undisturbed, and costs processor time (that of the cheaper way). Files are looped; nobody is remembered
    across their end, where people jump. Raises SourceError where a source is live: it has a pace of its own.
    """
    models = LoadedModels(bench.job.models)
    overlapped, serial = AsyncRunner(bench.job, models), SerialRunner(bench.job, models)
    run_interleaved((overlapped, serial), bench.frames, bench.warm_up, on_progress)
    report: dict[str, Any] = {
        "sources": list(bench.job.shown),
        "cores": _cores(),
        "models": {role: asdict(use) for role, use in models.uses.items()},
        "overlapped": overlapped.report(),
        "serial": serial.report(),
        "speed_up": round(overlapped.fps / serial.fps, 3),
        **_limits(overlapped, serial),
    }
    if bench.live_fps is not None:
        on_progress(f"at {bench.live_fps:g} frames per second")
        live = AsyncRunner(bench.job, models, bench.live_fps)
        run_interleaved((live,), bench.frames, bench.warm_up, rounds=1)
        report["live"] = {"pace_fps": bench.live_fps, **live.report()}
    return report


def run_interleaved(
    runners: Sequence[Runner],
    frames: int,
    warm_up: int,
    on_progress: Callable[[str], None] = lambda line: None,
    rounds: int = ROUNDS,
) -> None:
    """Let each way of running do so many frames of each of its streams in all, after others that do not count."""
    on_progress("warming up")
    for way in runners:
        way.run(warm_up)
        way.forget()
    for number in range(rounds):
        for way in runners:
            on_progress(f"{way.name}, {number + 1} of {rounds}")
            way.run(-(-frames // rounds))


def _limits(overlapped: Runner, serial: Runner) -> dict[str, Any]:
    cpu_s = min(way.cpu_s / way.frames for way in (overlapped, serial))
    limits = {**serial.step_limits_fps(), "processor": _cores() / cpu_s}
    lowest = min(limits, key=lambda step: limits[step])
    return {
        "limits_fps": {step: round(fps, 2) for step, fps in limits.items()},
        "limit": lowest,
        "share_of_limit": round(overlapped.fps / limits[lowest], 3),
    }


def _cores() -> int:
    return len(os.sched_getaffinity(0))
