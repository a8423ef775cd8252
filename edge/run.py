"""One run: the frames of some sources through the models and out to everything that was asked for."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from edge.errors import EXIT_INPUT, EXIT_PARTIAL, EXIT_WHOLE, OutputError, SourceError
from edge.models import LoadedModels, Models
from edge.monitoring.build_progress import build_progress_bars
from edge.monitoring.clients import Clients
from edge.monitoring.observers import MonitoringConfig, Observers
from edge.monitoring.progress import Progress
from edge.pipeline import CameraConfig, Pipeline
from edge.runtime.async_pipeline import AsyncPipeline
from edge.runtime.destinations import check_outputs, plan_outputs
from edge.runtime.outputs import OutputConfig, Outputs
from edge.runtime.report import run_report
from edge.runtime.signals import ShutdownRequest, interruptible
from edge.runtime.stream import StreamRun
from edge.sinks.output_file import OutputFile
from edge.sources import Access, Pace, Source, open_source
from edge.sources.uri import parse
from edge.stream_names import check_stream_name, distinct
from edge.text import json_bytes
from edge.types import BodyModel
from edge.wire.curve_auth import Security
from edge.wire.publisher import Publisher

DEFAULT_FPS = 30.0
LOOK_S = 0.1  # how often what is shown of the run is brought up to date


@dataclass(frozen=True, slots=True)
class RunConfig:
    """What to run and where the results go; paths that are None are not written.

    views: one for all sources, or one for each; names: of the streams, in the sources' order, where they shall not be
    the sources' own; fps: of files without timestamps. {stream} in the paths of save and overlay is the stream's name,
    which several sources need. overlay_encoder: of an overlay's video, see edge.sinks.encoders.
    """

    sources: tuple[str, ...]
    models: Models = field(default_factory=Models)
    cameras: tuple[CameraConfig, ...] = (CameraConfig(),)
    publish: str | None = None
    axes: str = "opencv"
    security: Security = field(default_factory=Security)
    names: tuple[str, ...] = ()
    save: Path | None = None
    overlay: Path | None = None
    overlay_encoder: str = "auto"
    overlay_attention: bool = False
    summary: Path | None = None
    pace: Pace | None = None
    loop: bool = False
    fps: float | None = None
    max_frames: int | None = None
    detect_every: int = 8
    smooth: bool = True
    quiet: bool = False
    watch: MonitoringConfig = field(default_factory=MonitoringConfig)
    access: Access = field(default_factory=Access)

    @property
    def shown(self) -> tuple[str, ...]:
        """The sources without their secrets, for everything that is shown, logged or written. Raises SourceError."""
        return tuple(parse(source).shown for source in self.sources)


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended: an exit code of edge.errors, the report that --summary writes, and the files written.

    said: those of the report's problems that were logged when they happened.
    """

    exit_code: int
    report: dict[str, Any]
    written: tuple[Path, ...]
    said: frozenset[str] = frozenset()


def run(job: RunConfig) -> RunResult:
    """Run a job to the end of all its sources, to max_frames of each, or to Ctrl-C (or SIGTERM or SIGHUP), which keeps
    what was made so far.

    A source that fails stops its own stream, an output that fails stops alone. Raises MeshcastError when nothing could
    be produced, and KeyboardInterrupt when interrupted before the first frame could be waited for, or a second time:
    then frames on their way are thrown away, and files hold those before.
    """
    with ExitStack() as cleanup:
        interrupt = cleanup.enter_context(interruptible())
        names = stream_names(job)
        wanted = _planned(job, names)
        target = OutputFile(job.summary) if job.summary is not None else None
        if target is not None:
            cleanup.callback(target.discard)  # does nothing once written
        observers = cleanup.enter_context(Observers(job.watch))
        with interrupt.welcome():
            sources = open_sources(job, cleanup, names)
            with build_progress_bars(job.quiet):
                models = LoadedModels(job.models)
            pipelines = [
                Pipeline(
                    models, view, detect_every=job.detect_every, smooth=job.smooth, attention=job.overlay_attention
                )
                for view in camera_configs(job)
            ]
        ended = threading.Condition()
        publisher = _publisher(job, sources, pipelines[0].model, cleanup)
        streams = _streams(job, sources, pipelines, wanted, publisher, ended, cleanup)
        clients = Clients(lambda: publisher.subscribers, lambda: publisher.refused) if publisher is not None else None
        observers.watch(streams, models, clients)
        progress = cleanup.enter_context(Progress(streams, job.quiet))
        for stream in streams:
            stream.start()
        interrupted = _wait(streams, ended, (progress.refresh, observers.look), interrupt)
        observers.ending()
        progress.close()
        return _outcome(job, streams, models, observers, target, interrupted=interrupted)


def stream_names(job: RunConfig) -> list[str]:
    """The names of a job's streams, each another one. Raises SourceError, and UsageError for one of no use."""
    if job.names and len(job.names) != len(job.sources):
        raise SourceError(f"{len(job.sources)} sources and {len(job.names)} names: give --stream once for each source")
    addresses = [parse(uri) for uri in job.sources]
    pipes = Counter(address.target for address in addresses if address.kind == "pipe")
    if any(count > 1 for count in pipes.values()):
        raise SourceError("two sources are the same pipe, which can be read only once; leave one out")
    names = [check_stream_name(name) for name in job.names] or [address.name for address in addresses]
    repeated = {name for name, count in Counter(names).items() if count > 1}
    if repeated and job.names:
        raise SourceError(f"two streams cannot both be called {', '.join(sorted(repeated))}; choose another --stream")
    return distinct(names)


