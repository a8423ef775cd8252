"""Decoding on a GPU: FFmpeg's CUDA decoder through PyAV, whose images stay in the device's memory."""

from __future__ import annotations

from typing import Any

from av.video.reformatter import ColorRange, Colorspace

from edge.errors import SourceError
from edge.types import Surface

EXTRA_SURFACES = "12"  # of frames that wait in queues or are read, beside those that the decoder itself needs
UNSPECIFIED = 2  # FFmpeg's number of no color space
HD_HEIGHT = 720  # from here on, videos that name no color space are in BT.709


def hwaccel(device: str) -> Any:
    """What `av.open` takes for a device, "cuda:0". Codecs that it does not have are decoded on the processor."""
    from av.codec.hwaccel import HWAccel

    return HWAccel("cuda", device=device.removeprefix("cuda:"), is_hw_owned=True)


def surface_of(frame: Any, device: str) -> Surface | None:
    """The image of a frame that was decoded on the device; None for one that the processor decoded.

    Raises SourceError for a format that the pipeline does not read on the device.
    """
    if frame.format.name != "cuda":
        return None
    stored = frame.sw_format.name
    if stored != "nv12" or frame.color_range == ColorRange.JPEG:
        kind = "full range" if stored == "nv12" else stored
        raise SourceError(f"its images are {kind}, which is not read on the GPU; decode it without --decode gpu")
    if frame.width % 2 or frame.height % 2:
        raise SourceError("its images have an odd size, which is not read on the GPU; decode it without --decode gpu")
    named, held = int(frame.colorspace), [frame]
    bt709 = named == Colorspace.ITU709 or (named == UNSPECIFIED and frame.height >= HD_HEIGHT)
    return Surface(device, (frame.width, frame.height), tuple(frame.planes), held.clear, bt709)
