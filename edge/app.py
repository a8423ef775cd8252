"""One run: frames through the pipeline and out to everything that was asked for, closed cleanly whatever happens."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from calibration.camera import Camera
from edge.draw import MeshPainter
from edge.draw_attention import paint_attention
from edge.errors import EXIT_INPUT, EXIT_PARTIAL, EXIT_WHOLE, SourceError
from edge.pipeline import Models, Pipeline, View
from edge.progress import Progress
from edge.sinks.overlay import OverlayWriter
from edge.sinks.save import NpzSaver
from edge.sinks.summary import Summary
from edge.sources import Pace, Reader, open_source
from edge.types import U8, Bodies, Frame
from edge.wire.publisher import Publisher
from engines.errors import MeshcastError

DEFAULT_FPS = 30.0


@dataclass(frozen=True, slots=True)
class Job:
    """What to run and where the results go; paths that are None are not written."""

    source: str
    models: Models = field(default_factory=Models)
    view: View = field(default_factory=View)
    publish: str | None = None
    stream: str | None = None
    save: Path | None = None
    overlay: Path | None = None
    overlay_attention: bool = False
    summary: Path | None = None
    pace: Pace | None = None
    loop: bool = False
    max_frames: int | None = None
    detect_every: int = 8
    smooth: bool = True
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended: an exit code of edge.errors, the report that --summary writes, and the files written."""

    exit_code: int
    report: dict[str, Any]
    written: tuple[Path, ...]


def run(job: Job) -> Outcome:
    """Run a job to its end, to max_frames, or to Ctrl-C (or SIGTERM), which keeps what was made so far.

    Raises MeshcastError when nothing could be produced, and KeyboardInterrupt when interrupted before the first frame
    could be waited for or a second time: then no output file is left behind.
    """
    with ExitStack() as cleanup:
        interrupt = cleanup.enter_context(interruptible())
        summary = Summary(job.summary, job.source)
        cleanup.callback(summary.abort)  # does nothing once closed
        with interrupt.welcome():
            source = open_source(job.source, loop=job.loop, camera=job.stream)
            reader = cleanup.enter_context(Reader(source, job.pace))
            pipeline = Pipeline(
                job.models, job.view, detect_every=job.detect_every, smooth=job.smooth, attention=job.overlay_attention
            )
        summary.models, summary.remarks = pipeline.uses, pipeline.remarks
        outputs = cleanup.enter_context(_Outputs(job, pipeline, source.name, source.fps or DEFAULT_FPS))
        total = None if source.live or job.loop else source.frame_count
        if job.max_frames is not None:
            total = min(total, job.max_frames) if total is not None else job.max_frames
        progress = cleanup.enter_context(Progress(total, source.live, job.quiet))
        interrupted = False
        try:
            frames = iter(reader)
            summary.start()
            while summary.frames != job.max_frames:
                with pipeline.timings.measure("wait for frame"), interrupt.welcome():
                    frame = next(frames, None)
                if frame is None:
                    break
                bodies = pipeline.process(frame)
                outputs.write(frame, bodies)
                summary.add(bodies)
                latency_ms = (time.monotonic_ns() - frame.t_capture_ns) * 1e-6
                progress.update(frame.index, len(bodies), latency_ms, reader.dropped)
        except KeyboardInterrupt:
            interrupted = True
        except MeshcastError as error:
            if not summary.frames:
                raise
            summary.add_problem(str(error))
        progress.close()
        summary.dropped = reader.dropped
        summary.dropped_people = pipeline.dropped_people
        for problem in source.problems:
            summary.add_problem(problem)
        if interrupted and not source.live and not job.loop:
            summary.add_problem("interrupted before the end of the source")
        if not summary.frames and not interrupted:
            raise SourceError(summary.problems[0] if summary.problems else f"{job.source}: no frame arrived")
        written = outputs.close()
        code = EXIT_PARTIAL if summary.problems else EXIT_WHOLE
        if not summary.frames and not source.live:
            code = EXIT_INPUT
        report = summary.close(pipeline.timings, code)
        if job.summary is not None:
            written.append(job.summary)
        return Outcome(code, report, tuple(written))


