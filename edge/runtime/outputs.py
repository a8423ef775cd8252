"""The outputs of a stream: the publisher, and files that appear complete or not at all.

Each output fails alone. A file that can no longer be written (a full disk, a removed folder, an encoder's error) is
closed and its content kept; the other outputs and the stream continue. The stream's own thread writes all outputs and
closes them when the stream ends; abort() is for streams that never started.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol

from edge.errors import DisplayClosed, OutputError
from edge.recording.file_series import FIELD, FileSeries, Rotation
from edge.recording.rotation import RotatingRecorder, recorder_of
from edge.recording.stream_recorder import RecordConfig, StreamRecorder
from edge.render.attention import paint_attention
from edge.render.meshes import MeshPainter
from edge.runtime.async_pipeline import FrameResult
from edge.runtime.displays import rerun_sink, window_sink
from edge.runtime.frame_errors import FrameErrors
from edge.runtime.schedule import OutputSchedules, Schedule
from edge.runtime.scheduled import ScheduledSink
from edge.sinks.npz import NpzWriter
from edge.sinks.overlay import OverlayWriter
from edge.sinks.rerun_target import RerunConfig
from edge.timing import Timings
from edge.types import U8, BodyModel, Frame, SurfaceUse
from edge.wire.publisher import Publisher
from engines.errors import MeshcastError

log = logging.getLogger("meshcast.output")


@dataclass(frozen=True, slots=True)
class StreamFiles:
    """The files and displays of a stream; None: not written. encoder: of an overlay video; window: of Open3D.
    schedules: when the stream is published, recorded and saved. make_sink: makes one more sink."""

    save: Path | None = None
    overlay: Path | None = None
    encoder: str = "auto"
    record: RecordConfig | None = None
    rotation: Rotation | None = None
    rerun: RerunConfig | None = None
    window: bool = False
    schedules: OutputSchedules = field(default_factory=OutputSchedules)
    make_sink: Callable[[], Sink] | None = None

    @property
    def paths(self) -> list[Path]:
        """All paths that are written."""
        record = None if self.record is None else self.record.path
        rerun = None if self.rerun is None else self.rerun.path
        return [path for path in (self.save, self.overlay, record, rerun) if path is not None]


class Sink(Protocol):
    """One output of a stream. write() and close() may raise; after an error of write(), close() keeps the rest."""

    stage: str  # name of its stage in the timings
    rotations: bool  # whether it uses rig poses

    @property
    def path(self) -> Path | None:
        """The file, the latest of several; None: a display, of which nothing is kept."""
        ...

    def write(self, result: FrameResult) -> None: ...

    def close(self) -> bool:
        """Complete the file; False when there is nothing to keep."""
        ...

    def abort(self) -> None: ...


class Outputs:
    """Publishes, saves and draws the results of one stream, one after the other.

    fps: nominal, of the overlay video. Files appear on close(); abort() leaves none. `problems` lists failures, one
    line each; they are also logged when they occur. Raises OutputError at once when a file cannot be written.
    """

    def __init__(
        self,
        files: StreamFiles,
        model: BodyModel,
        timings: Timings,
        fps: float,
        publisher: Publisher | None,
        *,
        viewer: Publisher | None = None,
        sinks: tuple[Sink, ...] = (),
        predict_s: float = 0.0,
        stream: str = "",
        cameras: tuple[str, ...] = (),
    ) -> None:
        """viewer: a second publisher, of the viewer's page. sinks: additional sinks. predict_s: time by which the
        bodies are ahead of their frames, s. stream: name of the stream in recordings. cameras: of a room whose bodies
        these are."""
        self.problems: list[str] = []
        self._timings = timings
        self._publications = [
            _Publication(each, predict_s, self._report, schedule)
            for each, schedule in ((publisher, files.schedules.publish), (viewer, Schedule()))
            if each is not None
        ]
        with ExitStack() as undo:
            opened: list[Sink] = []
            if files.save is not None:
                opened.append(_save(files.save, files.schedules.save, model, cameras))
                undo.callback(opened[-1].abort)
            if files.overlay is not None:
                opened.append(_Overlay(files.overlay, model, fps, files.encoder))
                undo.callback(opened[-1].abort)
            if files.record is not None:
                opened.append(_record(files, files.record, stream, model, predict_s))
                undo.callback(opened[-1].abort)
            if files.rerun is not None:
                opened.append(rerun_sink(files.rerun, stream, model, timings))
                undo.callback(opened[-1].abort)
            if files.window:
                opened.append(window_sink(stream, model))
                undo.callback(opened[-1].abort)
            if files.make_sink is not None:
                opened.append(files.make_sink())
                undo.callback(opened[-1].abort)
            undo.pop_all()
        self._files = [_File(sink, self._report) for sink in (*opened, *sinks)]

    @property
    def exhausted(self) -> bool:
        """Whether all files and displays have failed and there is no publisher: nothing takes further results."""
        return bool(self._files) and not self._published and not any(file.open for file in self._files)

    def wants_rotations(self, stream: str) -> bool:
        """Whether an output uses the rig poses of the stream's bodies. Any thread may ask."""
        if any(file.open and file.rotations for file in self._files):
            return True
        return any(each.active and each.publisher.wants_rotations(stream) for each in self._publications)

    def surface_use(self, stream: str) -> SurfaceUse:
        """What the outputs use of the surface of the stream's bodies. Any thread may ask."""
        if any(file.open for file in self._files):
            return SurfaceUse.FLOATS
        publishers = [each.publisher for each in self._publications if each.open]
        if any(publisher.wants_mesh(stream) for publisher in publishers):
            return SurfaceUse.LEVELS
        wanted = any(publisher.wants_surface(stream) for publisher in publishers)
        return SurfaceUse.COARSE if wanted else SurfaceUse.NONE

    def write(self, result: FrameResult) -> float:
        """Publish, then save and draw; returns the frame's age in milliseconds when it was published."""
        measure = self._timings.measure
        if self._published:
            with measure("publish", result.frame):
                for publication in self._publications:
                    publication.publish(result)
        age_ms = self._timings.arrived(result.frame)
        for file in self._files:
            if file.open:
                with measure(file.stage):
                    file.write(result)
        return age_ms

    def ended(self, stream: str, reason: str) -> None:
        """Publish that the stream has ended."""
        for publication in self._publications:
            publication.ended(stream, reason)

    def close(self) -> list[Path]:
        """Complete the files; returns those written, including those that failed and were kept."""
        for publication in self._publications:
            publication.close()
        for file in self._files:
            file.close()
        return [file.path for file in self._files if file.written and file.path is not None]

    def abort(self) -> None:
        """Remove incomplete files. Does nothing after close()."""
        for file in self._files:
            file.abort()

    @property
    def _published(self) -> bool:
        return any(each.open for each in self._publications)

    def _report(self, problem: str) -> None:
        self.problems.append(problem)
        log.warning("%s", problem)


