"""Sources of frames: `open_source()` opens a source by its URI, `Reader` reads it on a thread."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from edge.errors import SourceError
from edge.sources.base import Source, log
from edge.sources.image_header import holds_heif
from edge.sources.reader import Pace, Reader
from edge.sources.uri import HEIF_SUFFIXES, Address, parse

if TYPE_CHECKING:
    from edge.sources.video_part import VideoPart

__all__ = ["Access", "Pace", "Reader", "RtspTransport", "Source", "open_source"]

_MIN_FPS, _MAX_FPS = 0.001, 10_000.0

RtspTransport = Literal["auto", "tcp", "udp"]


@dataclass(frozen=True, slots=True)
class Access:
    """Settings of network sources.

    Attributes:
        rtsp_transport: transport of RTSP media; "auto" uses TCP, or UDP if the camera refuses TCP.
        credentials: TOML file with user names and passwords per host (default: the file in MESHCAST_CREDENTIALS, then
            MESHCAST_USER and MESHCAST_PASSWORD).
        allow_private_redirects: allow redirects and playlists of HTTP sources to point to private addresses.
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
    part: VideoPart | None = None,
) -> Source:
    """Open a source by its URI.

    Args:
        uri: a video file, an image, a folder or glob of images, - (standard input), a FIFO, rtsp://, rtsps://,
            http(s)://, tcp:// and udp:// (MPEG-TS), v4l2:///dev/video0 or 0, csi://0, gst:PIPELINE, synthetic:.
            v4l2:// and csi:// accept ?width=1280&height=720&fps=30 (pixels, pixels, frames per second).
        loop: repeat files without end; times and indices continue.
        camera: name of the stream in every frame (default: derived from the URI).
        fps: frames per second of images (default: 30) and of videos without timestamps, such as raw H.264 (default:
            the rate in the video, or 25). Other sources ignore it and log a warning.
        stop: event that ends the iteration and network waits, in addition to close().
        access: settings of network sources.
        rtsp_transport: overrides the transport of `access`.
        part: of a video file, the only frames that are read.

    Returns:
        The source. A live network stream is connected to, and reconnected to, while iterating.

    Raises:
        SourceError: the source is unknown or cannot be opened; the message is one line.
    """
    access = access or Access()
    if rtsp_transport is not None:
        access = Access(rtsp_transport, access.credentials, access.allow_private_redirects)
    address = parse(uri)
    if fps is not None and not (math.isfinite(fps) and _MIN_FPS <= fps <= _MAX_FPS):
        raise SourceError(f"--fps {fps:g}: the frame rate must be from {_MIN_FPS:g} to {_MAX_FPS:g}")
    if fps is not None and address.kind not in ("video", "images", "pipe", "http"):
        log.warning("%s: --fps is ignored; it applies to images and to videos without timestamps", address.label)
    return _open(address, loop=loop, camera=camera, fps=fps, stop=stop, access=access, part=part)


def _open(
    address: Address,
    *,
    loop: bool,
    camera: str | None,
    fps: float | None,
    stop: threading.Event | None,
    access: Access,
    part: VideoPart | None,
) -> Source:
    # Imported on first use: FFmpeg, OpenCV and GStreamer are slow to import and not always installed.
    name = camera or address.name
    if _is_video(address):
        from edge.sources.input_config import file_input
        from edge.sources.video import VideoSource

        return VideoSource(
            file_input(address.target), name=name, label=address.label, loop=loop, fps=fps, stop=stop, part=part
        )
    if address.kind in ("video", "images"):
        from edge.sources.images import ImageSource

        return ImageSource(address.target, name=name, loop=loop, fps=fps, stop=stop)
    if address.kind == "pipe":
        from edge.sources.pipe import PipeSource

        return PipeSource(address.target, name=name, label=address.label, loop=loop, fps=fps, stop=stop)
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
    return GstreamerSource(pipeline, name=name, label=address.label, secrets=address.secrets, stop=stop)


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
            label=address.label,
            loop=loop,
            secrets=secrets,
            allow_private=access.allow_private_redirects,
            fps=fps,
            stop=stop,
        )
    return open_network(
        url, name=name, label=address.label, secrets=secrets, transport=access.rtsp_transport, stop=stop
    )


def _is_video(address: Address) -> bool:
    """Whether a file is a video; only the content of a HEIF file tells still images from a sequence."""
    path = Path(address.target)
    if address.kind == "images" and path.suffix.lower() in HEIF_SUFFIXES and path.is_file():
        return not holds_heif(path)
    return address.kind == "video" and not holds_heif(path)