class _Outputs:
    """Everything that a frame's bodies go to. Files appear whole on close(); leaving without it leaves none."""

    def __init__(self, job: Job, pipeline: Pipeline, stream: str, fps: float) -> None:
        self._job = job
        self._pipeline = pipeline
        self._publisher: Publisher | None = None
        self._saver: NpzSaver | None = None
        self._overlay: OverlayWriter | None = None
        self._began = time.monotonic()
        self._frames = 0
        with ExitStack() as undo:
            if job.publish is not None:
                self._publisher = Publisher(job.publish, pipeline.model, stream=stream)
                undo.callback(self._publisher.close)
            if job.save is not None:
                self._saver = NpzSaver(job.save, pipeline.model)
                undo.callback(self._saver.abort)
            if job.overlay is not None:
                self._overlay = OverlayWriter(job.overlay, fps)
                undo.callback(self._overlay.abort)
                self._painter = MeshPainter(pipeline.model)
            self._undo = undo.pop_all()

    def write(self, frame: Frame, bodies: Bodies) -> None:
        measure = self._pipeline.timings.measure
        camera = self._pipeline.camera(frame)
        if self._publisher is not None:
            with measure("publish"):
                self._publisher.publish(frame, bodies, camera)
        self._frames += 1
        if self._saver is not None:
            with measure("save"):
                self._saver.add(frame, bodies, camera)
        if self._overlay is not None:
            with measure("overlay"):
                self._overlay.write(frame, self._drawn(frame, bodies, camera))

    def close(self) -> list[Path]:
        """Finish the files, returns those written; the first that cannot be finished is raised when all were tried."""
        written: list[Path] = []

        def finish(file: NpzSaver | OverlayWriter, path: Path) -> None:
            if file.close():
                written.append(path)

        with ExitStack() as closing:
            for file, path in ((self._overlay, self._job.overlay), (self._saver, self._job.save)):
                if file is not None and path is not None:
                    closing.callback(finish, file, path)
            if self._publisher is not None:
                closing.callback(self._publisher.close)
        self._undo.pop_all()
        return written

    def __enter__(self) -> _Outputs:
        return self

    def __exit__(self, *exception: object) -> None:
        self._undo.close()

    def _drawn(self, frame: Frame, bodies: Bodies, camera: Camera) -> U8:
        image: U8 = frame.image.copy()
        if bodies.attention is not None:
            paint_attention(image, bodies.attention)
        fps = self._frames / max(time.monotonic() - self._began, 1e-6)
        self._painter.paint(image, bodies, camera, fps=fps)
        return image


class Interrupt:
    """Whether the user asked to stop. KeyboardInterrupt is raised only where it is welcome: while starting and waiting,
    there also for a wish from before; and anywhere for a second one."""

    def __init__(self) -> None:
        self.asked = False
        self._welcome = False

    @contextmanager
    def welcome(self) -> Iterator[None]:
        self._welcome = True
        try:
            if self.asked:
                raise KeyboardInterrupt
            yield
        finally:
            self._welcome = False

    def handle(self, number: int, stack: FrameType | None) -> None:
        impatient, self.asked = self.asked, True
        if self._welcome or impatient:
            raise KeyboardInterrupt


@contextmanager
def interruptible() -> Iterator[Interrupt]:
    """Take SIGINT and SIGTERM as the wish to finish in order; a second one breaks off at once.

    Python delivers signals to its main thread only; elsewhere there is nothing to take.
    """
    interrupt = Interrupt()
    here = threading.current_thread() is threading.main_thread()
    taken = (signal.SIGINT, signal.SIGTERM) if here else ()
    before = {number: signal.signal(number, interrupt.handle) for number in taken}
    try:
        yield interrupt
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
