"""Previews of the camera's images: small JPEG files, encoded on their own thread and dropped when it is slow."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from calibration.camera import Camera
from edge.errors import UsageError
from edge.types import Frame
from edge.wire.frames import Stamp
from meshcast.errors import WireError
from meshcast.protocol.encode_extras import encode_preview
from meshcast.protocol.packets import Intrinsics, PreviewPacket

NICENESS = 10  # of the thread, which must not take time from the pipeline
SLACK = 0.25  # of the interval between two previews, by which one may come early: frames do not come at even intervals

log = logging.getLogger("meshcast.previews")


@dataclass(frozen=True, slots=True)
class PreviewConfig:
    """The previews of a stream.

    Attributes:
        fps: previews a second at most.
        size_px: longer side of a preview; larger images are reduced.
        quality: of the JPEG encoder, 1 to 100.
    """

    fps: float = 15.0
    size_px: int = 960
    quality: int = 80

    def __post_init__(self) -> None:
        if not (self.fps > 0 and 16 <= self.size_px <= 4096 and 1 <= self.quality <= 100):
            raise UsageError(
                f"previews of {self.size_px} px, quality {self.quality}, {self.fps:g} a second: use 16 to 4096 px, "
                "quality 1 to 100 and a positive rate"
            )


@dataclass(frozen=True, slots=True)
class Preview:
    """A JPEG file and its (width, height)."""

    data: bytes
    size: tuple[int, int]


class PreviewEncoder:
    """Reduces and compresses the images of frames."""

    def __init__(self, config: PreviewConfig) -> None:
        self._config = config

    def compress(self, frame: Frame) -> Preview:
        """The preview of a frame. Raises WireError."""
        image = frame.image
        height, width = image.shape[:2]
        scale = min(1.0, self._config.size_px / max(width, height))
        if scale < 1:
            size = max(1, round(width * scale)), max(1, round(height * scale))
            image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
        good, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, self._config.quality])
        if not good:
            raise WireError(f"frame {frame.index}: its image cannot be encoded")
        return Preview(data.tobytes(), (image.shape[1], image.shape[0]))

    def message(self, frame: Frame, camera: Camera | None, preview: Preview, stamp: Stamp) -> bytes:
        """The message of a preview. Raises WireError."""
        age_ns = max(0, stamp.t_publish_monotonic_ns - frame.t_capture_ns)
        height, width = frame.pixels.shape[:2]
        return encode_preview(
            PreviewPacket(
                stream=stamp.stream,
                seq=stamp.seq,
                session=stamp.session,
                model_id=stamp.model_id,
                model_name=stamp.model_name,
                frame_index=frame.index,
                t_stream_s=frame.t_s,
                t_capture_unix_ns=stamp.t_publish_unix_ns - age_ns,
                t_capture_monotonic_ns=frame.t_capture_ns,
                t_publish_unix_ns=stamp.t_publish_unix_ns,
                age_ms=age_ns // 1000 / 1000,
                size=(width, height),
                camera=Intrinsics(camera.K, camera.distortion, camera.assumed) if camera is not None else None,
                lens=camera.model if camera is not None else "pinhole",
                preview_size=preview.size,
                data=preview.data,
            )
        )


class Pace:
    """Selects frames so that at most `fps` of them are taken in a second of their own time."""

    def __init__(self, fps: float) -> None:
        self._period_s = 1 / fps
        self._due_s: float | None = None

    def takes(self, t_s: float) -> bool:
        """Whether to take the frame of this time, which increases from call to call."""
        if self._due_s is None or abs(t_s - self._due_s) > 10 * self._period_s + 1:
            self._due_s = t_s
        if t_s < self._due_s - SLACK * self._period_s:
            return False
        self._due_s = max(self._due_s + self._period_s, t_s)
        return True


class PreviewThread:
    """Calls `work` with the latest offered frame of each stream, on a thread of low priority.

    offer() never waits: a frame that has not been processed is replaced by the next one of its stream.
    """

    def __init__(self, work: Callable[[Frame, Camera | None], None]) -> None:
        self._callback = work
        self._waiting: dict[str, tuple[Frame, Camera | None]] = {}
        self._changed = threading.Condition()
        self._stopped = False
        self._thread: threading.Thread | None = None
        self._warned = False

    def offer(self, frame: Frame, camera: Camera | None) -> None:
        """Process this frame unless a later one of its stream arrives first."""
        with self._changed:
            if self._stopped:
                return
            if self._thread is None:  # not before the first preview is wanted
                self._thread = threading.Thread(target=self._work, name="meshcast-previews", daemon=True)
                self._thread.start()
            self._waiting[frame.stream] = frame, camera
            self._changed.notify()

    def stop(self) -> None:
        """Stop after the frame in work; waiting ones are dropped."""
        with self._changed:
            self._stopped = True
            self._waiting.clear()
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    def _work(self) -> None:
        with contextlib.suppress(OSError, AttributeError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)  # Linux: of this thread alone
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._stopped or bool(self._waiting))
                if self._stopped:
                    return
                frame, camera = self._waiting.pop(next(iter(self._waiting)))
            try:
                self._callback(frame, camera)
            except Exception as error:  # a viewer without preview is better than a stream that ends
                if not self._warned:
                    log.warning("%s: no preview of frame %d: %s", frame.stream, frame.index, error)
                self._warned = True
