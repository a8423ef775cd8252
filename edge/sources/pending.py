"""Frames whose image is converted when a consumer takes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from edge.types import U8, DeviceFrame, Frame, PlanarFrame, Planes, Surface


@dataclass(frozen=True, slots=True)
class PendingFrame:
    """A frame that was decoded, but not converted: on a live source most frames are dropped before anything needs them.

    Attributes:
        stream, index, t_capture_ns, t_s, raster: those of the frame.
        pixels: returns its image (H, W, 3) uint8 BGR; or its image on a device.
        planes: the same image as it is stored, where nothing else needs to be done to read it.
    """

    stream: str
    index: int
    t_capture_ns: int
    t_s: float
    pixels: Callable[[], U8] | Surface
    raster: tuple[int, int] | None = None
    planes: Planes | None = None

    @staticmethod
    def of(frame: Frame) -> PendingFrame:
        """A frame that has its image already."""
        pixels = _surface(frame) or _held(frame.image)
        return PendingFrame(frame.stream, frame.index, frame.t_capture_ns, frame.t_s, pixels, frame.raster)

    def converted(self) -> PendingFrame:
        """The same with its image converted now; one on a device and one in planes stay as they are."""
        return (
            self
            if isinstance(self.pixels, Surface) or self.planes is not None
            else replace(self, pixels=_held(self.pixels()))
        )

    def drop(self) -> None:
        """Nothing will use the frame: an image on a device goes back to its decoder."""
        if isinstance(self.pixels, Surface):
            self.pixels.release()

    def frame(self) -> Frame:
        """The frame with its image."""
        if isinstance(self.pixels, Surface):
            return DeviceFrame(
                self.stream, self.index, self.t_capture_ns, self.t_s, raster=self.raster, surface=self.pixels
            )
        if self.planes is not None:
            return PlanarFrame(
                self.stream,
                self.index,
                self.t_capture_ns,
                self.t_s,
                raster=self.raster,
                planes=self.planes,
                convert=self.pixels,
            )
        return Frame(self.stream, self.index, self.t_capture_ns, self.t_s, self.pixels(), self.raster)


def _held(image: U8) -> Callable[[], U8]:
    return lambda: image


def _surface(frame: Frame) -> Surface | None:
    return frame.surface if isinstance(frame, DeviceFrame) else None
