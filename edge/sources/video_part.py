"""Parts of a long video: which frames they have, and where their decoding begins, from the packets alone."""

from __future__ import annotations

import itertools
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
from av.video.stream import VideoStream

from edge.sources.clock import FileClock
from edge.sources.decoder import DecodedImage
from edge.sources.frames import COUNTS_SLOTS, nominal_rate
from edge.sources.input_config import InputConfig, file_input

LEAST_SHARE = 1.5  # of the length of a part that a video must have to be split
MAX_PARTS = 1000
LONGEST_WARM_UP = 0.5  # of a part, beyond the overlap: with key frames farther apart a seam is left out


@dataclass(frozen=True, slots=True)
class VideoPart:
    """Some successive frames of a video, and those before them that settle the state of the tracker.

    Attributes:
        first: index of the first frame that is decoded, a key frame.
        begin: index of the first frame of the part.
        end: index of the frame after the last one.
        first_pts: presentation time of `first`, in units of the stream.
        end_pts: that of `end`; None for the last part.
        before_s: time of the frame before `first` in the stream, s; negative where there is none.
        origin_s: presentation time of the video's first frame, s.
    """

    first: int
    begin: int
    end: int
    first_pts: int
    end_pts: int | None
    before_s: float
    origin_s: float

    @property
    def decoded(self) -> int:
        """Number of frames that are decoded."""
        return self.end - self.first

    @property
    def frames(self) -> int:
        """Number of frames of the part."""
        return self.end - self.begin


def plan_parts(path: Path, part_s: float, overlap_s: float, max_frames: int | None = None) -> tuple[VideoPart, ...]:
    """Where to split a video.

    Args:
        path: of a video file.
        part_s: wished length of a part, s.
        overlap_s: least time that is decoded before a part, s.
        max_frames: number of frames that are used; None: all.

    Returns:
        The parts in order; empty for a video that is short, or whose packets do not tell which frames it has: without
        or with irregular presentation times, damaged, or with too few key frames.
    """
    config = file_input(str(path))
    if config.nested is not None or "concat" in config.options.get("format_whitelist", "").split(",")[-1:]:
        return ()  # a playlist
    try:
        return _planned(config, part_s, overlap_s, max_frames)
    except (av.FFmpegError, OSError, ValueError):
        return ()


def frames_of(part: VideoPart, images: Iterable[DecodedImage], base: Fraction | None) -> Iterator[DecodedImage]:
    """The images of a part. base: unit of presentation times, s. The frames of an open GOP that precede
    its key frame in the presentation, and refer to frames before, are left out."""
    if base is None:
        return

    def seconds(pts: int) -> float:
        return float(pts) * base.numerator / base.denominator

    first_s = seconds(part.first_pts)
    end_s = None if part.end_pts is None else seconds(part.end_pts)
    for image in images:
        if image.pts_s is None or image.pts_s < first_s:
            continue
        if end_s is not None and image.pts_s >= end_s:
            return
        yield image


def _planned(config: InputConfig, part_s: float, overlap_s: float, max_frames: int | None) -> tuple[VideoPart, ...]:
    options = dict(config.options)
    with av.open(config.url, options=options) as container:
        stream = container.streams.best("video")
        if not isinstance(stream, VideoStream) or stream.time_base is None:
            return ()
        rate = nominal_rate(container, stream, None)
        declared_s = None if container.duration is None else container.duration / av.time_base
        if rate.timeless or container.format.name in COUNTS_SLOTS:
            return ()
        if declared_s is not None and declared_s < LEAST_SHARE * part_s:
            return ()
        stamps, keys = array("q"), array("q")
        for packet in container.demux(stream):
            if not packet.size:
                continue
            if packet.pts is None or packet.is_corrupt or packet.is_discard:
                return ()
            stamps.append(packet.pts)
            if packet.is_keyframe:
                keys.append(packet.pts)
        base = stream.time_base
    pts = sorted(stamps)
    if any(later <= earlier for earlier, later in itertools.pairwise(pts)):
        return ()
    clock = FileClock(rate.fps)
    seconds = [float(stamp) * base.numerator / base.denominator for stamp in pts]
    times = [clock.stamp(stamp_s) for stamp_s in seconds]
    if not pts or clock.shortened or clock.restarts or times[-1] != seconds[-1] - seconds[0]:
        return ()
    count = len(pts) if max_frames is None else min(len(pts), max_frames)
    starts = sorted(bisect_left(pts, key) for key in keys)
    return _cut(pts, times, starts, count, (part_s, overlap_s), seconds[0])


def _cut(
    pts: list[int], times: list[float], keys: list[int], count: int, lengths: tuple[float, float], origin_s: float
) -> tuple[VideoPart, ...]:
    """The parts of a video with `count` frames; keys: indices of key frames."""
    part_s, overlap_s = lengths
    length_s = times[count - 1]
    if length_s < LEAST_SHARE * part_s or not keys or keys[0] != 0:
        return ()
    parts = min(MAX_PARTS, max(2, round(length_s / part_s)))
    seams, firsts = [0], [0]
    for number in range(1, parts):
        seam = bisect_left(times, number * length_s / parts)
        before = max(0, bisect_right(times, times[seam] - overlap_s) - 1)
        row = bisect_right(keys, before) - 1  # the last key frame at or before
        if times[seam] - times[keys[row]] > overlap_s + LONGEST_WARM_UP * part_s or seam <= seams[-1]:
            continue
        seams.append(seam)
        firsts.append(keys[row])
    if len(seams) == 1:
        return ()
    ends = [*seams[1:], count]
    made = [
        VideoPart(first, begin, end, pts[first], None, times[first - 1] if first else -1.0, origin_s)
        for first, begin, end in zip(firsts, seams, ends, strict=True)
    ]
    return tuple(replace(part, end_pts=pts[part.end] if part.end < len(pts) else None) for part in made)
