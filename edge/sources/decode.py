"""Packets into upright BGR pictures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import av
import cv2
import numpy as np
from av.codec.context import Flags
from av.video.reformatter import VideoReformatter

from edge.types import U8

if TYPE_CHECKING:
    from av.video.stream import VideoStream

# Degrees counter-clockwise, as a display matrix gives them.
_TURNS = {90: cv2.ROTATE_90_COUNTERCLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_CLOCKWISE}


class Decoder:
    """Decodes one video stream.

    skipped: packets that could not be decoded. damaged: frames that the decoder had to mend; they are delivered.
    """

    def __init__(self, stream: VideoStream, *, low_delay: bool = False) -> None:
        # Decoding frames side by side is fastest, but holds one frame back for each thread.
        stream.thread_type = "SLICE" if low_delay else "AUTO"
        if low_delay:
            stream.codec_context.flags |= Flags.low_delay
        # One reformatter for the whole stream: VideoFrame.to_ndarray would set up a new one for every frame.
        self._reformatter = VideoReformatter()
        self.skipped = 0
        self.damaged = 0

    def pictures(self, packets: Iterable[av.Packet[VideoStream]]) -> Iterator[tuple[float | None, U8]]:
        """Presentation time in seconds (None where the stream has none) and (H, W, 3) uint8 BGR, upright."""
        for packet in packets:
            try:
                frames = packet.decode()
            except av.error.EOFError:
                return
            except av.FFmpegError:
                self.skipped += 1
                continue
            for frame in frames:
                if isinstance(frame, av.VideoFrame):
                    self.damaged += frame.is_corrupt
                    yield frame.time, self._upright(frame)

    def _upright(self, frame: av.VideoFrame) -> U8:
        image: U8 = self._reformatter.reformat(frame, format="bgr24").to_ndarray().astype(np.uint8, copy=False)
        turn = _TURNS.get(round(frame.rotation / 90) * 90 % 360)
        if turn is not None:
            return cv2.rotate(image, turn).astype(np.uint8, copy=False)
        return np.ascontiguousarray(image)
