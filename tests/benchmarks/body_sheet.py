"""Contact sheets of what a benchmark ran on, with the bodies, to look at."""

from __future__ import annotations

from pathlib import Path

from edge.pipeline import Pipeline
from edge.render.meshes import MeshPainter
from edge.sinks.overlay import OverlayWriter
from edge.types import Bodies, Frame


class Sheet:
    """Writes six frames of a run with bodies and 2D keypoints as one image; does nothing without a path."""

    def __init__(self, path: Path | None, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._painter = MeshPainter(pipeline.model)
        self._writer = None if path is None else OverlayWriter(path, 30)

    def add(self, frame: Frame, bodies: Bodies) -> None:
        if self._writer is not None:
            image = frame.image.copy()
            self._painter.paint(image, bodies, self._pipeline.camera(frame), skeleton=True)
            self._writer.write(frame, image)

    def __enter__(self) -> Sheet:
        return self

    def __exit__(self, error: object, *_: object) -> None:
        if self._writer is not None:
            if error is None:
                self._writer.close()
            else:
                self._writer.abort()
