"""A decoder that gives its images as NV12 in the memory of an emulated device, from few surfaces."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np

from edge.errors import SourceError
from edge.sources import Source
from edge.types import U8, DeviceFrame, Frame, Surface
from tests.support.emulated.clips import Clip
from tests.support.emulated.device import POISON, EmulatedArray, EmulatedDevice
from tests.support.emulated.runtime import Runtime


def to_nv12(image: U8) -> tuple[U8, U8]:
    """Luma (H, W) and chroma (H/2, W/2, 2) of a BGR image, BT.601."""
    height, width = image.shape[:2]
    planar = cv2.cvtColor(image, cv2.COLOR_BGR2YUV_I420)
    u, v = planar[height:].reshape(2, height // 2, width // 2)
    return planar[:height], np.ascontiguousarray(np.stack([u, v], 2))


def as_decoded(frame: Frame) -> Frame:
    """The frame with the image that its NV12 shows."""
    luma, chroma = to_nv12(frame.image)
    image = cv2.cvtColor(np.concatenate([luma, chroma.reshape(len(luma) // 2, -1)]), cv2.COLOR_YUV2BGR_NV12)
    return replace(frame, image=image)


class SurfacePool:
    """A number of surfaces, each in use from `frame` until it is released; the decoder then writes to it again."""

    def __init__(self, runtime: Runtime, count: int, size: tuple[int, int], device: str = "cuda:0") -> None:
        """size: width and height."""
        self.device, (width, height) = EmulatedDevice(runtime, device), size
        shapes = (height, width), (height // 2, width // 2, 2)
        self._free = [tuple(self.device.array(shape, np.uint8) for shape in shapes) for _ in range(count)]
        self._every, self._one = tuple(self._free), threading.Lock()
        self.size = size

    @property
    def used(self) -> int:
        return len(self._every) - len(self._free)

    def frame(self, frame: Frame) -> DeviceFrame:
        """The frame with its image in a surface. Raises SourceError when all are in use."""
        with self._one:
            if not self._free:
                raise SourceError(
                    f"{frame.stream}: all {len(self._every)} surfaces of its decoder are in use; give it more of them"
                )
            planes = self._free.pop()
        for plane, values in zip(planes, to_nv12(frame.image), strict=True):
            self._write(plane, values)

        def release() -> None:
            for plane in planes:
                self._write(plane, POISON)
            with self._one:
                assert planes not in self._free
                self._free.append(planes)

        surface = Surface(self.device.name, self.size, planes, release)
        return DeviceFrame(frame.stream, frame.index, frame.t_capture_ns, frame.t_s, surface=surface)

    def close(self) -> None:
        for planes in self._every:
            for plane in planes:
                plane.close()

    def _write(self, plane: EmulatedArray, values: U8 | int) -> None:
        """The decoder's own write, after all that the program did before."""
        runtime = self.device.runtime
        with runtime.lock:
            runtime.checker.host()
            runtime.checker.access(plane.memory.block, plane.begin, plane.end, "host", "the decoder", writes=True)
            plane.numpy(writeable=True)[:] = values


class SurfaceFrames(Source):
    """The frames of a clip, decoded to a pool's surfaces."""

    def __init__(self, clip: Clip, pool: SurfacePool, count: int) -> None:
        super().__init__("frames", live=False, size=pool.size, frame_count=count, fps=30.0)
        self._clip, self._pool, self._count = clip, pool, count

    def __iter__(self) -> Iterator[Frame]:
        frames = self._clip.frames
        for index in range(self._count):
            yield self._pool.frame(replace(frames[index % len(frames)], index=index, t_s=index / 30))
