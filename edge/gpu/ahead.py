"""Crops of the next frame before the keypoints of this one are known to the host.

Boxes follow keypoints on the device (edge_kernels.follow), so the pose network runs on the next frame while the tracker
works on this one. What comes of it is used only where the tracker then asks for the same crops: edge.pipeline remains
the specification, and births, losses, detections and a moving camera cost a run of the network, no accuracy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from edge.gpu.pose_batch import PoseBatch
from edge.stages.config import CutConfig, MotionConfig
from edge.stages.crops import Cropper
from edge.types import F32, I32, Array, Frame, Tracks
from engines.cards.card import Card

LONGEST_PAUSE = 16  # frames without a forecast, after several wrong ones

Forecast = Callable[[Tracks, Frame], tuple[F32, Array] | None]
"""The tracks as edge_kernels.follow takes them, for the crops of a frame; None: its people are not foreseeable."""


@dataclass(slots=True)
class Ahead:
    """Crops that were cut ahead. ids (N,): whose; size: of the batch; valid: False once they are known to be wrong."""

    frame: Frame
    ids: I32
    batch: PoseBatch
    size: int
    valid: bool = True

    def rows(self, tracks: Tracks) -> Array:
        """For each track its row here, -1 for none."""
        row_of = {identity: row for row, identity in enumerate(self.ids.tolist())}
        return np.array([row_of.get(identity, -1) for identity in tracks.ids.tolist()], np.intp)


class Pause:
    """Whether forecasts are worth it: each wrong one in a row doubles the frames without."""

    def __init__(self) -> None:
        self._left, self._next = 0, 1

    def over(self) -> bool:
        """Whether there may be a forecast for the next frame; called once a frame."""
        self._left = max(0, self._left - 1)
        return self._left == 0

    def note(self, right: bool) -> None:
        """Take in whether a forecast was right."""
        self._left = 0 if right else self._next + 1
        self._next = 1 if right else min(2 * self._next, LONGEST_PAUSE)


def same_places(given: tuple[F32, F32], wanted: tuple[F32, F32]) -> Array:
    """Which of N crops are at the same place: centers (N, 2) px and scales (N,)."""
    same: Array = (given[0] == wanted[0]).all(1) & (given[1] == wanted[1])
    return same


def motion_values(config: MotionConfig) -> tuple[float, ...]:
    """The settings of the tracks as edge_kernels.follow takes them."""
    return (
        config.min_keypoint_score,
        config.min_keypoints,
        *config.box_margins,
        config.size_gain,
        config.min_moving_keypoints,
    )


def place_values(card: Card, shift: F32, size: tuple[int, int]) -> tuple[float, ...] | None:
    """Units, shifts and order of the network's places; None for networks whose outputs are not places."""
    if card.family == "movenet":
        return 1.0, 1.0, float(shift[0]), float(shift[1]), 1.0
    if card.family == "keypoints":
        return float(size[1]), float(size[0]), float(shift[0]), float(shift[1]), 0.0
    return None


def crop_values(crops: Cropper, places: tuple[float, ...], height: int, cut: CutConfig | None) -> tuple[float, ...]:
    """The settings of the crops as edge_kernels.follow takes them, for an image of this height, px."""
    cuts = ((1 - cut.border) * height, cut.max_aspect, cut.extension) if cut is not None else (0.0, 0.0, 0.0)
    return (float(crops.size[1]), float(crops.size[0]), crops.margin, *places, float(height), *cuts)
