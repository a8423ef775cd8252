"""The ways of running the same streams that a bench compares, with a clock and counters around each."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any

from edge.errors import SourceError
from edge.models import LoadedModels
from edge.pipeline import Pipeline
from edge.run import DEFAULT_FPS, RunConfig, camera_configs, open_sources
from edge.runtime.async_pipeline import AsyncPipeline, FrameResult
from edge.runtime.outputs import OutputConfig, Outputs
from edge.runtime.report import stage_table
from edge.sources import Source
from edge.timing import AGES, QUEUE, Timings
from edge.types import Bodies, Frame, TrackedFrame
from edge.wire.publisher import Publisher

FILL = 8  # results of a stream before the clock starts: by then there is work for every step
STEPS = {
    "read": ("decode",),
    "follow": ("detect", "track", "pose"),
    "embody": ("mesh", "place", "smooth"),
    "publish": ("publish",),
}
"""What Overlapped does side by side, and the stages of each."""


class LoopingPipeline(Pipeline):
    """Forgets everybody where a looped clip begins again; each half does so on the thread that it runs on."""

    length: int | None = None

    def track_people(self, frame: Frame) -> TrackedFrame:
        if self._begins(frame):
            self.track.reset()
        return super().track_people(frame)

    def recover_meshes(self, seen: TrackedFrame) -> Bodies:
        if self._begins(seen.frame) and self.smooth is not None:
            self.smooth.reset()
        return super().recover_meshes(seen)

    def _begins(self, frame: Frame) -> bool:
        return frame.index == 0 or (self.length is not None and frame.index % self.length == 0)


class PacedSource(Source):
    """The frames of another source at another pace."""

    def __init__(self, source: Source, fps: float) -> None:
        super().__init__(source.name, live=False, size=source.size, frame_count=source.frame_count, fps=fps)
        self._source, self._fps = source, fps

    def __iter__(self) -> Iterator[Frame]:
        return (replace(frame, t_s=frame.index / self._fps) for frame in self._source)

    def close(self) -> None:
        self._source.close()


@dataclass(slots=True)
class Stopwatch:
    """Counts results, and takes wall and processor time from the first that counts to the last."""

    skipped: int
    counted: int
    wall_s: float = 0.0
    cpu_s: float = 0.0
    people: int = 0
    done: threading.Event = field(default_factory=threading.Event)
    _seen: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def tick(self, bodies: Bodies) -> None:
        """One more result."""
        with self._lock:
            self._seen += 1
            if self.skipped < self._seen <= self.skipped + self.counted:
                self.people += len(bodies)
            if self._seen == self.skipped:
                self.wall_s, self.cpu_s = -time.monotonic(), -time.process_time()
            elif self._seen == self.skipped + self.counted:
                self.wall_s += time.monotonic()
                self.cpu_s += time.process_time()
                self.done.set()


class Runner(ABC):
    """One way of running the streams of a job with loaded models, and what it took over all its runs."""

    name = ""

    def __init__(self, job: RunConfig, models: LoadedModels) -> None:
        self._job = replace(job, loop=True)
        self._models = models
        self.pipelines = [
            LoopingPipeline(models, view, detect_every=job.detect_every, smooth=job.smooth)
            for view in camera_configs(job)
        ]
        self.forget()

    def forget(self) -> None:
        """Begin to count anew."""
        self.frames = self.people = 0
        self.wall_s = self.cpu_s = 0.0
        self._engines = Timings()
        self._rows = dict.fromkeys(self._models.sessions, (0, 0))
        self.drops: dict[str, dict[str, int]] = {}  # of the latest run
        self._names: list[str] = []
        for pipeline in self.pipelines:
            pipeline.timings = Timings()

    def run(self, frames: int) -> None:
        """Run until so many frames of each stream have been published, from the beginning of the sources."""
        before = {task: (session.rows, session.batched_rows) for task, session in self._models.sessions.items()}
        self._models.timings = self._engines
        with ExitStack() as cleanup:
            sources = open_sources(self._job, cleanup)
            for title, source, pipeline in zip(self._job.shown, sources, self.pipelines, strict=True):
                if source.live:
                    raise SourceError(f"{title}: has a pace of its own; a bench needs a video, pictures or synthetic:")
                pipeline.length = source.frame_count
            self._names = [source.name for source in sources]
            publisher = cleanup.enter_context(
                Publisher("tcp://127.0.0.1:0", self.pipelines[0].model, streams=self._names)
            )
            outputs = [
                Outputs(OutputConfig(), pipeline.model, pipeline.timings, source.fps or DEFAULT_FPS, publisher)
                for source, pipeline in zip(sources, self.pipelines, strict=True)
            ]
            meter = Stopwatch(FILL * len(sources), frames * len(sources))
            self._run(sources, outputs, meter)
        self.frames += meter.counted
        self.people += meter.people
        self.wall_s += meter.wall_s
        self.cpu_s += meter.cpu_s
        for task, session in self._models.sessions.items():
            rows, together = self._rows[task]
            self._rows[task] = rows + session.rows - before[task][0], together + session.batched_rows - before[task][1]

    @abstractmethod
    def _run(self, sources: list[Source], outputs: list[Outputs], meter: Stopwatch) -> None:
        """Run until the meter is done."""

    @property
    def fps(self) -> float:
        """Frames per second of all streams together."""
        return self.frames / self.wall_s

    def step_limits_fps(self) -> dict[str, float]:
        """How many frames of all streams each step could do in a second, were it alone, by the mean of its time."""
        limits = dict.fromkeys(STEPS, 0.0)
        for pipeline in self.pipelines:
            times = pipeline.timings.histograms()
            for step, stages in STEPS.items():
                step_ms = sum(times[stage].total_ms for stage in stages if stage in times) / sum(times["pose"].counts)
                limits[step] += 1000 / max(step_ms, 1e-6)
        return limits

    def report(self) -> dict[str, Any]:
        """All figures of this way as plain data."""
        followed = sum(sum(pipeline.timings.histograms()["pose"].counts) for pipeline in self.pipelines)
        engines_ms = sum(times.total_ms for times in self._engines.histograms().values())
        return {
            "frames": self.frames,
            "people_per_frame": round(self.people / self.frames, 3),
            "fps": round(self.fps, 2),
            "cpu_ms_per_frame": round(self.cpu_s / self.frames * 1e3, 3),
            "engines_ms_per_frame": round(engines_ms / followed, 3),
            "engines_ms": stage_table(self._engines.stats()),
            "rows": {task: {"computed": rows, "together": together} for task, (rows, together) in self._rows.items()},
            "streams": dict(zip(self._names, map(self._stream, self._names, self.pipelines), strict=True)),
        }

    def _stream(self, name: str, pipeline: Pipeline) -> dict[str, Any]:
        stats = pipeline.timings.stats()
        stages = {stage: times for stage, times in stats.items() if stage not in AGES and not stage.startswith(QUEUE)}
        return {
            **{f"{age}_ms": table for age, table in stage_table({a: stats[a] for a in AGES if a in stats}).items()},
            "stages_ms": stage_table(stages),
            "queues_ms": stage_table({k.removeprefix(QUEUE): s for k, s in stats.items() if k.startswith(QUEUE)}),
            "drops": self.drops.get(name, {}),
        }


class AsyncRunner(Runner):
    """As `meshcast run` does it; fps: played at this pace, else as fast as can be."""

    name = "overlapped"

    def __init__(self, job: RunConfig, models: LoadedModels, fps: float | None = None) -> None:
        super().__init__(job, models)
        self._fps = fps

    def _run(self, sources: list[Source], outputs: list[Outputs], meter: Stopwatch) -> None:
        errors: list[BaseException] = []

        def consume(results: AsyncPipeline, output: Outputs) -> None:
            try:
                for result in results:
                    output.write(result)
                    meter.tick(result.bodies)
                if not meter.done.is_set():
                    raise SourceError(f"{results.reader.source.name}: ended before enough frames came")
            except BaseException as error:  # the caller raises it
                errors.append(error)
                meter.done.set()

        with ExitStack() as running:
            overlapped = []
            for source, pipeline, output in zip(sources, self.pipelines, outputs, strict=True):
                results = self._overlapped(source, pipeline)
                thread = threading.Thread(target=consume, args=(results, output), name=f"meshcast-bench-{source.name}")
                running.callback(thread.join)
                running.enter_context(results)
                thread.start()
                overlapped.append(results)
            meter.done.wait()
            self.drops = {results.reader.source.name: results.drops for results in overlapped}
        if errors:
            raise errors[0]

    def _overlapped(self, source: Source, pipeline: Pipeline) -> AsyncPipeline:
        if self._fps is None:
            return AsyncPipeline(source, pipeline, "fast")
        return AsyncPipeline(PacedSource(source, self._fps), pipeline, "realtime")


class SerialRunner(Runner):
    """One call after the other on one thread: read, process, publish."""

    name = "serial"

    def _run(self, sources: list[Source], outputs: list[Outputs], meter: Stopwatch) -> None:
        streams = [iter(source) for source in sources]
        while not meter.done.is_set():
            for index, (stream, pipeline, output) in enumerate(zip(streams, self.pipelines, outputs, strict=True)):
                begin_ns = time.monotonic_ns()
                frame = next(stream, None)
                if frame is None:
                    raise SourceError(f"{self._names[index]}: ended before enough frames came")
                pipeline.timings.read(frame, begin_ns, time.monotonic_ns())
                bodies = pipeline.process(frame)
                output.write(FrameResult(frame, pipeline.camera(frame), bodies))
                meter.tick(bodies)
