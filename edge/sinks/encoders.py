"""Selection and configuration of the video encoder of overlays.

Permissively licensed encoders have priority: x264 and x265, which some FFmpeg builds contain, are under the GPL.
"""

from __future__ import annotations

import io
import logging
from fractions import Fraction
from typing import cast

import av
from av.codec import Codec
from av.codec.codec import UnknownCodecError
from av.video.codeccontext import VideoCodecContext
from av.video.reformatter import ColorRange, Colorspace
from av.video.stream import VideoStream

from edge.errors import OutputError
from engines.files.suggestions import unknown

log = logging.getLogger("meshcast.output")

AUTO = ("libopenh264", "libvpx-vp9", "mpeg4", "libx264")  # best first; a PyAV build may lack some
GPL = ("libx264", "libx264rgb", "libx265")
BITS_PER_PIXEL = 0.12  # for encoders that need a bit rate
TICKS_PER_S = 60_000  # integer ticks per frame at 24, 25, 29.97, 30, 50 and 60 fps, below MPEG-4's limit of 65535
TRIAL_PX = 256

_OPTIONS = {
    "libx264": {"preset": "superfast", "crf": "21"},
    # Without a bit rate crf sets the quality; a lag would delay frames, which a crash would lose.
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8", "crf": "24", "b": "0", "lag-in-frames": "0", "row-mt": "1"},
}


def choose_encoder(name: str = "auto") -> str:
    """Return the name of the encoder to use. name: FFmpeg's name, or "auto" for the first available one of AUTO.

    Raises UnknownNameError for an unknown encoder and OutputError for one that does not work here.
    """
    available = [known for known in AUTO if known in av.codecs_available]
    if name == "auto":
        if not available:
            raise OutputError(f"this PyAV build has none of the encoders {', '.join(AUTO)}; write .png instead of .mp4")
        if available[0] in GPL:
            log.warning(
                "overlays are encoded with %s (GPL); no permissively licensed encoder is available", available[0]
            )
        return available[0]
    try:
        if Codec(name, "w").type != "video":
            raise UnknownCodecError(name)
    except (UnknownCodecError, ValueError):
        raise unknown("video encoder", name, available) from None
    try:
        with av.open(io.BytesIO(), "w", format="mp4") as container:
            trial = cast(VideoStream, container.add_stream(name, rate=30)).codec_context
            configure(trial, TRIAL_PX, TRIAL_PX, Fraction(30))
            trial.open()
    except (av.FFmpegError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise OutputError(f"encoder {name} does not work here: {reason}; choose from {', '.join(available)}") from None
    return name


def configure(context: VideoCodecContext, width: int, height: int, rate: Fraction) -> None:
    """Configure an encoder for frames of this (even) size in pixels, at about `rate` frames per second."""
    name = context.name
    formats = [known.name for known in context.codec.video_formats or ()]
    context.width, context.height = width, height
    context.pix_fmt = "yuv420p" if "yuv420p" in formats or not formats else formats[0]
    # MP4 derives the length of a track from the decoding order: with B-frames a late last frame would be cut off.
    context.max_b_frames = 0
    context.time_base = Fraction(1, TICKS_PER_S)
    # OpenCV converts with BT.601 in limited range; players would assume BT.709 for large frames.
    context.colorspace = Colorspace.SMPTE170M
    context.color_range = ColorRange.MPEG
    if name in _OPTIONS:
        context.options = _OPTIONS[name]
    else:
        context.bit_rate = int(BITS_PER_PIXEL * width * height * float(rate))
