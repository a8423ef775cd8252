"""Which encoder makes the overlay's video, and how it is set.

Permissive encoders come first: those of x264 and x265, which some builds of FFmpeg hold, are under the GPL.
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
from engines.errors import UnknownNameError

log = logging.getLogger("meshcast.output")

AUTO = ("libopenh264", "libvpx-vp9", "mpeg4", "libx264")  # best first; a build of PyAV need not have them all
GPL = ("libx264", "libx264rgb", "libx265")
BITS_PER_PIXEL = 0.12  # of encoders that want a bit rate
TICKS_PER_S = 60_000  # whole ticks at 24, 25, 29.97, 30, 50 and 60 fps, and below MPEG-4's limit of 65535
TRIAL_PX = 256

_OPTIONS = {
    "libx264": {"preset": "superfast", "crf": "21"},
    # Without a bit rate crf is the quality; a lag would hold back frames that a crash then loses.
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8", "crf": "24", "b": "0", "lag-in-frames": "0", "row-mt": "1"},
}


def choose_encoder(name: str = "auto") -> str:
    """The name of the encoder to use. name: as FFmpeg calls it, or "auto" for the first of AUTO that is there.

    Raises UnknownNameError for a name that there is not, and OutputError for an encoder that does not work here.
    """
    there = [known for known in AUTO if known in av.codecs_available]
    if name == "auto":
        if not there:
            raise OutputError(f"this build of PyAV has none of the encoders {', '.join(AUTO)}: write .png, not .mp4")
        if there[0] in GPL:
            log.warning("overlays are encoded with %s, which is under the GPL: it is the only one here", there[0])
        return there[0]
    try:
        if Codec(name, "w").type != "video":
            raise UnknownCodecError(name)
    except (UnknownCodecError, ValueError):
        raise UnknownNameError(
            f"there is no encoder {name!r} for video; the usual ones here: {', '.join(there)}"
        ) from None
    try:
        with av.open(io.BytesIO(), "w", format="mp4") as container:
            trial = cast(VideoStream, container.add_stream(name, rate=30)).codec_context
            configure(trial, TRIAL_PX, TRIAL_PX, Fraction(30))
            trial.open()
    except (av.FFmpegError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise OutputError(
            f"the encoder {name} cannot be used here: {reason}; usable ones: {', '.join(there)}"
        ) from None
    return name


def configure(context: VideoCodecContext, width: int, height: int, rate: Fraction) -> None:
    """Set an encoder for pictures of this size in pixels (even), at about `rate` frames a second."""
    name = context.name
    formats = [known.name for known in context.codec.video_formats or ()]
    context.width, context.height = width, height
    context.pix_fmt = "yuv420p" if "yuv420p" in formats or not formats else formats[0]
    # MP4 takes a track's length from the order of decoding: with B-frames a late last frame would be cut off.
    context.max_b_frames = 0
    context.time_base = Fraction(1, TICKS_PER_S)
    # OpenCV converts with BT.601 in limited range; players would assume BT.709 for a large picture.
    context.colorspace = Colorspace.SMPTE170M
    context.color_range = ColorRange.MPEG
    if name in _OPTIONS:
        context.options = _OPTIONS[name]
    else:
        context.bit_rate = int(BITS_PER_PIXEL * width * height * float(rate))
