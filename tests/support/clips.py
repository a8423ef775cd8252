"""Short videos: written to files, as bytes, and read back."""

from __future__ import annotations

import io
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from edge.sources import open_source
from edge.types import U8


def clip_bytes(container_format: str, frames: int) -> bytes:
    """A 64 x 48 video of seeded noise at 25 frames per second."""
    data = io.BytesIO()
    with av.open(data, "w", format=container_format) as container:
        stream: Any = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        rng = np.random.default_rng(0)
        for _ in range(frames):
            image = rng.integers(0, 255, (48, 64, 3), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode(None))
    return data.getvalue()


def playlist(*segments: str) -> bytes:
    """An HLS playlist of segments that is complete."""
    lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:2"]
    for segment in segments:
        lines += ["#EXTINF:0.4,", segment]
    return "\n".join([*lines, "#EXT-X-ENDLIST", ""]).encode()


def write_clip(
    path: Path,
    images: Iterable[U8],
    *,
    codec: str = "mpeg4",
    pix_fmt: str = "yuv420p",
    pts_ms: list[int] | None = None,
    options: dict[str, str] | None = None,
) -> Path:
    """Write BGR images as a video at 30 frames per second, or with the time stamps `pts_ms`."""
    with av.open(str(path), "w", options=options or {}) as container:
        stream: Any = container.add_stream(codec, rate=30)
        stream.pix_fmt = pix_fmt
        if codec == "mpeg4":
            stream.options = {"qmin": "2", "qmax": "4", "g": "6"}
        if pts_ms is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        for index, image in enumerate(images):
            if index == 0:
                stream.height, stream.width = image.shape[:2]
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            if pts_ms is not None:
                frame.pts, frame.time_base = pts_ms[index], Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def read_clip(path: Path) -> list[U8]:
    """All images of a video."""
    with open_source(str(path)) as source:
        return [frame.image for frame in source]
