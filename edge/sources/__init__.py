"""Where frames come from: `open_source()` opens whatever the user names, `Reader` reads it on a thread."""

from __future__ import annotations

import threading

from edge.sources.reader import Pace, Reader
from edge.sources.source import Source
from edge.sources.uri import Address, parse

__all__ = ["Pace", "Reader", "Source", "open_source"]


def open_source(
    uri: str, *, loop: bool = False, camera: str | None = None, stop: threading.Event | None = None
) -> Source:
    """Open a source by its URI.

    uri: a video file, a picture, a folder or glob of pictures, rtsp://, rtsps://, http(s)://, tcp:// and udp://
    (MPEG-TS), v4l2:///dev/video0 or 0, csi://0, gst:PIPELINE, synthetic:. v4l2:// and csi:// take
    ?width=1280&height=720&fps=30.
    loop: play files again for ever, times and indices going on. camera: the name in every frame, else from the URI.
    stop: an event that ends iterating (and waiting for a network) when it is set, beside close().
    Raises SourceError, one line, where the source is none or cannot be opened. A live network stream is not waited
    for: it is connected to, again and again, while iterating.
    """
    return _open(parse(uri), uri, loop=loop, camera=camera, stop=stop)


def _open(address: Address, uri: str, *, loop: bool, camera: str | None, stop: threading.Event | None) -> Source:
    # Each kind is imported when it is used: FFmpeg, OpenCV and GStreamer are heavy, and not all are everywhere.
    name = camera or address.name
    if address.kind == "video":
        from edge.sources.video import VideoSource

        return VideoSource(address.target, name=name, title=address.target, loop=loop, stop=stop)
    if address.kind == "pictures":
        from edge.sources.pictures import PictureSource

        return PictureSource(address.target, name=name, loop=loop, stop=stop)
    if address.kind == "network":
        from edge.sources.network import NetworkSource

        return NetworkSource(address.target, name=name, stop=stop)
    if address.kind == "http":
        from edge.sources.network import open_http

        return open_http(address.target, name=name, loop=loop, stop=stop)
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
