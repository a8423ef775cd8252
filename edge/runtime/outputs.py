"""Everything that a stream's bodies go to: the wire, and files that appear whole or not at all.

Each output fails alone. A file that cannot be written any more (a full disk, a removed folder, an encoder's error) is
closed, with what is in it kept; the other outputs and the stream go on. Who closes what: the stream's own thread
writes and closes all of them when the stream ends; abort() is for streams that never began.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from edge.errors import OutputError
from edge.render.attention import paint_attention
from edge.render.meshes import MeshPainter
from edge.runtime.async_pipeline import FrameResult
from edge.runtime.frame_errors import FrameErrors
from edge.sinks.npz import NpzWriter
from edge.sinks.overlay import OverlayWriter
from edge.timing import Timings
from edge.types import U8, BodyModel
from edge.wire.publisher import Publisher
from engines.errors import MeshcastError

log = logging.getLogger("meshcast.output")


@dataclass(frozen=True, slots=True)
class OutputConfig:
    """Which files a stream is written to (None: not). encoder: of an overlay's video."""

    save: Path | None = None
    overlay: Path | None = None
    encoder: str = "auto"


class Sink(Protocol):
    """One file of a stream. write() and close() may raise; after an error of write(), close() keeps what it can."""

    stage: str  # name of its stage in the timings
    path: Path
    rotations: bool  # whether it uses rig poses

    def write(self, result: FrameResult) -> None: ...

    def close(self) -> bool:
        """Finish the file; False when there is nothing to keep."""
        ...

    def abort(self) -> None: ...


class Outputs:
    """Publishes, saves and draws the results of one stream, one after the other.

    fps: nominal, of the overlay video. Files appear on close(); abort() leaves none. `problems` says what failed since,
    a line each, which is also logged when it happens. Raises OutputError at once when a file cannot be written.
    """

    def __init__(
        self,
        wanted: OutputConfig,
        model: BodyModel,
        timings: Timings,
        fps: float,
        publisher: Publisher | None,
        *,
        sinks: tuple[Sink, ...] = (),
    ) -> None:
        """sinks: more files than those that are wanted."""
        self.problems: list[str] = []
        self._timings = timings
        self._publisher = publisher
        self._unpublished = FrameErrors("not published")
        with ExitStack() as undo:
            files: list[Sink] = []
            if wanted.save is not None:
                files.append(_Save(wanted.save, model))
                undo.callback(files[-1].abort)
            if wanted.overlay is not None:
                files.append(_Overlay(wanted.overlay, model, fps, wanted.encoder))
                undo.callback(files[-1].abort)
            undo.pop_all()
        self._files = [_File(sink, self._said) for sink in (*files, *sinks)]

    @property
    def exhausted(self) -> bool:
        """Whether files were wanted, and nothing is left that takes what comes."""
        return bool(self._files) and self._publisher is None and not any(file.open for file in self._files)

    def wants_rotations(self, stream: str) -> bool:
        """Whether an output uses the rig poses of the stream's bodies. Any thread may ask."""
        if any(file.open and file.rotations for file in self._files):
            return True
        publisher = self._publisher
        return publisher is not None and publisher.wants_rotations(stream)

    def write(self, result: FrameResult) -> float:
        """Publish, then save and draw; returns the frame's age in milliseconds once it was published."""
        measure = self._timings.measure
        if self._publisher is not None:
            with measure("publish", result.frame):
                self._publish(self._publisher, result)
        age_ms = self._timings.arrived(result.frame)
        for file in self._files:
            if file.open:
                with measure(file.stage):
                    file.write(result)
        return age_ms

    def ended(self, stream: str, reason: str) -> None:
        """Tell subscribers that no more comes."""
        if self._publisher is not None:
            try:
                self._publisher.end(stream, reason)
            except Exception as error:
                self._said(f"{stream}: its end cannot be published: {type(error).__name__}: {error}")

    def close(self) -> list[Path]:
        """Finish the files; returns those written, also those that failed and were kept."""
        if self._unpublished.problem is not None:
            self._said(self._unpublished.problem)
        for file in self._files:
            file.close()
        return [file.path for file in self._files if file.written]

    def abort(self) -> None:
        """Leave no file that is not finished. Harmless after close()."""
        for file in self._files:
            file.abort()

    def _publish(self, publisher: Publisher, result: FrameResult) -> None:
        try:
            publisher.publish(result.frame, result.bodies, result.camera, result.rig_pose)
            self._unpublished.passed()
        except Exception as error:
            try:
                self._unpublished.failed(result.frame, error)
            except MeshcastError as final:
                self._said(f"{result.frame.stream}: is not published any more: {final}")
                self.ended(result.frame.stream, "an internal error")
                self._publisher = None

    def _said(self, problem: str) -> None:
        self.problems.append(problem)
        log.warning("%s", problem)


class _File:
    """A sink whose errors end only itself."""

    def __init__(self, sink: Sink, said: Callable[[str], None]) -> None:
        self.path, self.stage, self.rotations = sink.path, sink.stage, sink.rotations
        self.open = True
        self.written = False
        self._sink = sink
        self._said = said
        self._errors = FrameErrors(subject=str(sink.path))

    def write(self, result: FrameResult) -> None:
        try:
            self._sink.write(result)
            self._errors.passed()
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
            self._said(str(error) if isinstance(error, MeshcastError) else _unfinished(self.path, error))
        if self._errors.problem is not None:
            self._said(self._errors.problem)

    def abort(self) -> None:
        if self.open:
            self.open = False
            self._sink.abort()

    def _fail(self, error: MeshcastError) -> None:
        self.open = False
        try:
            self.written = self._sink.close()
        except Exception as again:  # the first error says why
            log.info("%s: %s", self.path, again)
        self._said(f"{error}; {'what came before is kept' if self.written else 'nothing of it is kept'}")


class _Save:
    stage, rotations = "save", True

    def __init__(self, path: Path, model: BodyModel) -> None:
        self.path = path
        self._saver = NpzWriter(path, model)
        self.close, self.abort = self._saver.close, self._saver.abort

    def write(self, result: FrameResult) -> None:
        self._saver.add(result.frame, result.bodies, result.camera, result.rig_pose)


class _Overlay:
    stage, rotations = "overlay", False

    def __init__(self, path: Path, model: BodyModel, fps: float, encoder: str) -> None:
        self.path = path
        self._writer = OverlayWriter(path, fps, encoder)
        self._painter = MeshPainter(model)
        self._began = time.monotonic()
        self._frames = 0
        self.close, self.abort = self._writer.close, self._writer.abort

    def write(self, result: FrameResult) -> None:
        self._frames += 1
        self._writer.write(result.frame, self._drawn(result))

    def _drawn(self, result: FrameResult) -> U8:
        image: U8 = result.frame.image.copy()
        if result.bodies.attention is not None:
            paint_attention(image, result.bodies.attention)
        fps = self._frames / max(time.monotonic() - self._began, 1e-6)
        self._painter.paint(image, result.bodies, result.camera, fps=fps)
        return image


def _unfinished(path: Path, error: Exception) -> str:
    return f"{path}: cannot be finished: {type(error).__name__}: {error}"
