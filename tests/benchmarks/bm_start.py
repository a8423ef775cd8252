"""How soon a process answers, and has processed its first frame: python tests/benchmarks/bm_start.py"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from metric import MEDIA, Metric, show

HELP_RUNS, FRAME_RUNS = 7, 5
HELP_LIMIT_MS = 300.0
FIRST_FRAME = """
import sys, time
import edge
for frame, bodies in edge.stream(sys.argv[1]):
    print(time.monotonic_ns())
    break
"""


def measure() -> list[Metric]:
    """Wall time of `meshcast --help`, and from the start of a process to the bodies of its first frame."""
    helped, framed = [], []
    for turn in range(HELP_RUNS):
        helped.append(help_ms())
        if turn < FRAME_RUNS:
            framed.append(first_frame_ms())
    return [
        Metric(f"start meshcast --help: least of {HELP_RUNS}", min(helped), "ms", HELP_LIMIT_MS),
        Metric(f"start meshcast --help: median of {HELP_RUNS}", median(helped), "ms", HELP_LIMIT_MS),
        Metric(f"start to first processed frame: least of {FRAME_RUNS}", min(framed), "ms"),
        Metric(f"start to first processed frame: median of {FRAME_RUNS}", median(framed), "ms"),
    ]


def help_ms() -> float:
    command = Path(sys.executable).with_name("meshcast")
    begin = time.perf_counter()
    subprocess.run([command, "--help"], check=True, stdout=subprocess.DEVNULL)
    return (time.perf_counter() - begin) * 1e3


def first_frame_ms() -> float:
    """The child tells the moment on the clock that both processes share, so that its way out does not count."""
    begin_ns = time.monotonic_ns()
    arguments = [sys.executable, "-c", FIRST_FRAME, str(MEDIA / "balance_cam03.mp4")]
    done = subprocess.run(arguments, check=True, stdout=subprocess.PIPE, text=True)
    return (int(done.stdout) - begin_ns) * 1e-6


if __name__ == "__main__":
    show(measure())
