"""The simulation of schedules against the threads that it stands for: python tests/benchmarks/bm_simulate.py

Pipelines whose stages sleep for known times run as `meshcast run` does; frames per second and the median latency should
be those of `meshcast bench --simulate` within a tenth.

--designs compares the schedule with two that could not be faster, on the boards of examples/boards: one in which the
host waits for nothing but keypoints, and one in which all cameras share each run of a network.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from edge.benchmark.board import Board, StageTime
from edge.benchmark.discrete_events import Process, Store
from edge.benchmark.simulate import NETWORKS, Simulation, Stream, simulate
from edge.runtime.async_pipeline import AsyncPipeline
from edge.sources import Source
from edge.timing import Timings
from edge.types import Frame

BOARDS = Path(__file__).parents[2] / "examples" / "boards"
CASES = (
    {"decode": 10, "track": 20, "mesh": 45, "output": 15},
    {"decode": 10, "track": 60, "mesh": 25, "output": 15},
    {"decode": 30, "track": 32, "mesh": 31, "output": 33},
    {"decode": 5, "track": 20, "mesh": 20, "output": 70},
)
IMAGE = np.zeros((4, 4, 3), np.uint8)


class Sleeping:
    """A pipeline whose steps take given times, ms."""

    uploads = False

    def __init__(self, ms: dict[str, float]) -> None:
        self.timings, self.track, self._ms = Timings(), self, ms

    def adapt_to_load(self) -> None: ...

    def track_people(self, frame: Frame) -> Any:
        time.sleep(self._ms["track"] / 1e3)
        return _Tracked(frame)

    def recover_meshes(self, tracked: Any) -> None:
        time.sleep(self._ms["mesh"] / 1e3)

    def end(self) -> None: ...


class _Tracked:
    def __init__(self, frame: Frame) -> None:
        self.frame, self.camera, self.tracks = frame, None, None


class Camera(Source):
    """Frames that take a time to decode, ms, at a rate or as fast as possible."""

    def __init__(self, frames: int, ms: float, fps: float) -> None:
        super().__init__("camera", live=fps > 0, size=(4, 4), frame_count=frames, fps=fps or 30.0)
        self._frames, self._ms, self._fps = frames, ms, fps

    def __iter__(self) -> Iterator[Frame]:
        begin = time.monotonic()
        for index in range(self._frames):
            if self._fps:
                time.sleep(max(0.0, begin + index / self._fps - time.monotonic()))
            captured_ns = time.monotonic_ns()
            time.sleep(self._ms / 1e3)
            if not self._fps:
                captured_ns = time.monotonic_ns()
            yield Frame("camera", index, captured_ns, index / 30, IMAGE)


def measured(ms: dict[str, float], frames: int, fps: float) -> tuple[float, float]:
    """Frames per second and median latency, ms, of threads."""
    ends, ages = [], []
    with AsyncPipeline(Camera(frames, ms["decode"], fps), Sleeping(ms)) as results:  # type: ignore[arg-type]
        for result in results:
            time.sleep(ms["output"] / 1e3)
            ends.append(time.monotonic())
            ages.append((time.monotonic_ns() - result.frame.t_capture_ns) / 1e6)
    begin = len(ends) // 10
    return (len(ends) - 1 - begin) / (ends[-1] - ends[begin]), statistics.median(ages[begin:])


class WaitsForKeypoints(Simulation):
    """No schedule: the meshes of a frame are used before they are there, as a bound for those with fewer waits."""

    def _recover(self, tracked: Store, results: Store) -> Process:
        stream = Stream(self._clock)
        while True:
            frame = yield tracked.get()
            yield stream.enqueue(self._on_gpu("mesh"))
            yield from self._host("mesh")
            yield stream.enqueue(self._on_gpu("skinning"), self._on_gpu("copy_out"))
            yield results.put(frame)


def slower(board: Board, times: float, shared: int = 1) -> Board:
    """A GPU that takes so many times as long, with the times of networks for a frame shared by several cameras."""
    parts = {stage: times / shared if stage in NETWORKS else times for stage in board.gpu}
    gpu = {stage: StageTime(t.frame * parts[stage], t.person * times, t.python) for stage, t in board.gpu.items()}
    return replace(board, gpu=gpu)


def compare_designs(frames: int) -> None:
    """Print the rates of files, and the median latencies of cameras at 30 frames per second, with both bounds."""
    columns = ("fps", "1 wait", "p50 ms", "1 wait", "3 cam.", "shared")
    print(f"{'board':<12}{'people':>7}{'GPU':>5}" + "".join(f"{column:>8}" for column in columns))
    for file in sorted(BOARDS.glob("*.toml")):
        for people, times in ((1, 1), (1, 4), (4, 1), (4, 4)):
            board = slower(replace(Board.load(file), people=people, frames=frames), times)
            rates = [kind(replace(board, fps=0.0)).run().fps for kind in (Simulation, WaitsForKeypoints)]
            late = [kind(replace(board, fps=30.0)).run().latency_ms(0.5) for kind in (Simulation, WaitsForKeypoints)]
            three = replace(board, fps=0.0, cameras=3)
            shared = [simulate(slower(three, 1, cameras)).fps for cameras in (1, 3)]
            figures = "".join(f"{figure:>8.1f}" for figure in (*rates, *late, *shared))
            print(f"{file.stem:<12}{people:>7}{f'x{times}':>5}{figures}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--designs", action="store_true")
    options = parser.parse_args()
    frames = options.frames
    if options.designs:
        compare_designs(frames)
        return
    print(f"{'decode, track, mesh, output ms':<32}{'camera':>8}{'fps':>8}{'sim.':>8}{'p50 ms':>10}{'sim.':>8}")
    for ms in CASES:
        given = Board(
            "sleeping", "given", 64, 1, 1, 0.0, 8, frames, False, {stage: StageTime(t) for stage, t in ms.items()}, {}
        )
        for fps in (0.0, 10.0, 40.0):
            fast, late = measured(ms, frames, fps)
            found = simulate(replace(given, fps=fps))
            rates = f"{fast:>8.2f}{found.fps:>8.2f}{late:>10.1f}{found.latency_ms(0.5):>8.1f}"
            print(f"{', '.join(map(str, ms.values())):<32}{fps or 'file':>8}{rates}")


if __name__ == "__main__":
    main()
