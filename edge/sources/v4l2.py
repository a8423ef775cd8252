"""Local cameras (Video4Linux2)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from edge.errors import SourceError
from edge.sources.decoder import DecodedImage, Decoder
from edge.sources.demuxer import Demuxer, DemuxError, Stopped
from edge.sources.input_config import InputConfig
from edge.sources.live import LiveSource

if TYPE_CHECKING:
    import threading

    from av.video.stream import VideoStream


class V4l2Source(LiveSource):
    """Frames of /dev/videoN without end: the source waits for an unplugged camera to return.

    options: width, height, fps, format (FFmpeg's name, such as yuyv422 or mjpeg). The constructor opens the device and
    raises SourceError if it does not exist, is busy or is not a camera. While iterating these states cause retries,
    since a returning camera may be in any of them for a moment.
    """

    def __init__(
        self,
        device: str,
        *,
        name: str,
        label: str = "",
        options: dict[str, str] | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        super().__init__(name=name, label=label or device, stop=stop)
        self._device = device
        self._input_config = InputConfig(device, _ffmpeg_options(options or {}), container_format="v4l2")
        if not Path(device).exists():
            raise SourceError(f"{device}: no such camera; available: {_available_cameras()}")
        self._demuxer: Demuxer | None = Demuxer(self._input_config, self._stop)
        try:
            _, stream = self._demuxer.open()
        except (DemuxError, Stopped) as error:
            self._demuxer.close()
            raise SourceError(
                f"{device}: {error}; check that it is a camera, not in use, and readable by this user"
            ) from None
        self.fps = _rate(stream)
        self.size = stream.codec_context.width, stream.codec_context.height

    def _decode_stream(self) -> Iterator[DecodedImage]:
        demuxer, self._demuxer = self._demuxer, None
        if demuxer is None:
            if not Path(self._device).exists():
                raise DemuxError(f"no such camera; available: {_available_cameras()}")
            demuxer = Demuxer(self._input_config, self._stop)
        with demuxer:
            _, stream = demuxer.open()
            self.fps = _rate(stream) or self.fps
            yield from Decoder(stream, self.decoding, low_delay=True).decode(demuxer.packets())

    def _is_final(self, error: DemuxError) -> bool:
        return False

    def close(self) -> None:
        super().close()
        demuxer, self._demuxer = self._demuxer, None
        if demuxer is not None:
            demuxer.close()


def _available_cameras() -> str:
    return ", ".join(sorted(map(str, Path("/dev").glob("video*")))) or "none"


def _rate(stream: VideoStream) -> float | None:
    rate = stream.average_rate or stream.guessed_rate
    return float(rate) if rate else None


def _ffmpeg_options(options: dict[str, str]) -> dict[str, str]:
    result = {}
    if "width" in options:
        result["video_size"] = f"{options['width']}x{options['height']}"
    if "fps" in options:
        result["framerate"] = options["fps"]
    if "format" in options:
        result["input_format"] = options["format"]
    return result
