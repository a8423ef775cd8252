"""Tracking of people from frame to frame: ids, boxes between detections, occlusions.

Two-threshold association of detections with tracks as in ByteTrack (Zhang et al., 2022), on the boxes that the previous
keypoints give. Keypoints decide whether a track is a person; of two tracks on one person the tracker keeps the one
whose predicted position and appearance match.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment

from edge.stages.appearance import appearance_distance, appearance_of, box_appearance
from edge.stages.config import TrackerConfig
from edge.stages.detect import overlaps
from edge.stages.track import Track, centers, similarity
from edge.types import F32, U8, Array, Detections, Frame, Pose2D, Tracks

FORBIDDEN = 1e3  # cost of a pair that is never matched


class Tracker:
    """Ids for people over time. In each frame: `wants_detections`, `update`, the pose stage, `observe`."""

    def __init__(self, config: TrackerConfig | None = None) -> None:
        self._config = config or TrackerConfig()
        self._interval = max(1, self._config.interval)
        self.reset()

    def reset(self) -> None:
        """Forget all tracks; ids start again at 0."""
        self._people: list[Track] = []
        self._next_id = 0
        self._frames_since_detection = 0
        self._t_s: float | None = None
        self._thumbnail: Array = np.zeros((1, 1, 3), np.int16)
        self._latest: tuple[tuple[int, float], Array] | None = None

    def wants_detections(self, frame: Frame) -> bool:
        """Whether the detector has to run on this frame: every `interval` frames, more often while a track is lost,
        always without tracks in sight, after a gap in the stream and at a scene change."""
        if (
            self._t_s is None
            or not 0 <= frame.t_s - self._t_s <= self._config.max_gap_s
            or self._is_scene_change(frame)
        ):
            return True
        if all(person.lost for person in self._people):
            return True
        someone_lost = any(person.lost for person in self._people)
        return self._frames_since_detection + 1 >= (max(1, self._interval // 4) if someone_lost else self._interval)

    def update(self, frame: Frame, detections: Detections | None) -> Tracks:
        """The tracks of this frame for the pose stage. detections: of this frame, None if the detector did not run."""
        if self._t_s is not None and (frame.t_s < self._t_s or self._is_scene_change(frame)):
            self._people = []
        self._t_s = frame.t_s
        self._thumbnail = self._thumbnail_of(frame)
        self._frames_since_detection = 0 if detections is not None else self._frames_since_detection + 1
        for person in self._people:
            person.move_to(frame.t_s)
        self._people = [person for person in self._people if not self._is_expired(person, frame)]
        if detections is not None:
            self._associate(frame, detections)
        return _tracks([person for person in self._people if not person.lost])

    def observe(self, frame: Frame, pose: Pose2D) -> Pose2D:
        """Update the tracks with the keypoints of this frame. Returns the rows that are people, each person once."""
        row_of = {int(name): row for row, name in enumerate(pose.ids)}
        real: list[tuple[Track, int]] = []
        appearances = appearance_of(frame.image, pose.keypoints, pose.scores, self._config.appearance)
        for person in self._people:
            row = row_of.get(person.id)
            if row is not None and self._credible(person, pose.keypoints[row], pose.scores[row], appearances[row]):
                real.append((person, row))
            elif not person.lost:
                self._miss(person)
        duplicates = self._duplicates(real, pose, appearances)
        for person, row in real:
            if person.id in duplicates:
                self._lose(person)
            else:
                person.see_keypoints(pose.keypoints[row], pose.scores[row])
                person.update_appearance(appearances[row])
        rows = np.array(sorted(row for person, row in real if person.id not in duplicates), np.intp)
        self._people = [person for person in self._people if person.confirmed]
        return Pose2D(pose.ids[rows], pose.keypoints[rows], pose.scores[rows])

    def _is_scene_change(self, frame: Frame) -> bool:
        return bool(np.abs(self._thumbnail_of(frame) - self._thumbnail).mean() > self._config.scene_change)

    def _thumbnail_of(self, frame: Frame) -> Array:
        """The thumbnail of a frame, computed once: it is needed before and after the detector."""
        if self._latest is None or self._latest[0] != (frame.index, frame.t_s):
            self._latest = ((frame.index, frame.t_s), _thumbnail(frame.image))
        return self._latest[1]

    def _credible(self, person: Track, keypoints: F32, scores: F32, appearance: F32) -> bool:
        """Whether these keypoints belong to a person, and to this track: not too far from the prediction, and of the
        same appearance when they are off."""
        config = self._config
        min_score = config.min_confirmed_keypoint_score if person.confirmed else config.min_keypoint_score
        if scores.mean() < min_score:
            return False
        at_once, more = config.max_jump
        error = person.motion_error(keypoints, scores)
        if error > config.appearance_check_distance and self._appearance_distance(person, appearance) > 1:
            return False
        return error < at_once + more * (person.t_s - person.seen_s)

    def _miss(self, person: Track) -> None:
        person.low_score_frames += 1
        if person.low_score_frames >= self._config.max_low_score_frames:
            self._lose(person)

    def _lose(self, person: Track) -> None:
        person.lost = True
        self._frames_since_detection = self._interval

    def _is_expired(self, person: Track, frame: Frame) -> bool:
        if not person.lost:
            return False
        height, width = frame.image.shape[:2]
        outside = not (0 <= person.center[0] < width and 0 <= person.center[1] < height)
        return outside or person.t_s - person.seen_s > self._config.max_lost_s

    def _associate(self, frame: Frame, detections: Detections) -> None:
        left = np.arange(len(detections.boxes))
        waiting = list(self._people)
        appearances = box_appearance(frame.image, detections.boxes, self._config.appearance)
        config = self._config
        for low, high in ((config.high_threshold, np.inf), (config.low_threshold, config.high_threshold)):
            chosen = left[(detections.scores[left] >= low) & (detections.scores[left] < high)]
            matches = self._match(waiting, detections.boxes[chosen], appearances[chosen])
            for row, column in matches:
                self._confirm(waiting[row], detections, int(chosen[column]))
            waiting = [person for row, person in enumerate(waiting) if row not in {r for r, _ in matches}]
            left = np.setdiff1d(left, chosen[[column for _, column in matches]])
        for person in waiting:
            person.missed_detections += 1
            missed = person.missed_detections >= config.max_missed_detections
            if missed and person.score < config.poor_keypoint_score:
                self._lose(person)
        for index in left[detections.scores[left] >= config.high_threshold]:
            self._start(detections.boxes[index], float(detections.scores[index]), frame.t_s)

    def _confirm(self, person: Track, detections: Detections, index: int) -> None:
        gain = 1.0 if person.lost else self._config.detection_gain
        before = person.center
        person.see_box(detections.boxes[index], float(detections.scores[index]), gain)
        if person.lost:
            person.drift = person.drift + person.center - before  # the keypoints are predicted there now
        person.lost, person.low_score_frames, person.missed_detections = False, 0, 0

    def _start(self, box: F32, score: float, t_s: float) -> None:
        self._people.append(Track(self._next_id, centers(box), box[2:] - box[:2], score, t_s, t_s, self._config.motion))
        self._next_id += 1

    def _match(self, people: list[Track], boxes: F32, appearances: F32) -> list[tuple[int, int]]:
        """Pairs (track, box) of the cheapest assignment: by overlap, and for lost tracks by position and size."""
        if not people or not len(boxes):
            return []
        ious = overlaps(np.stack([person.box for person in people]), boxes)
        cost = np.where(ious >= self._config.min_iou, 1 - ious, FORBIDDEN)
        for row, person in enumerate(people):
            if person.lost:
                cost[row] = self._search_cost(person, boxes, appearances)
        rows, columns = linear_sum_assignment(cost)
        return [(int(r), int(c)) for r, c in zip(rows, columns, strict=True) if cost[r, c] < FORBIDDEN]

    def _search_cost(self, person: Track, boxes: F32, appearances: F32) -> Array:
        """Cost (M,) from 1 of boxes as the new position of a lost person; FORBIDDEN beyond the search radius."""
        at_once, more, most = self._config.search_radius
        reach = min(at_once + more * (person.t_s - person.seen_s), most)
        lengths = (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
        distance = np.linalg.norm(centers(boxes) - person.center, axis=1) / person.length / reach
        change = np.abs(np.log(lengths / person.length)) / np.log(self._config.max_length_ratio)
        appearance = np.array([self._appearance_distance(person, appearance) for appearance in appearances])
        return np.where((distance <= 1) & (change <= 1), 1 + (distance + change + appearance) / 4, FORBIDDEN)

    def _duplicates(self, real: list[tuple[Track, int]], pose: Pose2D, appearances: F32) -> set[int]:
        """Ids of tracks whose keypoints are those of another track's person."""
        if len(real) < 2:
            return set()
        rows = [row for _, row in real]
        areas = np.array([np.prod(person.size) for person, _ in real], np.float32)
        min_score = self._config.motion.min_keypoint_score
        alike = similarity(pose.keypoints[rows], pose.scores[rows], areas, min_score)
        found: set[int] = set()
        for a, b in np.argwhere(np.triu(alike > self._config.duplicate_similarity, 1)):
            if not {real[a][0].id, real[b][0].id} & found:
                found.add(self._duplicate(real[a], real[b], pose, appearances).id)
        return found

    def _duplicate(self, a: tuple[Track, int], b: tuple[Track, int], pose: Pose2D, appearances: F32) -> Track:
        """Of two tracks on one person the one with the larger motion error, or the younger when both fit."""
        error_a, error_b = (
            person.motion_error(pose.keypoints[row], pose.scores[row])
            + self._appearance_distance(person, appearances[row]) / 4
            for person, row in (a, b)
        )
        if abs(error_a - error_b) > self._config.evident_difference:
            return a[0] if error_a > error_b else b[0]
        return max(a[0], b[0], key=lambda person: person.id)

    def _appearance_distance(self, person: Track, appearance: F32) -> float:
        """Distance of an appearance (6,) from the track's, 1 at the limit; 0 when no part can be compared."""
        distance = appearance_distance(person.appearance, appearance) or 0.0
        return distance / self._config.max_appearance_distance


def _thumbnail(image: U8, side: int = 16) -> Array:
    """Evenly spaced pixels (side, side, 3) of an image, for the detection of scene changes."""
    rows, columns = ((2 * np.arange(side) + 1) * length // (2 * side) for length in image.shape[:2])
    pixels: Array = image[rows[:, None], columns].astype(np.int16)
    return pixels


def _tracks(people: list[Track]) -> Tracks:
    return Tracks(
        np.array([person.id for person in people], np.int32),
        np.array([person.box for person in people], np.float32).reshape(-1, 4),
        np.array([person.score for person in people], np.float32),
        _expected_keypoints(people),
    )


def _expected_keypoints(people: list[Track]) -> F32 | None:
    """Keypoints (N, K, 3) px and score where they are expected now, 0 for people without; None when none has any."""
    known = [person.keypoints for person in people if person.keypoints is not None]
    if not known:
        return None
    expected = np.zeros((len(people), len(known[0]), 3), np.float32)
    for row, person in zip(expected, people, strict=True):
        if person.keypoints is not None and person.keypoint_scores is not None:
            row[:, :2] = person.keypoints + person.drift
            row[:, 2] = person.keypoint_scores
    return expected
