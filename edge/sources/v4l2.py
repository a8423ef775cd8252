"""Cameras of this machine through Video4Linux2."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from edge.errors import SourceError
from edge.sources.decoder import Decoder, Picture
from edge.sources.demuxer import Demuxer, DemuxError, Stopped
from edge.sources.live import LiveSource
from edge.sources.opening import Opening

if TYPE_CHECKING:
    import threading

    from av.video.stream import VideoStream


class V4l2Source(LiveSource):
    """Frames of /dev/videoN, without end: a camera that is unplugged is looked for until it is back.

    options: width, height, fps, format (FFmpeg's name: yuyv422, mjpeg).
    Opens the device at once. Raises SourceError when there is none, or it is busy or no camera; later on none of these
    is an error, since a camera that comes back may be all of them for a moment.
    """

    def __init__(
        self,
        device: str,
        *,
        name: str,
        shown: str = "",
        options: dict[str, str] | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        super().__init__(name=name, shown=shown or device, stop=stop)
        self._device = device
        self._opening = Opening(device, _ffmpeg(options or {}), container_format="v4l2")
        if not Path(device).exists():
            raise SourceError(f"{device}: no such camera (cameras here: {_present()})")
        self._link: Demuxer | None = Demuxer(self._opening, self._stop)
        try:
            _, stream = self._link.open()
        except (DemuxError, Stopped) as error:
            self._link.close()
            raise SourceError(f"{device}: {error}; is it a camera, free, and readable for this user?") from None
        self.fps = _rate(stream)
        self.size = stream.codec_context.width, stream.codec_context.height

    def _play(self) -> Iterator[Picture]:
        link, self._link = self._link, None
        if link is None:
            if not Path(self._device).exists():
                raise DemuxError(f"no such camera (cameras here: {_present()})")
            link = Demuxer(self._opening, self._stop)
        with link:
            _, stream = link.open()
            self.fps = _rate(stream) or self.fps
            yield from Decoder(stream, low_delay=True).pictures(link.packets())

    def _is_final(self, error: DemuxError) -> bool:
        return False

    def close(self) -> None:
        super().close()
        link, self._link = self._link, None
        if link is not None:
            link.close()


def _present() -> str:
    return ", ".join(sorted(map(str, Path("/dev").glob("video*")))) or "none"


def _rate(stream: VideoStream) -> float | None:
    rate = stream.average_rate or stream.guessed_rate
    return float(rate) if rate else None


def _ffmpeg(options: dict[str, str]) -> dict[str, str]:
    made = {}
    if "width" in options:
        made["video_size"] = f"{options['width']}x{options['height']}"
    if "fps" in options:
        made["framerate"] = options["fps"]
    if "format" in options:
        made["input_format"] = options["format"]
    return made
