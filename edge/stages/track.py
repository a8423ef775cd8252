"""The tracked people: position, motion, keypoints and appearance, as a structure of arrays."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from edge.stages.keypoint_geometry import centers, median_shift
from edge.stages.observation import Observations
from edge.stages.tracker_config import MotionConfig
from edge.types import F32, I32, Array, Detections, Tracks

NO_FRONT, CONFIRMED = -1, -2
MIN_COMMON = 3  # keypoints that tell where a person is


@dataclass(slots=True)
class TrackTable:
    """N tracks, row for row. Positions are px, velocities px/s, times seconds of the stream.

    ids (N,) int32, below 0 for candidates; centers and sizes (N, 2) of the boxes; velocities (N, 2); drifts (N, 2):
    movement of the predicted position since the last accepted keypoints (N, K, 2) with keypoint_scores (N, K); placed
    (N, 2): by which a detection moved the box of a lost track away from there; offsets (N, K, 2): of the center from
    the keypoints, known at known_s (N, K);
    appearances (N, 6): see appearance.py; scores (N,); seen_s (N,): time of the last accepted keypoints; hits (N,):
    number of frames with them; missed_frames (N,): frames since then without; missed_detections (N,): detector
    passes since the last one that confirmed the track; lost (N,): the pose stage does not process the track; searched_s
    (N,): time of the last search for someone behind the person; fronts (N,): of those found behind another person, the
    id of that one while they may be an error and are not reported, then CONFIRMED; NO_FRONT for all others.
    """

    ids: I32
    centers: F32
    sizes: F32
    velocities: F32
    drifts: F32
    placed: F32
    keypoints: F32
    keypoint_scores: F32
    offsets: F32
    known_s: Array
    appearances: F32
    scores: F32
    seen_s: Array
    hits: Array
    missed_frames: Array
    missed_detections: Array
    lost: Array
    searched_s: Array
    fronts: I32

    @staticmethod
    def empty(keypoint_count: int = 17) -> TrackTable:
        """No tracks."""
        nothing = Detections(np.empty((0, 4), np.float32), np.empty(0, np.float32))
        return TrackTable.of(nothing, np.empty(0, np.int32), 0.0, keypoint_count)

    @staticmethod
    def of(detections: Detections, ids: I32, t_s: float, keypoint_count: int) -> TrackTable:
        """Tracks at the boxes of detections, whose keypoints and appearances are not known yet."""
        boxes, count = detections.boxes, len(detections.boxes)
        return TrackTable(
            ids=ids.copy(),
            centers=centers(boxes),
            sizes=boxes[:, 2:] - boxes[:, :2],
            velocities=np.zeros((count, 2), np.float32),
            drifts=np.zeros((count, 2), np.float32),
            placed=np.zeros((count, 2), np.float32),
            keypoints=np.zeros((count, keypoint_count, 2), np.float32),
            keypoint_scores=np.zeros((count, keypoint_count), np.float32),
            offsets=np.zeros((count, keypoint_count, 2), np.float32),
            known_s=np.full((count, keypoint_count), -np.inf),
            appearances=np.full((count, 6), np.nan, np.float32),
            scores=detections.scores.copy(),
            seen_s=np.full(count, t_s),
            hits=np.zeros(count, np.int64),
            missed_frames=np.zeros(count, np.int64),
            missed_detections=np.zeros(count, np.int64),
            lost=np.zeros(count, bool),
            searched_s=np.full(count, -np.inf),
            fronts=np.full(count, NO_FRONT, np.int32),
        )

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, rows: Array | slice) -> TrackTable:
        """The tracks of some rows, as copies for an index array."""
        return TrackTable(*(getattr(self, name)[rows] for name in _NAMES))

    def __add__(self, other: TrackTable) -> TrackTable:
        return TrackTable(*(np.concatenate([getattr(self, name), getattr(other, name)]) for name in _NAMES))

    def shown(self, rows: Array) -> Tracks:
        """Ids, boxes and scores of the tracks of some rows."""
        half = self.sizes[rows] / 2
        middles = self.centers[rows]
        return Tracks(self.ids[rows], np.concatenate([middles - half, middles + half], axis=1), self.scores[rows])

    @property
    def boxes(self) -> F32:
        """Boxes (N, 4) xyxy."""
        half = self.sizes / 2
        return np.concatenate([self.centers - half, self.centers + half], axis=1)

    @property
    def lengths(self) -> F32:
        """The longer sides (N,) of the boxes."""
        longer: F32 = np.maximum(np.maximum(self.sizes[:, 0], self.sizes[:, 1]), np.float32(1.0))
        return longer

    def predict(self, dt: float, config: MotionConfig) -> None:
        """Move to the positions that are expected dt seconds later. Velocities decay while a track is lost."""
        if dt <= 0 or not len(self):
            return
        left = np.float32(np.exp(-dt / config.coast_time_s))
        steps = self.velocities * (np.float32(config.coast_time_s) * (1 - left))
        self.centers += steps
        self.drifts += steps
        self.velocities[self.lost] *= left

    def move_with_camera(self, motion: F32) -> None:
        """Move all positions by the affine motion (2, 3) of the image."""
        turn, shift = motion[:, :2], motion[:, 2]
        moved = self.centers @ turn.T + shift
        # The predicted keypoints are keypoints + drifts: the keypoints move by the map, the drifts turn with it.
        self.keypoints = (self.keypoints @ turn.T + shift).astype(np.float32)
        self.offsets = (self.offsets @ turn.T).astype(np.float32)
        self.drifts = (self.drifts @ turn.T).astype(np.float32)
        self.placed = (self.placed @ turn.T).astype(np.float32)
        self.centers = moved.astype(np.float32)
        self.velocities = (self.velocities @ turn.T).astype(np.float32)
        self.sizes *= np.float32(np.sqrt(abs(np.linalg.det(turn))))

    def motion_state(self, rows: Array, t_s: float, next_s: float, config: MotionConfig) -> tuple[F32, Array]:
        """What see_people at t_s, with keypoints that are not known yet, and `predict` to next_s start from: `tracks`
        (R, 7 + 6 K) and `times` (R, 2) of the operator edge_kernels.follow."""
        left = np.float32(np.exp((t_s - next_s) / config.coast_time_s))
        way_s = np.full((len(rows), 1), np.float32(config.coast_time_s) * (1 - left) if next_s > t_s else 0)
        known = t_s - self.known_s[rows] < config.hidden_time_s
        points = [self.keypoints[rows], self.keypoint_scores[rows, :, None], self.offsets[rows], known[..., None]]
        state = [self.centers[rows], self.sizes[rows], self.velocities[rows], way_s]
        state.append(np.concatenate(points, 2).reshape(len(rows), -1))
        elapsed_s = np.maximum(t_s - self.seen_s[rows], 1e-6)
        gains = 1 - np.exp(-elapsed_s / config.velocity_time_s)
        return np.concatenate(state, 1).astype(np.float32), np.stack([elapsed_s, gains], 1)

    def see_boxes(self, rows: Array, boxes: F32, scores: F32, gain: float) -> None:
        """Move the boxes of the tracks of rows towards detections, by gain 0..1. For lost ones, crops are taken there,
        but the predicted keypoints stay: the detection may be another person."""
        steps = np.float32(gain) * (centers(boxes) - self.centers[rows])
        self.centers[rows] += steps
        self.placed[rows] += np.where(self.lost[rows, None], steps, 0)
        self.sizes[rows] += np.float32(gain) * (boxes[:, 2:] - boxes[:, :2] - self.sizes[rows])
        self.scores[rows] = scores
        self.missed_detections[rows] = 0

    def center_distances(self, places: F32) -> F32:
        """Distances (N, M) of places (M, 2) px from the predicted centers, px."""
        off = places - (self.centers - self.placed)[:, None]
        distances: F32 = np.hypot(off[..., 0], off[..., 1])
        return distances

    def motion_errors(self, rows: Array, found: Observations, of: Array, min_score: float) -> F32:
        """Distances (P,) of the people `of` those found from where the tracks of rows are expected, in box lengths: the
        median over the keypoints, or that of the centers with fewer than three."""
        used = (self.keypoint_scores[rows] > min_score) & (found.scores[of] > min_score)
        off = found.keypoints[of] - (self.keypoints + self.drifts[:, None])[rows]
        medians = median_shift(np.hypot(off[..., 0], off[..., 1]), used)
        apart = found.centers[of] - (self.centers - self.placed)[rows]
        few = np.count_nonzero(used, axis=1) < MIN_COMMON
        errors = np.where(few, np.hypot(apart[:, 0], apart[:, 1]), medians) / self.lengths[rows]
        return errors.astype(np.float32)

    def see_people(self, rows: Array, found: Observations, t_s: float, config: MotionConfig) -> None:
        """Update boxes, velocities and states of the tracks of rows with what was observed of them, row for row."""
        keypoints, scores = found.keypoints, found.scores
        dt = np.maximum(t_s - self.seen_s[rows], 1e-6)
        used = (scores > config.min_keypoint_score) & (self.keypoint_scores[rows] > config.min_keypoint_score)
        moved = median_shift(keypoints - self.keypoints[rows], used) / dt[:, None]
        gains = np.where(used.any(axis=1), 1 - np.exp(-dt / config.velocity_time_s), 0)[:, None]
        self.velocities[rows] += gains * (moved - self.velocities[rows])
        self._move_boxes(rows, found, t_s, config)
        self.keypoints[rows], self.keypoint_scores[rows] = keypoints, scores
        self.scores[rows] = scores.mean(axis=1)
        self.seen_s[rows] = t_s
        self.hits[rows] += 1
        self.drifts[rows] = 0
        self.placed[rows] = 0
        self.missed_frames[rows] = 0
        self.lost[rows] = False

    def _move_boxes(self, rows: Array, observed: Observations, t_s: float, config: MotionConfig) -> None:
        """Update the boxes of the tracks of rows. Where keypoints are hidden that were visible before, a box keeps its
        size and its place relative to the others."""
        keypoints, boxes, found = observed.keypoints, observed.boxes, observed.boxed
        visible = (observed.scores > config.min_keypoint_score) & found[:, None]
        known = t_s - self.known_s[rows] < config.hidden_time_s
        both = visible & known
        partial = found & (known & ~visible).any(axis=1) & (both.sum(axis=1) >= config.min_moving_keypoints)
        middles = np.where(partial[:, None], median_shift(keypoints + self.offsets[rows], both), centers(boxes))
        whole = found & ~partial
        at = rows[whole]
        self.sizes[at] += np.float32(config.size_gain) * ((boxes[:, 2:] - boxes[:, :2])[whole] - self.sizes[at])
        self.centers[rows[found]] = middles[found]
        gains = np.where(known, np.float32(config.offset_gain), np.float32(1.0)) * visible
        self.offsets[rows] += gains[..., None] * (middles[:, None] - keypoints - self.offsets[rows])
        self.known_s[rows] = np.where(visible, t_s, self.known_s[rows])

    def see_appearances(self, rows: Array, appearances: F32, gain: float, covered: Array) -> None:
        """Move towards appearances (M, 6) of this frame; those of covered (M,) people fill in unknown parts only."""
        old = self.appearances[rows]
        kept = old + np.where(covered, 0, gain)[:, None] * (appearances - old)
        kept = np.where(np.isfinite(kept), kept, np.where(np.isfinite(old), old, appearances))
        self.appearances[rows] = kept


_NAMES = tuple(entry.name for entry in fields(TrackTable))
