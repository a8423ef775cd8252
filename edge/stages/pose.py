"""2D keypoints of all people of a frame: batched crops, one call of the pose network, decoding."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from edge.stages.config import CutConfig, PoseConfig
from edge.stages.crops import Cropper, complete_boxes
from edge.stages.keypoint_decoders import POSE_FAMILIES, Outputs, check_pose, half_cell, mirror_images
from edge.stages.neighbor_mask import NeighborMask
from edge.types import F32, Frame, Pose2D, Tracks
from engines.cards.card import REFINEMENTS, Card
from engines.errors import ModelError
from engines.files.suggestions import did_you_mean, unknown
from engines.inference.session import Session

MAX_POSITION_PX = 1e6  # keypoints beyond are numerical errors of an engine

OnCrops = Callable[[Frame, Tracks, F32, F32], None]
"""Receives a frame, its tracks, their crops (N, 3, h, w) and the regions (N, 4) xyxy px that the crops show. The crops
are overwritten by the next frame."""


class Pose:
    """(Frame, Tracks) -> Pose2D, one row a track, without the people whose keypoints are not finite.

    refine: how heatmap peaks are refined, "none", "quarter" or "dark" (None: as the card says). flip_test: run the
    mirrored crops too and average, twice the work. cut: how boxes that the image cuts are completed; None: not at all.
    dropped_nan counts the people that were left out.

    Raises ModelError when the card is for another task, its family has no decoder or does not support an option, or the
    network's outputs are not those of its family; UnknownNameError for an unknown refinement.
    """

    def __init__(
        self,
        session: Session,
        card: Card,
        *,
        refine: str | None = None,
        flip_test: bool = False,
        on_crops: OnCrops | None = None,
        config: PoseConfig | None = None,
        cut: CutConfig | None = None,
    ) -> None:
        if card.task != "pose" or card.family not in POSE_FAMILIES:
            known = f"{', '.join(POSE_FAMILIES)}{did_you_mean(card.family, POSE_FAMILIES)}"
            raise ModelError(f"{card.name}: not a pose model of a known family ({known})")
        self._family = POSE_FAMILIES[card.family]
        if refine not in (None, *REFINEMENTS):
            raise unknown("refinement", str(refine), REFINEMENTS)
        if refine and not self._family.refines:
            raise ModelError(f"{card.name}: no refinement, a {card.family} model gives no heatmaps")
        if flip_test and self._family.turn is None:
            raise ModelError(f"{card.name}: no flip test, a {card.family} model's outputs cannot be averaged")
        self.keypoint_names = card.keypoints
        self.dropped_nan = 0
        self._session = session
        self._refine = refine or card.decode.refine
        self._mirror = mirror_images(card) if flip_test else None
        self._crops = Cropper(card)
        config = config or PoseConfig()
        self._mask = NeighborMask(card, config) if config.mask_neighbors else None
        self._on_crops = on_crops
        self._cut = cut
        # Compile the engine now rather than at the first person.
        outputs = session(np.zeros((1, 3, *self._crops.size), np.float32))
        check_pose(card, outputs, self._crops.size)
        self._shift = half_cell(card, outputs)

    def __call__(self, frame: Frame, tracks: Tracks) -> Pose2D:
        count = len(tracks.ids)
        if not count:
            names = len(self.keypoint_names)
            return Pose2D(tracks.ids, np.empty((0, names, 2), np.float32), np.empty((0, names), np.float32))
        boxes = tracks.boxes
        if self._cut is not None:
            boxes = complete_boxes(boxes, frame.pixels.shape[0], self._cut)
        outputs, regions = self._infer(frame, tracks, boxes)
        low, high = regions[:, None, :2], regions[:, None, 2:]
        with np.errstate(invalid="ignore", over="ignore"):
            normalized, scores = self._family.decode(outputs, self._crops.size, self._refine)
            keypoints = low + (normalized + self._shift) * (high - low)
        # NaN compares false: this drops both NaN and absurdly far positions.
        finite = (np.abs(keypoints) < MAX_POSITION_PX).all(axis=(1, 2)) & np.isfinite(scores).all(axis=1)
        self.dropped_nan += count - int(finite.sum())
        # Peaks of heatmaps and of SimCC are not probabilities and may exceed 1.
        scores = np.clip(scores[finite], 0, 1)
        return Pose2D(tracks.ids[finite], keypoints[finite].astype(np.float32), scores.astype(np.float32))

    def _infer(self, frame: Frame, tracks: Tracks, boxes: F32) -> tuple[Outputs, F32]:
        """The network's outputs for crops of the boxes (N, 4) of the tracks, and the regions (N, 4) that they show."""
        batch, regions = self._crops(frame.pixels, boxes)
        if self._mask is not None:
            self._mask(batch, regions, tracks)
        if self._on_crops is not None:
            self._on_crops(frame, tracks, batch, regions)
        return self._run(batch), regions

    def _run(self, batch: F32) -> Outputs:
        """The network's outputs for crops (N, 3, h, w), averaged with those of the mirrored crops in a flip test."""
        outputs = self._session(batch)
        if self._mirror is None or self._family.turn is None:
            return outputs
        turned = self._family.turn(self._session(np.ascontiguousarray(batch[..., ::-1])), self._mirror)
        return tuple((one + other) / 2 for one, other in zip(outputs, turned, strict=True))
