"""Throughput from the file to the socket, one person, full size: python tests/benchmarks/bm_pipeline.py"""

from __future__ import annotations

import time
from statistics import fmean, median
from typing import Any
from unittest import mock

from drain import Drain
from figure import MEDIA, Figure, show
from numpy.typing import NDArray

from edge.models import Models
from edge.pipeline import Pipeline, View
from edge.profiling.timing import Timings
from edge.sources import Reader, open_source
from edge.wire.publisher import Publisher
from engines.cards import Card
from engines.session import Session, open_session

CLIP = MEDIA / "balance_cam03.mp4"
WARM_UP, FRAMES, DECODING_PASSES = 50, 400, 3
AIM_FPS = 50.0
OUTSIDE_LIMIT = 0.2


class TimedSession:
    """A session and the milliseconds of each of its calls."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.backend, self.device, self.precision = session.backend, session.device, session.precision
        self.calls_ms: list[float] = []

    def __call__(self, *inputs: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        begin = time.perf_counter()
        outputs = self._session(*inputs)
        self.calls_ms.append((time.perf_counter() - begin) * 1e3)
        return outputs


def timed_pipeline() -> tuple[Pipeline, dict[str, TimedSession]]:
    """The pipeline as `meshcast run` builds it, and its sessions by task."""
    sessions: dict[str, TimedSession] = {}

    def open_timed(card: Card, **options: Any) -> TimedSession:
        sessions[card.task] = TimedSession(open_session(card, **options))
        return sessions[card.task]

    with mock.patch("edge.models.open_session", open_timed):
        return Pipeline(Models(), View(camera=CLIP.with_suffix(".toml"))), sessions


def measure() -> list[Figure]:
    """Frames per second with decoding on the reader's thread and a subscriber that drains, and where the time goes."""
    pipeline, sessions = timed_pipeline()
    source = open_source(str(CLIP), loop=True)
    length = source.frame_count
    assert length
    assert source.size
    with (
        Reader(source) as reader,
        Publisher("tcp://127.0.0.1:0", pipeline.model, stream="bench") as publisher,
        Drain(publisher.address) as drain,
    ):
        frames = iter(reader)

        def step() -> tuple[int, int, float]:
            """Index of the next frame, people in it, and the milliseconds from having the frame to having sent it."""
            with pipeline.timings.measure("wait for frame"):
                frame = next(frames)
            # The person jumps where the clip starts again, and whoever is lost is looked for with the detector for a
            # while: no camera does that to a pipeline.
            if frame.index % length == 0:
                pipeline.reset()
            begin = time.perf_counter()
            bodies = pipeline.process(frame)
            camera = pipeline.camera(frame)
            with pipeline.timings.measure("publish"):
                publisher.publish(frame, bodies, camera)
            return frame.index, len(bodies), (time.perf_counter() - begin) * 1e3

        while not drain.ready():
            step()
        for _ in range(WARM_UP):
            step()
        pipeline.timings = Timings()
        for session in sessions.values():
            session.calls_ms.clear()
        begin = time.perf_counter()
        steps = [step() for _ in range(FRAMES)]
        wall_ms = (time.perf_counter() - begin) * 1e3
        receipts = drain.receipts(first_index=steps[0][0])

    engines_ms = sum(sum(session.calls_ms) for session in sessions.values())
    outside_ms = sum(busy_ms for _, _, busy_ms in steps) - engines_ms
    size = "{} x {}".format(*source.size)
    return [
        Figure(f"pipeline {size}: frames per second over {FRAMES} frames", FRAMES / wall_ms * 1e3, "fps", AIM_FPS),
        Figure("pipeline: people in a frame, mean", fmean(people for _, people, _ in steps), ""),
        *(
            Figure(f"pipeline stage {stage}: median of {stats.count}", stats.p50_ms, "ms")
            for stage, stats in pipeline.timings.stats().items()
        ),
        *(
            Figure(
                f"pipeline engine {task} ({session.backend} {session.precision}): median of {len(session.calls_ms)}",
                median(session.calls_ms),
                "ms",
            )
            for task, session in sessions.items()
        ),
        Figure("pipeline: engines, mean of a frame", engines_ms / FRAMES, "ms"),
        Figure("pipeline: outside engines and decoder, mean of a frame", outside_ms / FRAMES, "ms"),
        Figure("pipeline: outside engines and decoder, of the wall time", outside_ms / wall_ms, "", OUTSIDE_LIMIT),
        Figure(f"pipeline: packets of {FRAMES} that the subscriber got", len(receipts), "", FRAMES),
        Figure(f"decoding {size} alone: median of {DECODING_PASSES} passes, a frame", decoding_ms(), "ms"),
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
