"""New people: which detections become candidates, and which candidates are people.

A candidate has no id and never takes a tracked person's place: where its keypoints are those of a tracked person, it is
dropped.
"""

from __future__ import annotations

import numpy as np

import edge_kernels
from edge.stages.detect import overlaps
from edge.stages.keypoint_geometry import limb_distances
from edge.stages.observation import Observations
from edge.stages.track import TrackTable
from edge.stages.tracker_config import TrackerConfig
from edge.types import F32, Array, Detections

HIDDEN_SCORE = 0.0  # detection score of a candidate behind another person, who has no detection


class Births:
    """Candidates of a detector pass, and the places where candidates were rejected."""

    def __init__(self, config: TrackerConfig) -> None:
        self._config = config
        self.reset()

    def reset(self) -> None:
        """Forget the rejected places."""
        self._rejected = np.empty((0, 4), np.float32)
        self._rejected_s = np.empty(0)

    def candidates(self, detections: Detections, sight: F32, t_s: float) -> Detections:
        """The detections that may be new people. detections: those that confirmed no track; sight (N, 4): the boxes of
        the tracks in sight."""
        config = self._config
        self._forget(t_s)
        order = np.argsort(-detections.scores, kind="stable")
        boxes, scores = detections.boxes[order], detections.scores[order]
        explained = np.any(self._same(boxes, sight), axis=1)
        repeated = np.triu(self._same(boxes, boxes), 1)
        rejected = np.any(overlaps(boxes, self._rejected) > config.births.same_place_iou, axis=1)
        chosen: list[int] = []
        low = 0
        for row, score in enumerate(scores):
            if score < config.low_threshold or explained[row] or repeated[chosen, row].any():
                continue
            if score < config.high_threshold:
                if rejected[row] or low == config.births.max_low_score:
                    continue
                low += 1
            chosen.append(row)
        return Detections(boxes[chosen], scores[chosen])

    def fronts(self, people: TrackTable, *, due: bool) -> Array:
        """Rows of the tracks behind whom someone is looked for in this frame: new ones, and when one is due that for
        whom this was done last."""
        births = self._config.births
        if not births.search_hidden:
            return np.empty(0, np.intp)
        boxes = people.boxes
        seen = ~people.lost & (people.missed_frames == 0) & (people.hits > 0)
        alone = (covered(boxes, boxes[~people.lost]) > births.max_covered).sum(axis=1) <= 1  # covers itself
        rows = np.flatnonzero(seen & alone)
        new = rows[people.hits[rows] <= births.hidden_frames][: births.max_hidden]
        if due and not len(new) and len(rows):
            return rows[[np.argmin(people.searched_s[rows])]]
        return new

    def people(self, candidates: Detections, found: Observations, tracked: Observations, t_s: float) -> Array:
        """Rows of the candidates whose observations are a person and not a tracked one, each person once.

        found: of the candidates, row for row; tracked: of the tracked people."""
        if not len(found):
            return np.empty(0, np.intp)
        config, births = self._config, self._config.births
        overlap = _paired(found.boxes, candidates.boxes)
        used = (found.scores > config.motion.min_keypoint_score).sum(axis=1)
        low = candidates.scores < config.high_threshold
        doubtful = low | np.any(covered(candidates.boxes, tracked.boxes) > births.max_covered, axis=1)
        least = np.where(doubtful, births.min_doubtful_keypoint_score, config.min_keypoint_score)
        real = found.boxed & (found.means >= least)
        real &= used >= np.where(doubtful, births.min_doubtful_keypoints, births.min_keypoints)
        real &= overlap >= np.where(doubtful, births.min_doubtful_box_iou, births.min_box_iou)
        hidden = candidates.scores == HIDDEN_SCORE
        self._reject(candidates.boxes[low & ~real & ~hidden], t_s)
        real = np.where(hidden, found.boxed, real)  # may_be_hidden examined their keypoints
        rows = np.flatnonzero(real)
        if not len(rows):
            return rows
        # Tracked people first: a candidate loses against each of them, and against better candidates.
        first = len(tracked)
        alike = (tracked + found[rows]).similarity(config.motion.min_keypoint_score) > births.duplicate_similarity
        kept: list[int] = []
        for row in range(len(rows)):
            if not alike[first + row, [*range(first), *(first + other for other in kept)]].any():
                kept.append(row)
        return rows[kept]

    def may_be_hidden(self, found: Observations, front: Observations) -> Array:
        """Which (N,) of the people found in crops in which others, row for row, are painted over may be people."""
        births, least = self._config.births, self._config.motion.min_keypoint_score
        sizes = found.areas / np.maximum(front.areas, 1)
        real: Array = found.boxed & front.boxed & (found.means >= births.min_tentative_keypoint_score)
        real &= np.count_nonzero(found.scores > least, axis=1) >= births.min_tentative_keypoints
        return real & (sizes > births.hidden_size[0]) & (sizes < births.hidden_size[1])

    def are_hidden(self, found: Observations, front: Observations) -> Array:
        """Which (N,) of them are people: sure keypoints lie beside the person in front, row for row."""
        births, least = self._config.births, self._config.motion.min_keypoint_score
        real = found.boxed & front.boxed & (found.means >= births.min_hidden_keypoint_score)
        real &= np.count_nonzero(found.scores > least, axis=1) >= births.min_doubtful_keypoints
        for row in np.flatnonzero(real):
            sure = found.keypoints[row, found.scores[row] > births.sure_keypoint_score]
            apart = limb_distances(sure, front.keypoints[row], front.scores[row], least)
            real[row] = np.count_nonzero(apart > births.beside * front.lengths[row]) >= births.min_hidden_beside
        return real

    def _same(self, boxes: F32, others: F32) -> Array:
        """Whether boxes (N, 4) and others (M, 4) are of one person, (N, M)."""
        births = self._config.births
        return (overlaps(boxes, others) > births.merge_iou) | (inside(boxes, others) > births.merge_inside)

    def _reject(self, boxes: F32, t_s: float) -> None:
        kept = self._config.births.max_rejected
        self._rejected = np.concatenate([self._rejected, boxes])[-kept:]
        self._rejected_s = np.concatenate([self._rejected_s, np.full(len(boxes), t_s)])[-kept:]

    def _forget(self, t_s: float) -> None:
        kept = np.abs(t_s - self._rejected_s) < self._config.births.retry_s
        self._rejected, self._rejected_s = self._rejected[kept], self._rejected_s[kept]


def inside(a: F32, b: F32) -> F32:
    """Intersections (N, M) of boxes a (N, 4) and b (M, 4), as shares of the smaller box of each pair."""
    share: F32 = np.maximum(covered(a, b), covered(b, a).T)
    return share


def covered(a: F32, b: F32) -> F32:
    """Shares (N, M) of boxes a (N, 4) inside boxes b (M, 4)."""
    share = np.empty((len(a), len(b)), np.float32)
    edge_kernels.box_overlaps(
        np.ascontiguousarray(a, np.float32), np.ascontiguousarray(b, np.float32), share, of_first=True
    )
    return share


def _paired(a: F32, b: F32) -> F32:
    """Intersection over union (N,) of boxes (N, 4), row for row."""
    low, high = np.maximum(a[:, :2], b[:, :2]), np.minimum(a[:, 2:], b[:, 2:])
    common = np.prod(np.clip(high - low, 0, None), axis=1)
    union = np.prod(a[:, 2:] - a[:, :2], axis=1) + np.prod(b[:, 2:] - b[:, :2], axis=1) - common
    ratio: F32 = common / np.maximum(union, 1e-9)
    return ratio
