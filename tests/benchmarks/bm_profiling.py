"""What it costs to measure a stage, and to trace it: python tests/benchmarks/bm_profiling.py"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from metric import Metric, run_interleaved, show

from edge.monitoring.trace import Trace
from edge.timing import Timings
from edge.types import Frame

EVENTS, ROUNDS = 10_000, 15


def measure() -> list[Metric]:
    """Microseconds of an empty stage, with and without a trace."""
    frames = [Frame("bench", index, 0, 0.0, np.zeros((1, 1, 3), np.uint8)) for index in range(EVENTS)]

    def stages(timings: Timings) -> Callable[[], None]:
        def call() -> None:
            for frame in frames:
                with timings.measure("stage", frame):
                    pass

        return call

    plain, traced = Timings(), Timings()
    with tempfile.TemporaryDirectory() as folder, Trace(Path(folder) / "trace.json") as trace:
        traced.listener = trace.process("bench")
        spent_ms = run_interleaved({"plain": stages(plain), "traced": stages(traced)}, warm_up=2, rounds=ROUNDS)
    plain_us, traced_us = (spent_ms[name] / EVENTS * 1e3 for name in ("plain", "traced"))
    return [
        Metric(f"measuring a stage (n={ROUNDS})", plain_us, "us"),
        Metric(f"measuring and tracing a stage (n={ROUNDS})", traced_us, "us", plain_us),
    ]


if __name__ == "__main__":
    show(measure())
