"""Where frames come from: `open_source()` opens whatever the user names, `Reader` reads it on a thread."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from edge.errors import SourceError
from edge.sources.base import Source, log
from edge.sources.image_header import holds_heif
from edge.sources.reader import Pace, Reader
from edge.sources.uri import HEIF_SUFFIXES, Address, parse

__all__ = ["Access", "Pace", "Reader", "RtspTransport", "Source", "open_source"]

_LEAST_FPS, _MOST_FPS = 0.001, 10_000.0

RtspTransport = Literal["auto", "tcp", "udp"]


@dataclass(frozen=True, slots=True)
class Access:
    """How sources on the network are reached.

    rtsp_transport: auto asks for the media over TCP, and over UDP where the camera refuses. credentials: a TOML file
    with users and passwords by host (default: that of MESHCAST_CREDENTIALS, then MESHCAST_USER and MESHCAST_PASSWORD).
    allow_private_redirects: follow redirects and playlists of http sources also to addresses that are not public.
    """

    rtsp_transport: RtspTransport = "auto"
    credentials: Path | None = None
    allow_private_redirects: bool = False


def open_source(
    uri: str,
    *,
    loop: bool = False,
    camera: str | None = None,
    fps: float | None = None,
    stop: threading.Event | None = None,
    access: Access | None = None,
    rtsp_transport: RtspTransport | None = None,
) -> Source:
    """Open a source by its URI.

    Args:
        uri: a video file, a picture, a folder or glob of pictures, - (standard input), a FIFO, rtsp://, rtsps://,
            http(s)://, tcp:// and udp:// (MPEG-TS), v4l2:///dev/video0 or 0, csi://0, gst:PIPELINE, synthetic:.
            v4l2:// and csi:// take ?width=1280&height=720&fps=30.
        loop: play files again without end, times and indices going on.
        camera: the name in every frame, else from the URI.
        fps: frames per second of pictures (else 30), and of videos without timestamps such as raw H.264 (else the rate
            that is in them, or 25). It has no effect on other sources, which is said in the log.
        stop: an event that ends iterating (and waiting for a network) when it is set, beside close().
        access: how sources on the network are reached.
        rtsp_transport: instead of that of access.

    Returns:
        The source. A live network stream is not waited for: it is connected to, again and again, while iterating.

    Raises:
        SourceError: one line, where the source is none or cannot be opened.
    """
    access = access or Access()
    if rtsp_transport is not None:
        access = Access(rtsp_transport, access.credentials, access.allow_private_redirects)
    address = parse(uri)
    if fps is not None and not (math.isfinite(fps) and _LEAST_FPS <= fps <= _MOST_FPS):
        raise SourceError(f"{fps:g} frames per second: the rate must be from {_LEAST_FPS:g} to {_MOST_FPS:g}")
    if fps is not None and address.kind not in ("video", "pictures", "pipe", "http"):
        log.warning("%s: --fps is for files without timestamps, it is not used", address.shown)
    return _open(address, loop=loop, camera=camera, fps=fps, stop=stop, access=access)


def _open(
    address: Address,
    *,
    loop: bool,
    camera: str | None,
    fps: float | None,
    stop: threading.Event | None,
    access: Access,
) -> Source:
    # Each kind is imported when it is used: FFmpeg, OpenCV and GStreamer are heavy, and not all are everywhere.
    name = camera or address.name
    if _is_video(address):
        from edge.sources.opening import file_opening
        from edge.sources.video import VideoSource

        return VideoSource(file_opening(address.target), name=name, title=address.shown, loop=loop, fps=fps, stop=stop)
    if address.kind in ("video", "pictures"):
        from edge.sources.images import ImageSource

        return ImageSource(address.target, name=name, loop=loop, fps=fps, stop=stop)
    if address.kind == "pipe":
        from edge.sources.pipe import PipeSource

        return PipeSource(address.target, name=name, shown=address.shown, loop=loop, fps=fps, stop=stop)
    if address.kind in ("network", "http"):
        return _open_remote(address, name, loop=loop, fps=fps, stop=stop, access=access)
    if address.kind == "v4l2":
        from edge.sources.v4l2 import V4l2Source

        return V4l2Source(address.target, name=name, options=address.options, stop=stop)
    if address.kind == "synthetic":
        from edge.sources.synthetic.source import SyntheticSource

        return SyntheticSource(address.target, loop=loop, camera=camera)
    from edge.sources.gstreamer import GstreamerSource, csi_pipeline, on_jetson

    pipeline = address.target
    if address.kind == "csi":
        pipeline = csi_pipeline(int(address.target), address.options, jetson=on_jetson())
    return GstreamerSource(pipeline, name=name, shown=address.shown, secrets=address.secrets, stop=stop)


def _open_remote(
    address: Address, name: str, *, loop: bool, fps: float | None, stop: threading.Event | None, access: Access
) -> Source:
    from edge.sources.credentials import find_credentials
    from edge.sources.network import open_http, open_network

    url, found = find_credentials(access.credentials).applied(address.target)
    secrets = (*address.secrets, *found)
    if address.kind == "http":
        return open_http(
            url,
            name=name,
            shown=address.shown,
            loop=loop,
            secrets=secrets,
            allow_private=access.allow_private_redirects,
            fps=fps,
            stop=stop,
        )
    return open_network(
        url, name=name, shown=address.shown, secrets=secrets, transport=access.rtsp_transport, stop=stop
    )


def _is_video(address: Address) -> bool:
    """Whether a file is one; of HEIF only its content says whether it holds pictures or a sequence of them."""
    path = Path(address.target)
    if address.kind == "pictures" and path.suffix.lower() in HEIF_SUFFIXES and path.is_file():
        return not holds_heif(path)
    return address.kind == "video" and not holds_heif(path)
