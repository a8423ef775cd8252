"""Evaluators of quantized models: decoded outputs of held-out inputs, compared with those of float32."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from calibration.int8.metrics import (
    Boxes,
    Limits,
    Poses,
    box_degradation,
    box_metrics,
    pose_degradation,
    pose_metrics,
    real_people,
)
from edge.quantization.samples import CropSample, ImageSample
from edge.stages.box_decoders import BOX_FAMILIES
from edge.stages.config import DetectionConfig, TrackerConfig
from edge.stages.detect import input_size, suppress
from edge.stages.keypoint_decoders import POSE_FAMILIES
from edge.stages.keypoint_geometry import SIGMAS
from edge.types import F32
from engines.cards.accuracy_gate import Metric
from engines.cards.card import Card
from engines.heads.base import Head, People
from engines.inference.session import Session

_TRACKER = TrackerConfig()  # the thresholds from which the tracker uses a box or a pose
_NMS_IOU = DetectionConfig().nms_iou


class Evaluator(Protocol):
    """Evaluates sessions of a model on held-out samples, and ranks them on other samples."""

    people: int

    def metrics(self, session: Session) -> list[Metric]: ...

    def degradation(self, session: Session) -> float: ...


class PoseEvaluator:
    """Evaluates pose models on crops of held-out people by keypoints and, for heads that use keypoints, by meshes."""

    def __init__(
        self, card: Card, exact: Session, head: Head, held: list[CropSample], ranking: list[CropSample], limits: Limits
    ) -> None:
        self._card = card
        self._head = head if head.crops is None else None
        self._limits = limits
        count = len(card.keypoints)
        self._sigmas = SIGMAS if count == len(SIGMAS) else np.full(count, SIGMAS.mean(), np.float32)
        self._held, self._ranking = held, ranking
        self._exact, self._exact_ranking = self._poses(exact, held), self._poses(exact, ranking)
        self.people = int(real_people(self._exact, _TRACKER.min_keypoint_score).sum()) if held else 0

    def metrics(self, session: Session) -> list[Metric]:
        other = self._poses(session, self._held)
        return pose_metrics(
            self._exact, other, _sizes(self._held), self._sigmas, _TRACKER.min_keypoint_score, self._limits
        )

    def degradation(self, session: Session) -> float:
        return pose_degradation(
            self._exact_ranking, self._poses(session, self._ranking), _sizes(self._ranking), _TRACKER.min_keypoint_score
        )

    def _poses(self, session: Session, samples: list[CropSample]) -> Poses:
        size = input_size(self._card)
        found, vertices = [], []
        for sample in samples:
            outputs = session(sample.inputs)
            with np.errstate(invalid="ignore", over="ignore"):
                normalized, scores = POSE_FAMILIES[self._card.family].decode(outputs, size, self._card.decode.refine)
                low, high = sample.regions[:, None, :2], sample.regions[:, None, 2:]
                keypoints = (low + normalized * (high - low)).astype(np.float32)
            scores = np.clip(scores, 0, 1).astype(np.float32)
            found.append((keypoints, scores))
            if self._head is not None:
                vertices.append(self._head(People(keypoints, scores, sample.camera.rays(keypoints))).vertices)
        arrays = [np.concatenate(part) for part in zip(*found, strict=True)]
        return Poses(arrays[0], arrays[1], np.concatenate(vertices) if vertices else None)


class BoxEvaluator:
    """Evaluates detectors on held-out images by their boxes."""

    def __init__(
        self, card: Card, exact: Session, held: list[ImageSample], ranking: list[ImageSample], limits: Limits
    ) -> None:
        self._card = card
        self._limits = limits
        self._held, self._ranking = held, ranking
        self._exact, self._exact_ranking = self._boxes(exact, held), self._boxes(exact, ranking)
        self.people = sum(int((boxes.scores >= _TRACKER.high_threshold).sum()) for boxes in self._exact)

    def metrics(self, session: Session) -> list[Metric]:
        return box_metrics(
            self._exact, self._boxes(session, self._held), _TRACKER.high_threshold, _TRACKER.low_threshold, self._limits
        )

    def degradation(self, session: Session) -> float:
        return box_degradation(self._exact_ranking, self._boxes(session, self._ranking), _TRACKER.low_threshold)

    def _boxes(self, session: Session, samples: list[ImageSample]) -> list[Boxes]:
        family, found = BOX_FAMILIES[self._card.family], []
        for sample in samples:
            outputs = session(sample.inputs)
            with np.errstate(invalid="ignore", over="ignore"):
                boxes, scores = family.decode(
                    outputs, input_size(self._card), self._card.decode.person, _TRACKER.low_threshold / 2
                )
            whole = np.isfinite(boxes).all(axis=1) & (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
            boxes, scores = boxes[whole].astype(np.float32), scores[whole].astype(np.float32)
            if not family.distinct:
                kept = suppress(boxes, scores, _NMS_IOU)
                boxes, scores = boxes[kept], scores[kept]
            found.append(Boxes(boxes, scores))
        return found


def _sizes(samples: list[CropSample]) -> F32:
    return np.concatenate([sample.sizes for sample in samples])
