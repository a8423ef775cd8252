"""Throughput of the pipeline on this machine: steps in parallel, serially, and at the frame rate of a camera."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from edge.benchmark.runners import AsyncRunner, Runner, SerialRunner
from edge.models import LoadedModels
from edge.run_config import RunConfig

ROUNDS = 3  # the runners are interleaved, so that other load on the machine affects all of them


@dataclass(frozen=True, slots=True)
class BenchmarkConfig:
    """Settings of a benchmark.

    Attributes:
        run: sources, models and pipeline; outputs are not used.
        frames: measured frames of each stream.
        warm_up: frames of each stream before them.
        live_fps: frame rate of an additional run, frames per second; None: none.
    """

    run: RunConfig
    frames: int = 300
    warm_up: int = 30
    live_fps: float | None = None


def measure(bench: BenchmarkConfig, on_progress: Callable[[str], None] = lambda line: None) -> dict[str, Any]:
    """Run the sources with parallel steps and serially on the same engines, interleaved.

    The limit is an upper bound for any schedule of the same work: every frame passes the slowest step, measured in the
    serial run, and costs processor time (that of the cheaper runner). Files are looped, and tracks end where they do.

    Returns:
        All metrics as plain data.

    Raises:
        SourceError: a source is live.
    """
    models = LoadedModels(bench.run.models)
    overlapped, serial = AsyncRunner(bench.run, models), SerialRunner(bench.run, models)
    run_interleaved((overlapped, serial), bench.frames, bench.warm_up, on_progress)
    report: dict[str, Any] = {
        "sources": list(bench.run.sources.shown),
        "cores": _cores(),
        "models": {role: asdict(use) for role, use in models.uses.items()},
        "overlapped": overlapped.report(),
        "serial": serial.report(),
        "speed_up": round(overlapped.fps / serial.fps, 3),
        **_limits(overlapped, serial),
    }
    if bench.live_fps is not None:
        on_progress(f"at {bench.live_fps:g} frames per second")
        live = AsyncRunner(bench.run, models, bench.live_fps)
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
    """Let each runner process `frames` frames of each of its streams, after `warm_up` uncounted ones."""
    on_progress("warming up")
    for runner in runners:
        runner.run(warm_up)
        runner.forget()
    for number in range(rounds):
        for runner in runners:
            on_progress(f"{runner.name}, {number + 1} of {rounds}")
            runner.run(-(-frames // rounds))


def _limits(overlapped: Runner, serial: Runner) -> dict[str, Any]:
    cpu_s = min(runner.cpu_s / runner.frames for runner in (overlapped, serial))
    limits = {**serial.step_limits_fps(), "processor": _cores() / cpu_s}
    lowest = min(limits, key=lambda step: limits[step])
    return {
        "limits_fps": {step: round(fps, 2) for step, fps in limits.items()},
        "limit": lowest,
        "share_of_limit": round(overlapped.fps / limits[lowest], 3),
    }


def _cores() -> int:
    return len(os.sched_getaffinity(0))