def open_sources(job: RunConfig, cleanup: ExitStack, names: Sequence[str] = ()) -> list[Source]:
    """The sources of a job. names: of the streams. Raises SourceError."""
    sources = []
    for uri, name in zip(job.sources, names or stream_names(job), strict=True):
        sources.append(open_source(uri, loop=job.loop, camera=name, fps=job.fps, access=job.access))
        cleanup.callback(sources[-1].close)
    return sources


def camera_configs(job: RunConfig) -> tuple[CameraConfig, ...]:
    """One view for each source. Raises SourceError."""
    sources, cameras = len(job.sources), len(job.cameras)
    if cameras not in (1, sources):
        raise SourceError(f"{sources} sources and {cameras} of --camera: give one for all or one for each")
    return job.cameras * (sources // cameras)


def _planned(job: RunConfig, names: list[str]) -> list[OutputConfig]:
    """The files of each stream. Raises OutputError where files of the run cannot be written."""
    wanted = plan_outputs(names, job.save, job.overlay, job.overlay_encoder)
    files = [path for each in wanted for path in (each.save, each.overlay)] + [job.summary, job.watch.trace]
    cameras = [view.camera for view in job.cameras if view.camera is not None]
    check_outputs([path for path in files if path is not None], job.sources, cameras)
    return wanted


def _publisher(job: RunConfig, sources: list[Source], model: BodyModel, cleanup: ExitStack) -> Publisher | None:
    if job.publish is None:
        return None
    names = [source.name for source in sources]
    return cleanup.enter_context(Publisher(job.publish, model, streams=names, axes=job.axes, security=job.security))


def _streams(
    job: RunConfig,
    sources: list[Source],
    pipelines: list[Pipeline],
    wanted: list[OutputConfig],
    publisher: Publisher | None,
    ended: threading.Condition,
    cleanup: ExitStack,
) -> list[StreamRun]:
    def on_end() -> None:
        with ended:
            ended.notify_all()

    streams = []
    for title, source, pipeline, files in zip(job.shown, sources, pipelines, wanted, strict=True):
        outputs = Outputs(files, pipeline.model, pipeline.timings, source.fps or DEFAULT_FPS, publisher)
        cleanup.callback(outputs.abort)
        wants_rotations = partial(outputs.wants_rotations, source.name)
        overlapped = AsyncPipeline(source, pipeline, job.pace, limit=job.max_frames, wants_rotations=wants_rotations)
        total = None if source.live or job.loop else source.frame_count
        if job.max_frames is not None:
            total = min(total, job.max_frames) if total is not None else job.max_frames
        streams.append(StreamRun(title, overlapped, outputs, total, on_end))
        cleanup.callback(streams[-1].close)
    return streams


def _wait(
    streams: list[StreamRun],
    ended: threading.Condition,
    lookers: Sequence[Callable[[], None]],
    interrupt: ShutdownRequest,
) -> bool:
    """Wait until all streams have ended, calling the lookers meanwhile; True when the user asked for it."""

    def wait() -> None:
        while True:
            for look in lookers:
                look()
            if not any(stream.running for stream in streams):
                return
            with ended:
                ended.wait(LOOK_S)

    try:
        with interrupt.welcome():
            wait()
    except KeyboardInterrupt:
        for stream in streams:
            stream.stop()
        wait()  # for what is on its way
        return True
    return False


def _outcome(
    job: RunConfig,
    streams: list[StreamRun],
    models: LoadedModels,
    observers: Observers,
    target: OutputFile | None,
    *,
    interrupted: bool,
) -> RunResult:
    """What has become of the run; writes the files that are the run's and no stream's. Raises what left nothing."""
    produced = any(stream.frames for stream in streams)
    problems = _problems(streams, interrupted and not job.loop)
    if not produced and not interrupted:
        raise SourceError(problems[0] if problems else f"{', '.join(job.sources)}: no frame arrived")
    written = [path for stream in streams for path in stream.written]
    try:
        written += observers.finish()
    except OutputError as error:
        problems.append(str(error))
    code = EXIT_INPUT if not produced else EXIT_PARTIAL if problems else EXIT_WHOLE
    report = run_report(streams, models, code, problems)
    if target is not None:
        try:
            target.write(json_bytes(report))
            written.append(target.path)
        except OutputError as error:
            report["problems"].append(str(error))
            code = report["exit_status"] = EXIT_PARTIAL if produced else EXIT_INPUT
    said = frozenset(problem for stream in streams for problem in stream.outputs.problems)
    return RunResult(code, report, tuple(written), said)


def _problems(streams: list[StreamRun], broken_off: bool) -> list[str]:
    """What to tell the user, a line each. Raises what ended all streams before their first frame."""
    errors = {stream.name: stream.error for stream in streams if stream.error is not None}
    if errors and not any(stream.frames for stream in streams):
        if len(streams) == 1:
            raise next(iter(errors.values()))
        lines = dict.fromkeys(problem for stream in streams for problem in stream.problems)
        raise SourceError(f"no source gave a frame: {'; '.join(lines)}")
    problems = dict.fromkeys(problem for stream in streams for problem in stream.problems)
    if broken_off and any(not stream.live for stream in streams):
        problems["interrupted before the end of the source"] = None
    return list(problems)