def _ahead(frame: Frame, predict_s: float) -> Frame:
    """The frame with the time of its extrapolated bodies; the image's time of capture stays."""
    return replace(frame, t_s=frame.t_s + predict_s) if predict_s else frame


class _Publication:
    """A publisher whose errors end only itself, at certain hours."""

    def __init__(
        self, publisher: Publisher, predict_s: float, report: Callable[[str], None], schedule: Schedule
    ) -> None:
        self.publisher, self._schedule = publisher, schedule
        self.open = True
        self._predict_s = predict_s
        self._report = report
        self._errors = FrameErrors("not published")
        now = datetime.now()
        if not schedule.active(now):
            log.warning("%s: nothing is published outside of %s", publisher.address, schedule.describe(now))

    @property
    def active(self) -> bool:
        return self.open and self._schedule.active(datetime.now())

    def publish(self, result: FrameResult) -> None:
        if not self.active:
            return
        frame = _ahead(result.frame, self._predict_s)
        try:
            self.publisher.publish(frame, result.bodies, result.camera, result.rig_pose)
            self._errors.passed()
        except Exception as error:
            try:
                self._errors.failed(result.frame, error)
            except MeshcastError as final:
                self._report(f"{result.frame.stream}: publishing has stopped: {final}")
                self.ended(result.frame.stream, "an internal error")
                self.open = False

    def ended(self, stream: str, reason: str) -> None:
        if not self.open:
            return
        try:
            self.publisher.end(stream, reason)
        except Exception as error:
            self._report(f"{stream}: the end of the stream cannot be published: {type(error).__name__}: {error}")

    def close(self) -> None:
        if self._errors.problem is not None:
            self._report(self._errors.problem)


