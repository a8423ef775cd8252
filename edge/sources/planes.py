"""Planes of decoded images from which the pipeline reads crops, without a conversion of the whole image.

Which coefficients give FFmpeg's own colors depends on the color space, the range and the processor. So they are not
assumed: candidates are compared with FFmpeg's conversion of a random image of the same kind.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import av
import numpy as np
from av.video.reformatter import VideoReformatter

import edge_kernels
from edge.types import U8, Planes

FORMATS = ("yuv420p", "yuvj420p")
TOLERANCE = 1  # levels between the colors of the planes and FFmpeg's
_PROBE = (64, 32)  # width and height
_UNIT = 8192  # of coefficients
# Of V for red, of U for blue, of U and V for green, at full range (ITU-R BT.601, BT.709 and BT.2020).
_MATRICES = (
    (1.402, 1.772, -0.344136, -0.714136),
    (1.5748, 1.8556, -0.187324, -0.468124),
    (1.4746, 1.8814, -0.164553, -0.571353),
)
Coefficients = tuple[int, int, int, int, int, int]


def planes_of(frame: av.VideoFrame) -> Planes | None:
    """The planes of a decoded frame, which keep it alive; None where the pipeline does not read them."""
    if frame.format.name not in FORMATS or frame.width % 2 or frame.height % 2:
        return None
    found = _coefficients(frame.format.name, int(frame.colorspace), int(frame.color_range))
    if found is None or any(plane.line_size <= 0 for plane in frame.planes):
        return None
    return Planes(*_arrays(frame), found)


def _arrays(frame: av.VideoFrame) -> tuple[U8, U8, U8]:
    """Luma, U and V, whose rows are any distance apart."""
    width, height = frame.width, frame.height
    sizes = ((width, height), (width // 2, height // 2), (width // 2, height // 2))
    arrays = []
    for plane, (columns, rows) in zip(frame.planes, sizes, strict=True):
        buffer: Any = plane
        arrays.append(np.frombuffer(buffer, np.uint8).reshape(-1, plane.line_size)[:rows, :columns])
    luma, u, v = arrays
    return luma, u, v


@cache
def _coefficients(name: str, colorspace: int, color_range: int) -> Coefficients | None:
    """Those whose colors are the nearest to FFmpeg's, None where none are within the tolerance."""
    frame = av.VideoFrame(*_PROBE, name)
    frame.colorspace, frame.color_range = colorspace, color_range
    rng = np.random.default_rng(0)
    for plane in frame.planes:
        plane.update(rng.integers(0, 256, plane.buffer_size, np.uint8).tobytes())
    expected = VideoReformatter().reformat(frame, format="bgr24").to_ndarray().astype(np.int16)
    luma, *chroma = _arrays(frame)
    u, v = (plane.repeat(2, axis=0).repeat(2, axis=1) for plane in chroma)
    errors = {
        candidate: int(np.abs(edge_kernels.planar_colors(luma, u, v, candidate) - expected).max())
        for candidate in _candidates()
    }
    best = min(errors, key=lambda candidate: errors[candidate])
    return best if errors[best] <= TOLERANCE else None


def _candidates() -> list[Coefficients]:
    """Coefficients of the known matrices, in limited and in full range."""
    found = []
    for red_v, blue_u, green_u, green_v in _MATRICES:
        for black, luma, chroma in ((16, 255 / 219, 255 / 224), (0, 1.0, 1.0)):
            parts = (luma, chroma * blue_u, chroma * green_u, chroma * green_v, chroma * red_v)
            gray, *others = (round(_UNIT * part) for part in parts)
            blue, green_by_u, green_by_v, red = others
            found.append((8 * black, gray, blue, green_by_u, green_by_v, red))
    return found
