"""Runners of the same streams that the benchmark compares, each measured by a stopwatch and counters."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any

from edge.errors import SourceError
from edge.gpu.models import GpuModels, gpu_models
from edge.gpu.pipeline import GpuPipeline
from edge.models import LoadedModels
from edge.pipeline import CameraConfig, Pipeline
from edge.run import DEFAULT_FPS, open_sources
from edge.run_config import RunConfig
from edge.runtime.async_pipeline import AsyncPipeline, FrameResult
from edge.runtime.outputs import Outputs, StreamFiles
from edge.runtime.report import stage_table
from edge.sources import Source
from edge.timing import Durations, Timings
from edge.types import Bodies, Frame, TrackedFrame
from edge.wire.publisher import Publisher

FILL = 8  # results of a stream before the clock starts: by then every step is busy
STEPS = {
    "read": ("decode",),
    "track_people": ("detect", "track", "pose", "second_pose"),
    "recover_meshes": (
        "mesh",
        "localize",
        "inverse_kinematics",
        "refine",
        "unseen_pose",
        "smooth",
        "foot_lock",
        "skin",
        "rig_error",
    ),
    "publish": ("publish",),
}
"""Steps that AsyncPipeline runs in parallel, and the stages of each."""


class Looping(Pipeline):
    """A pipeline that resets where a looped clip starts again; each step does so on its own thread.

    Attributes:
        clip_length: frames of the clip, None where it does not repeat.
    """

    clip_length: int | None = None

    def track_people(self, frame: Frame) -> TrackedFrame:
        if self._begins(frame):
            self.reset_tracking()
        return super().track_people(frame)

    def recover_meshes(self, tracked: TrackedFrame) -> Bodies:
        if self._begins(tracked.frame):
            self.reset_bodies()
        return super().recover_meshes(tracked)

    def _begins(self, frame: Frame) -> bool:
        return frame.index == 0 or (self.clip_length is not None and frame.index % self.clip_length == 0)


class LoopingPipeline(Looping, Pipeline):
    """On the CPU, or with arrays that pass through the host."""


class LoopingGpuPipeline(Looping, GpuPipeline):
    """On the streams of a GPU."""


class PacedSource(Source):
    """The frames of another source at a given frame rate."""

    def __init__(self, source: Source, fps: float) -> None:
        super().__init__(source.name, live=False, size=source.size, frame_count=source.frame_count, fps=fps)
        self._source, self._fps = source, fps

    def __iter__(self) -> Iterator[Frame]:
        return (replace(frame, t_s=frame.index / self._fps) for frame in self._source)

    def close(self) -> None:
        self._source.close()


@dataclass(slots=True)
class Stopwatch:
    """Counts results, and measures wall and processor time from the first counted result to the last."""

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
    """Runs the streams of a configuration with loaded models, and sums up the measurements of its runs."""

    name = ""

    def __init__(self, config: RunConfig, models: LoadedModels) -> None:
        self._config = config
        looped = tuple(replace(playback, loop=True) for playback in config.sources.playback)
        self._sources = replace(config.sources, playback=looped)
        self._models = models
        self._timings = [Timings() for _ in config.sources.uris]
        self.forget()

    def forget(self) -> None:
        """Discard all measurements."""
        self.frames = self.people = 0
        self.wall_s = self.cpu_s = 0.0
        self._engines = Durations()
        self._rows = dict.fromkeys(self._models.sessions, (0, 0))
        self.drops: dict[str, dict[str, int]] = {}  # of the latest run
        self.device_per_frame: dict[str, dict[str, float]] = {}  # of the latest run, by stream
        self._names: list[str] = []
        for timings in self._timings:
            timings.clear()

    def run(self, frames: int) -> None:
        """Run until `frames` frames of each stream are published, from the start of the sources."""
        before = {task: (session.rows, session.batched_rows) for task, session in self._models.sessions.items()}
        self._models.timings.clear()
        with ExitStack() as cleanup:
            sources = open_sources(self._sources, cleanup)
            for title, source in zip(self._sources.shown, sources, strict=True):
                if source.live:
                    raise SourceError(f"{title}: a live source; a benchmark needs a video, images or synthetic:")
            gpu = gpu_models(self._models)
            if gpu is not None:
                cleanup.callback(gpu.close)
            pipelines: list[Looping] = []
            for camera, timings, source in zip(self._config.camera_configs(), self._timings, sources, strict=True):
                pipelines.append(self._pipeline(gpu, camera, timings))
                pipelines[-1].clip_length = source.frame_count
                cleanup.callback(pipelines[-1].close)
            self._names = [source.name for source in sources]
            publisher = cleanup.enter_context(Publisher("tcp://127.0.0.1:0", pipelines[0].model, streams=self._names))
            outputs = [
                Outputs(StreamFiles(), pipeline.model, pipeline.timings, source.fps or DEFAULT_FPS, publisher)
                for source, pipeline in zip(sources, pipelines, strict=True)
            ]
            meter = Stopwatch(FILL * len(sources), frames * len(sources))
            self._run(sources, pipelines, outputs, meter)
            for name, pipeline in zip(self._names, pipelines, strict=True):
                if pipeline.device_counts is not None:
                    self.device_per_frame[name] = pipeline.device_counts.per_frame(FILL + frames)
        self._engines.merge(self._models.timings.stages)
        self.frames += meter.counted
        self.people += meter.people
        self.wall_s += meter.wall_s
        self.cpu_s += meter.cpu_s
        for task, session in self._models.sessions.items():
            rows, together = self._rows[task]
            self._rows[task] = rows + session.rows - before[task][0], together + session.batched_rows - before[task][1]

    def _pipeline(self, gpu: GpuModels | None, camera: CameraConfig, timings: Timings) -> Looping:
        config = self._config.pipeline
        if gpu is None:
            return LoopingPipeline(self._models, camera, config, timings=timings)
        return LoopingGpuPipeline(gpu, camera, config, timings=timings)

    @abstractmethod
    def _run(self, sources: list[Source], pipelines: list[Looping], outputs: list[Outputs], meter: Stopwatch) -> None:
        """Run until the stopwatch is done."""

    @property
    def fps(self) -> float:
        """Frames per second of all streams together."""
        return self.frames / self.wall_s

    def step_limits_fps(self) -> dict[str, float]:
        """Frames of all streams per second that each step could process alone, by its mean duration."""
        limits = dict.fromkeys(STEPS, 0.0)
        for timings in self._timings:
            times = timings.stages.histograms()
            for step, stages in STEPS.items():
                step_ms = sum(times[stage].total_ms for stage in stages if stage in times) / sum(times["pose"].counts)
                limits[step] += 1000 / max(step_ms, 1e-6)
        return limits

    def report(self) -> dict[str, Any]:
        """All metrics of this runner as plain data."""
        tracked = sum(sum(timings.stages.histograms()["pose"].counts) for timings in self._timings)
        engines_ms = sum(times.total_ms for times in self._engines.histograms().values())
        return {
            "frames": self.frames,
            "people_per_frame": round(self.people / self.frames, 3),
            "fps": round(self.fps, 2),
            "cpu_ms_per_frame": round(self.cpu_s / self.frames * 1e3, 3),
            "engines_ms_per_frame": round(engines_ms / tracked, 3),
            "engines_ms": stage_table(self._engines.stats()),
            "rows": {task: {"computed": rows, "together": together} for task, (rows, together) in self._rows.items()},
            "streams": dict(zip(self._names, map(self._stream, self._names, self._timings), strict=True)),
        }

    def _stream(self, name: str, timings: Timings) -> dict[str, Any]:
        return {
            **{f"{age}_ms": table for age, table in stage_table(timings.ages.stats()).items()},
            "stages_ms": stage_table(timings.stages.stats()),
            "queues_ms": stage_table(timings.queues.stats()),
            "drops": self.drops.get(name, {}),
        }


class AsyncRunner(Runner):
    """Runs the steps in parallel, as `meshcast run` does; fps: at this frame rate, else as fast as possible."""

    name = "overlapped"

    def __init__(self, config: RunConfig, models: LoadedModels, fps: float | None = None) -> None:
        super().__init__(config, models)
        self._fps = fps

    def _run(self, sources: list[Source], pipelines: list[Looping], outputs: list[Outputs], meter: Stopwatch) -> None:
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
            running_streams = []
            for source, pipeline, output in zip(sources, pipelines, outputs, strict=True):
                results = self._start(source, pipeline)
                thread = threading.Thread(target=consume, args=(results, output), name=f"meshcast-bench-{source.name}")
                running.callback(thread.join)
                running.enter_context(results)
                thread.start()
                running_streams.append(results)
            meter.done.wait()
            self.drops = {results.reader.source.name: results.drops for results in running_streams}
        if errors:
            raise errors[0]

    def _start(self, source: Source, pipeline: Pipeline) -> AsyncPipeline:
        if self._fps is None:
            return AsyncPipeline(source, pipeline, "fast")
        return AsyncPipeline(PacedSource(source, self._fps), pipeline, "realtime")


class SerialRunner(Runner):
    """Runs read, process and publish one after the other on one thread."""

    name = "serial"

    def _run(self, sources: list[Source], pipelines: list[Looping], outputs: list[Outputs], meter: Stopwatch) -> None:
        streams = [iter(source) for source in sources]
        while not meter.done.is_set():
            for index, (stream, pipeline, output) in enumerate(zip(streams, pipelines, outputs, strict=True)):
                begin_ns = time.monotonic_ns()
                frame = next(stream, None)
                if frame is None:
                    raise SourceError(f"{self._names[index]}: ended before enough frames came")
                pipeline.timings.read(frame, begin_ns, time.monotonic_ns())
                bodies = pipeline.process(frame)
                output.write(FrameResult(frame, pipeline.camera(frame), bodies))
                meter.tick(bodies)