class _File:
    """A sink whose errors end only itself."""

    def __init__(self, sink: Sink, report: Callable[[str], None]) -> None:
        self.stage, self.rotations = sink.stage, sink.rotations
        self.open = True
        self.written = False
        self._sink = sink
        self._report = report
        self._errors = FrameErrors(subject=str(sink.path or sink.stage))

    @property
    def path(self) -> Path | None:
        return self._sink.path

    def write(self, result: FrameResult) -> None:
        try:
            self._sink.write(result)
            self._errors.passed()
        except DisplayClosed as closed:
            log.info("%s: %s", self.stage, closed)
            self.close()
        except OutputError as error:
            self._fail(error)
        except Exception as error:
            try:
                self._errors.failed(result.frame, error)
            except MeshcastError as final:
                self._fail(final)

    def close(self) -> None:
        if not self.open:
            return
        self.open = False
        try:
            self.written = self._sink.close()
        except Exception as error:
            self._report(
                str(error) if isinstance(error, MeshcastError) else _incomplete(self.path or self.stage, error)
            )
        if self._errors.problem is not None:
            self._report(self._errors.problem)

    def abort(self) -> None:
        if self.open:
            self.open = False
            self._sink.abort()

    def _fail(self, error: MeshcastError) -> None:
        self.open = False
        try:
            self.written = self._sink.close()
        except Exception as second:  # the first error is the cause
            log.info("%s: %s", self.path or self.stage, second)
        if self.path is None:
            self._report(str(error))
        else:
            self._report(f"{error}; {'the frames before are kept' if self.written else 'nothing of it is kept'}")


def _save(path: Path, schedule: Schedule, model: BodyModel, cameras: tuple[str, ...]) -> Sink:
    if FIELD not in path.name:
        return _Save(path, model, cameras)
    series = FileSeries(path)
    return ScheduledSink(schedule, lambda: _Save(series.next(), model, cameras), what=path)


def _record(files: StreamFiles, config: RecordConfig, stream: str, model: BodyModel, predict_s: float) -> Sink:
    def begin() -> Sink:
        return _Record(recorder_of(config, stream, model, files.rotation), predict_s)

    schedule = files.schedules.record
    return begin() if FIELD not in config.path.name else ScheduledSink(schedule, begin, what=config.path)


class _Save:
    stage, rotations = "save", True

    def __init__(self, path: Path, model: BodyModel, cameras: tuple[str, ...]) -> None:
        self.path: Path | None = path
        self._saver = NpzWriter(path, model, cameras)
        self.close, self.abort = self._saver.close, self._saver.abort

    def write(self, result: FrameResult) -> None:
        self._saver.add(result.frame, result.bodies, result.camera, result.rig_pose)


class _Record:
    stage = "record"

    def __init__(self, recorder: StreamRecorder | RotatingRecorder, predict_s: float) -> None:
        self._recorder = recorder
        self._predict_s = predict_s
        self.rotations = recorder.rotations
        self.close, self.abort = recorder.close, recorder.abort

    @property
    def path(self) -> Path | None:
        return self._recorder.path

    def write(self, result: FrameResult) -> None:
        frame = _ahead(result.frame, self._predict_s)
        self._recorder.add(frame, result.bodies, result.camera, result.rig_pose)


class _Overlay:
    stage, rotations = "overlay", False

    def __init__(self, path: Path, model: BodyModel, fps: float, encoder: str) -> None:
        self.path: Path | None = path
        self._writer = OverlayWriter(path, fps, encoder)
        self._painter = MeshPainter(model)
        self._start_s = time.monotonic()
        self._frames = 0
        self.close, self.abort = self._writer.close, self._writer.abort

    def write(self, result: FrameResult) -> None:
        self._frames += 1
        self._writer.write(result.frame, self._render(result))

    def _render(self, result: FrameResult) -> U8:
        image: U8 = result.frame.image.copy()
        if result.bodies.attention is not None:
            paint_attention(image, result.bodies.attention)
        fps = self._frames / max(time.monotonic() - self._start_s, 1e-6)
        self._painter.paint(image, result.bodies, result.camera, fps=fps)
        return image


def _incomplete(path: Path | str, error: Exception) -> str:
    return f"{path}: cannot be completed: {type(error).__name__}: {error}"
