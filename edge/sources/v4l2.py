"""Cameras of this machine through Video4Linux2."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from edge.errors import SourceError
from edge.sources.decode import Decoder
from edge.sources.frames import LiveFrames
from edge.sources.link import Link, LinkError, Stopped
from edge.sources.source import Source
from edge.types import Frame

if TYPE_CHECKING:
    import threading


class V4l2Source(Source):
    """Frames of /dev/videoN, without end. options: width, height, fps, format (FFmpeg's name: yuyv422, mjpeg).

    Opens the device at once. Raises SourceError when there is none, or it is busy or no camera.
    """

    def __init__(
        self, device: str, *, name: str, options: dict[str, str] | None = None, stop: threading.Event | None = None
    ) -> None:
        super().__init__(name, live=True, stop=stop)
        self._device = device
        if not Path(device).exists():
            present = ", ".join(sorted(map(str, Path("/dev").glob("video*")))) or "none"
            raise SourceError(f"{device}: no such camera (cameras here: {present})")
        self._link: Link | None = Link(device, self._stop, container_format="v4l2", options=_ffmpeg(options or {}))
        try:
            _, self._stream = self._link.open()
        except (LinkError, Stopped) as error:
            self._link.close()
            raise SourceError(f"{device}: {error}; is it a camera, free, and readable for this user?") from None
        rate = self._stream.average_rate or self._stream.guessed_rate
        self.fps = float(rate) if rate else None
        self.size = self._stream.codec_context.width, self._stream.codec_context.height

    def __iter__(self) -> Iterator[Frame]:
        link, self._link = self._link, None
        if link is None:
            raise SourceError(f"{self._device}: a camera can be read only once; open it again")
        frames = LiveFrames(self.name, self._device, self._remark)
        with link:
            try:
                pictures = Decoder(self._stream, low_delay=True).pictures(link.packets())
                for picture in pictures:
                    self.size = picture.size
                    yield frames.frame(picture)
            except LinkError as error:
                self._note(f"{self._device}: broke off: {error}")

    def close(self) -> None:
        super().close()
        link, self._link = self._link, None
        if link is not None:
            link.close()


def _ffmpeg(options: dict[str, str]) -> dict[str, str]:
    made = {}
    if "width" in options:
        made["video_size"] = f"{options['width']}x{options['height']}"
    if "fps" in options:
        made["framerate"] = options["fps"]
    if "format" in options:
        made["input_format"] = options["format"]
    return made
