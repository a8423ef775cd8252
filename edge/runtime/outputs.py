"""Everything that a stream's bodies go to: the wire, and files that appear whole or not at all."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from edge.draw import MeshPainter
from edge.draw_attention import paint_attention
from edge.profiling.timing import Timings
from edge.runtime.overlap import Result
from edge.sinks.overlay import OverlayWriter
from edge.sinks.save import NpzSaver
from edge.types import U8, BodyModel
from edge.wire.publisher import Publisher


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which files a stream is written to (None: not)."""

    save: Path | None = None
    overlay: Path | None = None


class Outputs:
    """Publishes, saves and draws the results of one stream, one after the other.

    fps: nominal, of the overlay video. Files appear on close(); abort() leaves none. Raises OutputError at once when a
    file cannot be written.
    """

    def __init__(
        self, wanted: Wanted, model: BodyModel, timings: Timings, fps: float, publisher: Publisher | None
    ) -> None:
        self._wanted = wanted
        self._timings = timings
        self._publisher = publisher
        self._saver: NpzSaver | None = None
        self._overlay: OverlayWriter | None = None
        self._began = time.monotonic()
        self._frames = 0
        with ExitStack() as undo:
            if wanted.save is not None:
                self._saver = NpzSaver(wanted.save, model)
                undo.callback(self._saver.abort)
            if wanted.overlay is not None:
                self._overlay = OverlayWriter(wanted.overlay, fps)
                undo.callback(self._overlay.abort)
                self._painter = MeshPainter(model)
            self._undo = undo.pop_all()

    def write(self, result: Result) -> float:
        """Publish, then save and draw; returns the frame's age in milliseconds once it was published."""
        frame, measure = result.frame, self._timings.measure
        if self._publisher is not None:
            with measure("publish", frame):
                self._publisher.publish(frame, result.bodies, result.camera)
        age_ms = self._timings.arrived(frame)
        self._frames += 1
        if self._saver is not None:
            with measure("save"):
                self._saver.add(frame, result.bodies, result.camera)
        if self._overlay is not None:
            with measure("overlay"):
                self._overlay.write(frame, self._drawn(result))
        return age_ms

    def ended(self, stream: str, reason: str) -> None:
        """Tell subscribers that no more comes."""
        if self._publisher is not None:
            self._publisher.end(stream, reason)

    def close(self) -> list[Path]:
        """Finish the files, returns those written; the first that cannot be finished is raised when all were tried."""
        written: list[Path] = []

        def finish(close: Callable[[], bool], path: Path) -> None:
            if close():
                written.append(path)

        with ExitStack() as closing:
            if self._overlay is not None and self._wanted.overlay is not None:
                closing.callback(finish, self._overlay.close, self._wanted.overlay)
            if self._saver is not None and self._wanted.save is not None:
                closing.callback(finish, self._saver.close, self._wanted.save)
        self._undo.pop_all()
        return written

    def abort(self) -> None:
        """Leave no file that is not finished. Harmless after close()."""
        self._undo.close()

    def _drawn(self, result: Result) -> U8:
        image: U8 = result.frame.image.copy()
        if result.bodies.attention is not None:
            paint_attention(image, result.bodies.attention)
        fps = self._frames / max(time.monotonic() - self._began, 1e-6)
        self._painter.paint(image, result.bodies, result.camera, fps=fps)
        return image
