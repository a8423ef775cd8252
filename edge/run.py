"""One run: the frames of its sources pass through the models to its outputs."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from edge.errors import EXIT_INPUT, EXIT_PARTIAL, EXIT_WHOLE, OutputError, SourceError
from edge.gpu.models import GpuModels, gpu_models
from edge.gpu.pipeline import make_pipeline
from edge.models import LoadedModels
from edge.monitoring.build_progress import build_progress_bars
from edge.monitoring.clients import Clients
from edge.monitoring.observers import ENGINES, Observers
from edge.monitoring.progress import Progress
from edge.pipeline import Pipeline
from edge.room.fusion import RoomFusion
from edge.run_config import PublishConfig, RunConfig, SourceConfig
from edge.runtime.async_pipeline import AsyncPipeline
from edge.runtime.control import RunControl, reloadable
from edge.runtime.destinations import check_outputs, plan_outputs
from edge.runtime.displays import with_displays
from edge.runtime.outputs import Outputs, StreamFiles
from edge.runtime.report import run_report
from edge.runtime.room_results import ROOM, RoomResults, feed
from edge.runtime.signals import ShutdownRequest, interruptible
from edge.runtime.stream import StreamRun
from edge.runtime.stream_stats import StreamStats
from edge.sinks.output_file import OutputFile
from edge.sources import Source, open_source
from edge.text import json_bytes
from edge.timing import Timings
from edge.types import BodyModel
from edge.wire.publisher import Publisher
from engines.errors import ModelError

log = logging.getLogger("meshcast.run")

DEFAULT_FPS = 30.0
POLL_S = 0.1  # interval at which progress and health are updated


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended.

    Attributes:
        exit_code: see edge.errors.
        report: what --summary writes.
        written: paths of the files.
        logged: those of the report's problems that were logged when they occurred.
        interrupted: a signal ended the run.
    """

    exit_code: int
    report: dict[str, Any]
    written: tuple[Path, ...]
    logged: frozenset[str] = frozenset()
    interrupted: bool = False


def run(
    config: RunConfig,
    on_reload: Callable[[RunControl], None] | None = None,
    on_start: Callable[[], None] | None = None,
    *,
    models: LoadedModels | None = None,
    on_progress: Callable[[int, int | None], None] | None = None,
) -> RunResult:
    """Run until all sources end, reach max_frames, or SIGINT, SIGTERM or SIGHUP stops the run; results are kept.

    A source that fails stops its own stream; an output that fails stops alone.

    Args:
        config: of the run.
        on_reload: called on SIGUSR1 with what changes settings of the running streams; its errors are logged.
        on_start: called once when sources, models and outputs are open, before the first frame is read.
        models: loaded models of a former run, used in place of config.models; their timings start again.
        on_progress: called about ten times a second with the frames that are done and their number if it is known.

    Raises:
        MeshcastError: nothing could be produced.
        KeyboardInterrupt: interrupted before the streams started, or a second time: then the frames in flight are
            discarded, and the files hold those before.
    """
    with ExitStack() as cleanup:
        interrupt = cleanup.enter_context(interruptible())
        reload = cleanup.enter_context(reloadable())
        names = config.sources.stream_names()
        every = [*names, ROOM] if config.room is not None else names
        files = _planned(config, every)
        summary = OutputFile(config.outputs.summary) if config.outputs.summary is not None else None
        if summary is not None:
            cleanup.callback(summary.discard)  # does nothing once written
        observers = cleanup.enter_context(Observers(config.monitoring))
        with interrupt.welcome():
            sources = open_sources(config.sources, cleanup, names)
            if config.room is not None:
                for line in config.room.check([source.size for source in sources]):
                    log.warning("%s", line)
            listeners = [(observers.listener(name), observers.around_launches(name)) for name in names]
            timings = Timings(observers.listener(ENGINES))
            if models is not None:
                models.timings = timings
            else:
                with build_progress_bars(config.quiet) as on_build:
                    models = LoadedModels(config.models, timings=timings, on_build=on_build)
            gpu = gpu_models(models)
            if gpu is not None:
                cleanup.callback(gpu.close)
            if config.sources.decode == "gpu":
                _decode_on_gpu(sources, gpu)
            pipelines = []
            for camera, (listener, around) in zip(config.camera_configs(), listeners, strict=True):
                pipelines.append(make_pipeline(models, gpu, camera, config.pipeline, Timings(listener), around))
                cleanup.callback(pipelines[-1].close)
            room = _room(config, sources, pipelines, Timings(observers.listener(ROOM)))
        publisher, viewer = (
            _publisher(each, every, pipelines[0].model, cleanup)
            for each in (config.outputs.publish, config.outputs.viewer)
        )
        ended = threading.Condition()
        streams = _streams(config.sources, sources, pipelines, files, (publisher, viewer), ended, cleanup, room)
        clients = Clients(lambda: publisher.subscribers, lambda: publisher.refused) if publisher is not None else None
        observers.watch(streams, models, clients, room)
        progress = cleanup.enter_context(Progress(streams, config.quiet))
        rates = [each.rerun.rate for each in files if each.rerun is not None and each.rerun.rate is not None]
        control = RunControl(pipelines, rates, config.outputs.schedules)
        reread = partial(on_reload, control) if on_reload is not None else None
        if on_start is not None:
            on_start()
        for stream in streams:
            stream.start()
        polled: list[Callable[[], None]] = [progress.refresh, observers.poll, partial(reload.poll, reread)]
        if room is not None:
            polled.append(room.poll)
        if on_progress is not None:
            polled.append(partial(_tell_progress, streams, on_progress))
        interrupted = _wait(streams, ended, polled, interrupt)
        observers.ending()
        progress.close()
        return _result(config, streams, models, observers, summary, interrupted=interrupted)


