"""2D keypoints of all people of a frame: batched crops, one call of the pose network, decoding."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from edge.stages.detect import halve, halvings
from edge.types import F32, U8, Array, Frame, Pose2D, Tracks
from engines.cards import Card
from engines.errors import ModelError
from engines.session import Session

FARTHEST_PX = 1e6  # keypoints beyond are an engine gone wrong, not a person
MARGIN = 1.25  # side of the crop over the longer side of the box


class Pose:
    """(Frame, Tracks) -> Pose2D, one row a track, without the people whose keypoints are not finite.

    dropped_nan counts those people. Raises ModelError when the card is for another task or its family has no decoder.
    """

    def __init__(self, session: Session, card: Card) -> None:
        if card.task != "pose" or card.family not in DECODERS:
            raise ModelError(f"{card.name}: not a pose model of a known family ({', '.join(DECODERS)})")
        height, width = card.input.shape[2:]
        if not isinstance(height, int) or not isinstance(width, int):
            raise ModelError(f"{card.name}: the pose model's height and width must be numbers")
        self.keypoint_names = card.keypoints
        self.dropped_nan = 0
        self._session = session
        self._decode = DECODERS[card.family]
        self._input = card.input
        self._size = np.array([width, height], np.float32)
        self._crops = np.empty((0, height, width, 3), np.uint8)
        self._batch = np.empty((0, 3, height, width), np.float32)

    def __call__(self, frame: Frame, tracks: Tracks) -> Pose2D:
        count = len(tracks.ids)
        if not count:
            names = len(self.keypoint_names)
            return Pose2D(tracks.ids, np.empty((0, names, 2), np.float32), np.empty((0, names), np.float32))
        self._reserve(count)
        centres = (tracks.boxes[:, :2] + tracks.boxes[:, 2:]) / 2
        sides = np.maximum(tracks.boxes[:, 2:] - tracks.boxes[:, :2], 1.0)
        scales = np.min(self._size / (MARGIN * sides), axis=1)
        for out, centre, scale in zip(self._crops, centres, scales, strict=False):
            crop(frame.image, centre, float(scale), out)
        self._normalise(count)
        places, scores = self._decode(self._session(self._batch[:count]))
        keypoints = (places - 0.5) * (self._size / scales[:, None])[:, None] + centres[:, None]
        # NaN compares false, so this drops what is no number and what lies absurdly far off alike.
        finite = (np.abs(keypoints) < FARTHEST_PX).all(axis=(1, 2)) & np.isfinite(scores).all(axis=1)
        self.dropped_nan += count - int(finite.sum())
        return Pose2D(tracks.ids[finite], keypoints[finite].astype(np.float32), scores[finite].astype(np.float32))

    def _reserve(self, count: int) -> None:
        if count > len(self._crops):
            self._crops = np.empty((count, *self._crops.shape[1:]), np.uint8)
            self._batch = np.empty((count, *self._batch.shape[1:]), np.float32)

    def _normalise(self, count: int) -> None:
        pixels, batch = self._crops[:count].transpose(0, 3, 1, 2), self._batch[:count]
        np.copyto(batch, pixels if self._input.colour == "bgr" else pixels[:, ::-1])
        if any(self._input.mean):
            batch -= np.array(self._input.mean, np.float32)[:, None, None]
        if any(std != 1 for std in self._input.std):
            batch /= np.array(self._input.std, np.float32)[:, None, None]


def crop(image: U8, centre: F32, scale: float, out: U8) -> None:
    """Write the part of image around centre (2,), px, magnified by scale, into out (h, w, 3); black outside the image.

    A pixel p of the image lands on (p - centre) * scale + size / 2. What shrinks a lot is halved first.
    """
    size = np.array(out.shape[1::-1])
    times = halvings(scale)
    block = 2**times
    origin = np.zeros(2)
    if times:
        reach = size / (2 * scale) + block
        low = np.clip(np.floor(centre - reach), 0, image.shape[1::-1]).astype(int)
        high = np.clip(np.ceil(centre + reach), 0, image.shape[1::-1]).astype(int)
        if (high - low < block).any():
            out[:] = 0
            return
        image = halve(image[low[1] : high[1], low[0] : high[0]], times)
        origin = low + (block - 1) / 2  # the first block's centre
    shift = size / 2 - scale * (centre - origin)
    move = np.array([[scale * block, 0, shift[0]], [0, scale * block, shift[1]]])
    cv2.warpAffine(image, move, (int(size[0]), int(size[1])), dst=out)


def decode_movenet(outputs: tuple[Array, ...]) -> tuple[F32, F32]:
    """Places (N, K, 2) as x, y in 0..1 of the crop and scores (N, K), of MoveNet's (N, K, 3) = (y, x, score)."""
    keypoints = outputs[0]
    return keypoints[..., 1::-1], keypoints[..., 2]


DECODERS: dict[str, Callable[[tuple[Array, ...]], tuple[F32, F32]]] = {"movenet": decode_movenet}
