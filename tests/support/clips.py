"""Short videos as bytes."""

from __future__ import annotations

import io
from typing import Any

import av
import numpy as np


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