def open_sources(config: SourceConfig, cleanup: ExitStack, names: Sequence[str] = ()) -> list[Source]:
    """Open the sources, and close them with `cleanup`. names: of the streams. Raises SourceError."""
    sources = []
    for uri, name, playback in zip(config.uris, names or config.stream_names(), config.playbacks(), strict=True):
        how: dict[str, Any] = {"loop": playback.loop, "fps": playback.fps, "part": playback.part}
        sources.append(open_source(uri, camera=name, access=config.access, **how))
        cleanup.callback(sources[-1].close)
    return sources


def _decode_on_gpu(sources: list[Source], gpu: GpuModels | None) -> None:
    """Let the sources decode on the GPU of the models. Raises ModelError where those do not run on its streams."""
    if gpu is None:
        raise ModelError("--decode gpu: the models do not run on a GPU's streams, which read its images; leave it out")
    for source in sources:
        source.decode_on = gpu.device.name


def _planned(config: RunConfig, names: list[str]) -> list[StreamFiles]:
    """The files of each stream. Raises OutputError when a file of the run cannot be written."""
    outputs = config.outputs
    fused = ROOM if config.room is not None else None
    planned = plan_outputs(names, outputs.files, fused=fused)
    paths = [*(path for files in planned for path in files.paths), outputs.summary, config.monitoring.trace]
    cameras = [camera.camera for camera in config.cameras if camera.camera is not None]
    if config.room is not None:
        cameras.append(config.room.path)
    check_outputs([path for path in paths if path is not None], config.sources.uris, cameras)
    return with_displays(planned)


def _publisher(
    publish: PublishConfig | None, names: list[str], model: BodyModel, cleanup: ExitStack
) -> Publisher | None:
    if publish is None:
        return None
    publisher = Publisher(
        publish.address,
        model,
        streams=names,
        axes=publish.axes,
        security=publish.security,
        previews=publish.previews,
    )
    if publish.on_bound is not None:
        publish.on_bound(publisher.address)
    return cleanup.enter_context(publisher)


def _streams(
    config: SourceConfig,
    sources: list[Source],
    pipelines: list[Pipeline],
    files: list[StreamFiles],
    publishers: tuple[Publisher | None, Publisher | None],
    ended: threading.Condition,
    cleanup: ExitStack,
    room: RoomResults | None,
) -> list[StreamRun]:
    def on_end(camera: int | None = None) -> None:
        if camera is not None and room is not None:
            room.finish(camera)
        with ended:
            ended.notify_all()

    streams: list[StreamRun] = []
    if room is not None:
        cleanup.callback(room.close)
    parts = zip(config.shown, sources, config.playbacks(), pipelines, files[: len(sources)], strict=True)
    for title, source, playback, pipeline, stream_files in parts:
        outputs = Outputs(
            stream_files,
            pipeline.model,
            pipeline.timings,
            source.fps or DEFAULT_FPS,
            publishers[0],
            viewer=publishers[1],
            predict_s=pipeline.predict_s,
            stream=source.name,
        )
        cleanup.callback(outputs.abort)
        wants_rotations = partial(outputs.wants_rotations, source.name)
        pipeline.surface_use = partial(outputs.surface_use, source.name)
        overlapped = AsyncPipeline(
            source, pipeline, playback.pace, limit=playback.max_frames, wants_rotations=wants_rotations
        )
        total = None if source.live or playback.loop else source.frame_count
        if playback.max_frames is not None:
            total = min(total, playback.max_frames) if total is not None else playback.max_frames
        camera = len(streams)
        on_result = feed(room, camera) if room is not None else None
        streams.append(StreamRun(title, overlapped, outputs, total, partial(on_end, camera), on_result))
        _describe(streams[-1], publishers)
        cleanup.callback(streams[-1].close)
    if room is not None:
        streams.append(_room_stream(room, streams, pipelines[0], files[-1], publishers, on_end, cleanup))
        _describe(streams[-1], publishers, room.stats)
    return streams


def _tell_progress(streams: list[StreamRun], on_progress: Callable[[int, int | None], None]) -> None:
    totals = [stream.total for stream in streams]
    known = [total for total in totals if total is not None]
    on_progress(sum(stream.frames for stream in streams), sum(known) if len(known) == len(totals) else None)


