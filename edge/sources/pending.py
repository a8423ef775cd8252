"""Frames whose image is converted when a consumer takes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from edge.types import U8, Frame


@dataclass(frozen=True, slots=True)
class PendingFrame:
    """A frame that was decoded, but not converted: on a live source most frames are dropped before anything needs them.

    Attributes:
        stream, index, t_capture_ns, t_s, raster: those of the frame.
        convert: returns its image (H, W, 3) uint8 BGR.
    """

    stream: str
    index: int
    t_capture_ns: int
    t_s: float
    convert: Callable[[], U8]
    raster: tuple[int, int] | None = None

    @staticmethod
    def of(frame: Frame) -> PendingFrame:
        """A frame that has its image already."""
        image = frame.image
        return PendingFrame(frame.stream, frame.index, frame.t_capture_ns, frame.t_s, lambda: image, frame.raster)

    def frame(self) -> Frame:
        """The frame with its image."""
        return Frame(self.stream, self.index, self.t_capture_ns, self.t_s, self.convert(), self.raster)
