"""The Python interface: `for frame, bodies in edge.stream("clip.mp4"): ...`."""

from __future__ import annotations

from collections.abc import Generator
from os import PathLike
from pathlib import Path
from typing import Any

from edge.models import Models
from edge.pipeline import CameraConfig, Pipeline
from edge.runtime.async_pipeline import AsyncPipeline
from edge.sources import Access, Pace, RtspTransport, open_source
from edge.types import Bodies, Frame


def stream(
    source: str | PathLike[str],
    *,
    camera: str | PathLike[str] | None = None,
    fov_deg: float | None = None,
    pace: Pace | None = None,
    loop: bool = False,
    fps: float | None = None,
    rtsp_transport: RtspTransport = "auto",
    credentials: str | PathLike[str] | None = None,
    allow_private_redirects: bool = False,
    **models: Any,
) -> Generator[tuple[Frame, Bodies], None, None]:
    """Frames of a source, each with the people in it as meshes in meters.

    source: as for `meshcast run`. camera: a camera.toml; without it the horizontal field of view counts, by default 60
    degrees. fps: frames per second of pictures and of videos without timestamps (raw H.264).
    rtsp_transport, credentials, allow_private_redirects: as `meshcast run` has them, see `edge.sources.Access`. models:
    fields of `edge.models.Models`, for example backend="onnxruntime". The source is closed when the generator ends,
    is closed or thrown away. A frame that cannot be worked on is left out (see edge.runtime.frame_errors). Raises
    MeshcastError, in one line, when something from outside cannot be used.
    """
    access = Access(rtsp_transport, Path(credentials) if credentials is not None else None, allow_private_redirects)
    with open_source(str(source), loop=loop, fps=fps, access=access) as opened:
        pipeline = Pipeline(Models(**models), CameraConfig(Path(camera) if camera is not None else None, fov_deg))
        with AsyncPipeline(opened, pipeline, pace) as results:
            for result in results:
                pipeline.timings.arrived(result.frame)
                yield result.frame, result.bodies