def _room(config: RunConfig, sources: list[Source], pipelines: list[Pipeline], timings: Timings) -> RoomResults | None:
    """The fusion of the sources, None without a rig."""
    if config.room is None:
        return None
    pipeline = pipelines[0]
    if pipeline.rig_poser is None:
        raise ModelError(f"the body {pipeline.model.name} has no rig: choose one with skinning weights for a room")
    fusion = RoomFusion(
        pipeline.mesh.head.body,
        pipeline.model,
        config.room.cameras(),
        config.room.fusion,
        predict_s=config.pipeline.predict_s,
    )
    live = any(source.live for source in sources)
    realtime = live or any(playback.pace == "realtime" for playback in config.sources.playbacks())
    return RoomResults(fusion, timings, live=live, realtime=realtime)


def _room_stream(
    room: RoomResults,
    cameras: list[StreamRun],
    pipeline: Pipeline,
    files: StreamFiles,
    publishers: tuple[Publisher | None, Publisher | None],
    on_end: Callable[[], None],
    cleanup: ExitStack,
) -> StreamRun:
    outputs = Outputs(
        files,
        pipeline.model,
        room.pipeline.timings,
        DEFAULT_FPS,
        publishers[0],
        viewer=publishers[1],
        predict_s=pipeline.predict_s,
        stream=ROOM,
        cameras=room.names,
    )
    cleanup.callback(outputs.abort)
    room.wants_rotations = partial(outputs.wants_rotations, ROOM)
    room.fusion.surface_use = partial(outputs.surface_use, ROOM)
    totals = [camera.total for camera in cameras]
    total = None if None in totals else max(total for total in totals if total is not None)
    stream = StreamRun(" + ".join(camera.title for camera in cameras), room, outputs, total, on_end)
    cleanup.callback(stream.close)
    return stream


def _describe(
    stream: StreamRun, publishers: tuple[Publisher | None, ...], more: Callable[[], dict[str, Any]] = dict
) -> None:
    """Let the publishers send how the stream performs, and more values."""
    for publisher in publishers:
        if publisher is not None:
            timings = stream.results.pipeline.timings
            stats = StreamStats(timings, lambda: stream.frames, lambda: stream.results.drops)
            publisher.describe(stream.name, partial(_joined, stats, more))


def _joined(first: Callable[[], dict[str, Any]], second: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    return {**first(), **second()}


def _wait(
    streams: list[StreamRun],
    ended: threading.Condition,
    polled: Sequence[Callable[[], None]],
    interrupt: ShutdownRequest,
) -> KeyboardInterrupt | None:
    """Wait until all streams have ended, calling the polled functions; returns what interrupted the run."""

    def wait() -> None:
        while True:
            for poll in polled:
                poll()
            if not any(stream.running for stream in streams):
                return
            with ended:
                ended.wait(POLL_S)

    try:
        with interrupt.welcome():
            wait()
    except KeyboardInterrupt as interruption:
        for stream in streams:
            stream.stop()
        wait()  # for the frames in flight
        return interruption
    return None


def _result(
    config: RunConfig,
    streams: list[StreamRun],
    models: LoadedModels,
    observers: Observers,
    summary: OutputFile | None,
    *,
    interrupted: KeyboardInterrupt | None,
) -> RunResult:
    """The result of the run; writes its report and trace. Raises what prevented any result."""
    produced = any(stream.frames for stream in streams)
    ending = zip(streams, config.sources.playbacks(), strict=False)  # a room's stream comes last and has no source
    cut_short = interrupted is not None and any(not (run.live or playback.loop) for run, playback in ending)
    problems = _problems(streams, cut_short)
    if not produced and interrupted is not None and not problems:
        raise interrupted
    if not produced and interrupted is None:
        raise SourceError(problems[0] if problems else f"{', '.join(config.sources.shown)}: no frame arrived")
    written = [path for stream in streams for path in stream.written]
    try:
        written += observers.finish()
    except OutputError as error:
        problems.append(str(error))
    code = EXIT_INPUT if not produced else EXIT_PARTIAL if problems else EXIT_WHOLE
    report = run_report(streams, models, code, problems)
    if summary is not None:
        try:
            summary.write(json_bytes(report))
            written.append(summary.path)
        except OutputError as error:
            report["problems"].append(str(error))
            code = report["exit_status"] = EXIT_PARTIAL if produced else EXIT_INPUT
    logged = frozenset(problem for stream in streams for problem in stream.outputs.problems)
    return RunResult(code, report, tuple(written), logged, interrupted is not None)


def _problems(streams: list[StreamRun], interrupted: bool) -> list[str]:
    """The problems of the run, one line each; interrupted: a source was cut short. Raises what ended all streams before
    their first frame."""
    errors = {stream.name: stream.error for stream in streams if stream.error is not None}
    if errors and not any(stream.frames for stream in streams):
        if len(streams) == 1:
            raise next(iter(errors.values()))
        lines = dict.fromkeys(problem for stream in streams for problem in stream.problems)
        raise SourceError(f"no source gave a frame: {'; '.join(lines)}")
    problems = dict.fromkeys(problem for stream in streams for problem in stream.problems)
    if interrupted:
        problems["interrupted before the end of the source"] = None
    return list(problems)
