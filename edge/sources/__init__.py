"""Where frames come from: `open_source()` opens whatever the user names, `Reader` reads it on a thread."""

from __future__ import annotations

import math
import threading
from pathlib import Path

from edge.errors import SourceError
from edge.sources.image_header import holds_heif
from edge.sources.reader import Pace, Reader
from edge.sources.source import Source, log
from edge.sources.uri import HEIF_SUFFIXES, Address, parse, redacted

__all__ = ["Pace", "Reader", "Source", "open_source"]

_LEAST_FPS, _MOST_FPS = 0.001, 10_000.0


def open_source(
    uri: str,
    *,
    loop: bool = False,
    camera: str | None = None,
    fps: float | None = None,
    stop: threading.Event | None = None,
) -> Source:
    """Open a source by its URI.

    uri: a video file, a picture, a folder or glob of pictures, rtsp://, rtsps://, http(s)://, tcp:// and udp://
    (MPEG-TS), v4l2:///dev/video0 or 0, csi://0, gst:PIPELINE, synthetic:. v4l2:// and csi:// take
    ?width=1280&height=720&fps=30.
    loop: play files again for ever, times and indices going on. camera: the name in every frame, else from the URI.
    fps: frames per second of pictures (else 30), and of video files without timestamps such as raw H.264 (else the rate
    that is in them, or 25). It has no effect on other sources, which is said in the log.
    stop: an event that ends iterating (and waiting for a network) when it is set, beside close().
    Raises SourceError, one line, where the source is none or cannot be opened. A live network stream is not waited
    for: it is connected to, again and again, while iterating.
    """
    address = parse(uri)
    if fps is not None and not (math.isfinite(fps) and _LEAST_FPS <= fps <= _MOST_FPS):
        raise SourceError(f"{fps:g} frames per second: the rate must be from {_LEAST_FPS:g} to {_MOST_FPS:g}")
    if fps is not None and address.kind not in ("video", "pictures", "http"):
        log.warning("%s: --fps is for files without timestamps, it is not used", redacted(uri))
    return _open(address, uri, loop=loop, camera=camera, fps=fps, stop=stop)


def _open(
    address: Address, uri: str, *, loop: bool, camera: str | None, fps: float | None, stop: threading.Event | None
) -> Source:
    # Each kind is imported when it is used: FFmpeg, OpenCV and GStreamer are heavy, and not all are everywhere.
    name = camera or address.name
    if _is_video(address):
        from edge.sources.video import VideoSource

        return VideoSource(address.target, name=name, title=address.target, loop=loop, fps=fps, stop=stop)
    if address.kind in ("video", "pictures"):
        from edge.sources.pictures import PictureSource

        return PictureSource(address.target, name=name, loop=loop, fps=fps, stop=stop)
    if address.kind == "network":
        from edge.sources.network import NetworkSource

        return NetworkSource(address.target, name=name, stop=stop)
    if address.kind == "http":
        from edge.sources.network import open_http

        return open_http(address.target, name=name, loop=loop, fps=fps, stop=stop)
    if address.kind == "v4l2":
        from edge.sources.v4l2 import V4l2Source

        return V4l2Source(address.target, name=name, options=address.options, stop=stop)
    if address.kind == "synthetic":
        from edge.sources.synthetic import SyntheticSource

        return SyntheticSource(uri, loop=loop, camera=camera)
    from edge.sources.gstreamer import GstreamerSource, csi_pipeline, on_jetson

    pipeline = address.target
    if address.kind == "csi":
        pipeline = csi_pipeline(int(address.target), address.options, jetson=on_jetson())
    return GstreamerSource(pipeline, name=name, title=uri, stop=stop)


def _is_video(address: Address) -> bool:
    """Whether a file is one; of HEIF only its content says whether it holds pictures or a sequence of them."""
    path = Path(address.target)
    if address.kind == "pictures" and path.suffix.lower() in HEIF_SUFFIXES and path.is_file():
        return not holds_heif(path)
    return address.kind == "video" and not holds_heif(path)
