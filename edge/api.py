"""The Python interface: `for frame, bodies in edge.stream("clip.mp4"): ...`."""

from __future__ import annotations

from collections.abc import Generator
from os import PathLike
from pathlib import Path
from typing import Any

from edge.pipeline import DEFAULT_FOV_DEG, Models, Pipeline, View
from edge.sources import Pace, Reader, open_source
from edge.types import Bodies, Frame


def stream(
    source: str | PathLike[str],
    *,
    camera: str | PathLike[str] | None = None,
    fov_deg: float = DEFAULT_FOV_DEG,
    pace: Pace | None = None,
    loop: bool = False,
    **models: Any,
) -> Generator[tuple[Frame, Bodies], None, None]:
    """Frames of a source, each with the people in it as meshes in metres.

    source: as for `meshcast run`. camera: a camera.toml; without it the horizontal field of view counts. models:
    fields of `edge.pipeline.Models`, for example backend="onnxruntime". The source is closed when the generator ends,
    is closed or thrown away. Raises MeshcastError, in one line, when something from outside cannot be used.
    """
    pipeline = Pipeline(Models(**models), View(Path(camera) if camera is not None else None, fov_deg))
    with Reader(open_source(str(source), loop=loop), pace) as reader:
        for frame in reader:
            yield frame, pipeline.process(frame)
