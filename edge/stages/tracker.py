"""Tracking of people from frame to frame: ids, boxes between detections, occlusions.

Between detections the box of a person follows from the keypoints, which also decide whether a track is on a person:
association.py matches detections with tracks, births.py makes new ones, duplicates.py removes the second of two tracks
on one person, reidentify.py recognizes people who were lost.
"""

from __future__ import annotations

import math

import numpy as np

from edge.stages.appearance import appearance_distances, appearance_of
from edge.stages.association import assign, associate, associate_keypoints
from edge.stages.births import Births, covered
from edge.stages.camera_motion import CameraMotion
from edge.stages.config import TrackerConfig
from edge.stages.detect import overlaps
from edge.stages.duplicates import duplicate_tracks
from edge.stages.reidentify import reidentify
from edge.stages.track import TrackTable
from edge.types import F32, U8, Array, Detections, Frame, Pose2D, Tracks


class Tracker:
    """Ids for people over time. In each frame: `wants_detections`, `update`, the pose stage, `observe`."""

    def __init__(self, config: TrackerConfig | None = None) -> None:
        self._config = config or TrackerConfig()
        self._interval = max(1, self._config.interval)
        self._births = Births(self._config)
        self._camera_motion = CameraMotion(self._config.camera_motion)
        self.reset()

    def reset(self) -> None:
        """Forget all tracks; ids start again at 0."""
        self._people = TrackTable.empty()
        self._candidates = _none()
        self._births.reset()
        self._camera_motion.reset()
        self._next_id = 0
        self._frames_since_detection = 0
        self._t_s = -math.inf  # of the last frame
        self._thumbnail: Array = np.zeros((1, 1, 3), np.int16)
        self._latest: tuple[tuple[int, float], Array] | None = None

    def wants_detections(self, frame: Frame) -> bool:
        """Whether the detector has to run on this frame: every `interval` frames, more often after a loss, always
        without tracks in sight, after a gap in the stream and at a scene change."""
        if not 0 <= frame.t_s - self._t_s <= self._config.max_gap_s or self._is_scene_change(frame):
            return True
        people = self._people
        if people.lost.all():
            return True
        searched = (people.lost & (frame.t_s - people.seen_s <= self._config.search_s)).any()
        return self._frames_since_detection + 1 >= (max(1, self._interval // 4) if searched else self._interval)

    def expects_detections(self, ahead: int) -> bool:
        """Whether the detector will run on the frame that is `ahead` frames after the last one, as far as is known now.

        May be called on another thread: it is a forecast, which nothing but the order of work depends on.
        """
        due = self._interval - self._frames_since_detection
        return bool(self._people.lost.all()) or (due <= 1 if ahead <= 1 else due == ahead)

    def update(self, frame: Frame, detections: Detections | None) -> Tracks:
        """The tracks of this frame for the pose stage. detections: of this frame, None if the detector did not run.

        Candidates have ids below 0, of this frame only."""
        if frame.t_s < self._t_s or self._is_scene_change(frame):
            self._people = self._people[:0]
            self._births.reset()
            self._camera_motion.reset()
        dt, self._t_s = frame.t_s - self._t_s, frame.t_s
        self._follow_camera(frame)
        self._frames_since_detection = 0 if detections is not None else self._frames_since_detection + 1
        self._people.predict(dt, self._config.motion)
        self._forget(frame)
        new = self._candidates = _none() if detections is None else self._associate(detections, frame)
        sight = self._people[~self._people.lost]
        return Tracks(
            np.concatenate([sight.ids, _candidate_ids(len(new.scores))]),
            np.concatenate([sight.boxes, new.boxes]),
            np.concatenate([sight.scores, new.scores]),
            _expected_keypoints(sight, len(new.scores)),
        )

    def observe(self, frame: Frame, pose: Pose2D) -> tuple[Tracks, Pose2D]:
        """Update the tracks with the keypoints of this frame.

        Args:
            frame: the frame of the last `update`.
            pose: keypoints of the tracks of that update; some may be missing.

        Returns:
            The people who were recognized, each once: their tracks, with the boxes in this frame, and their keypoints,
            row for row. Ids are from 0.
        """
        self._fit_keypoint_count(pose.keypoints.shape[1])
        appearances = appearance_of(frame.image, pose.keypoints, pose.scores, self._config.appearance)
        known = {int(track_id): row for row, track_id in enumerate(self._people.ids)}
        at = np.array([known.get(int(track_id), -1) for track_id in pose.ids], np.intp)
        tracked = np.flatnonzero(at >= 0)
        at, tracked = self._match_keypoints(at[tracked], tracked, pose, appearances)
        self._see(at, pose, tracked, appearances)
        self._miss_others(at)
        ids = pose.ids.copy()
        ids[tracked] = self._people.ids[at]
        new = self._new_people(frame, pose, appearances, tracked, ids)
        rows = np.sort(np.concatenate([tracked, new]))
        now = {int(track_id): row for row, track_id in enumerate(self._people.ids)}
        shown = self._people[np.array([now[int(track_id)] for track_id in ids[rows]], np.intp)]
        return Tracks(shown.ids, shown.boxes, shown.scores), Pose2D(shown.ids, pose.keypoints[rows], pose.scores[rows])

    def _follow_camera(self, frame: Frame) -> None:
        thumbnail = self._thumbnail_of(frame)
        if thumbnail.shape == self._thumbnail.shape:
            boxes = self._people.boxes[~self._people.lost]
            motion = self._camera_motion(frame.image, np.abs(thumbnail - self._thumbnail), boxes)
            if motion is not None:
                self._people.move_with_camera(motion)
        self._thumbnail = thumbnail

    def _is_scene_change(self, frame: Frame) -> bool:
        return bool(np.abs(self._thumbnail_of(frame) - self._thumbnail).mean() > self._config.scene_change)

    def _thumbnail_of(self, frame: Frame) -> Array:
        """The thumbnail of a frame, computed once: it is needed before and after the detector."""
        if self._latest is None or self._latest[0] != (frame.index, frame.t_s):
            self._latest = ((frame.index, frame.t_s), _thumbnail(frame.image))
        return self._latest[1]

    def _fit_keypoint_count(self, count: int) -> None:
        if not len(self._people) and self._people.keypoints.shape[1] != count:
            self._people = TrackTable.empty(count)

    def _forget(self, frame: Frame) -> None:
        """Remove lost people who left the image or were lost too long ago."""
        people, limits = self._people, self._config.reidentification
        if not people.lost.any():
            return
        height, width = frame.image.shape[:2]
        outside = ((people.centers < 0) | (people.centers >= (width, height))).any(axis=1)
        brief = people.hits < limits.min_hits
        expired = people.lost & (outside | brief | (frame.t_s - people.seen_s > limits.max_lost_s))
        waiting = np.flatnonzero(people.lost & ~expired)
        excess = max(0, len(waiting) - limits.max_lost)
        expired[waiting[np.argsort(people.seen_s[waiting], kind="stable")[:excess]]] = True
        if expired.any():
            self._people = people[~expired]

    def _associate(self, detections: Detections, frame: Frame) -> Detections:
        """Match detections with the tracks in sight; returns the candidates among the others."""
        people, config = self._people, self._config
        sight = np.flatnonzero(~people.lost)
        rows, columns = associate(people.boxes[sight], detections, config)
        boxes, scores = detections.boxes, detections.scores
        people.missed_detections[sight] += 1
        people.low_score_frames[sight[rows]] = 0
        people.see_boxes(sight[rows], boxes[columns], scores[columns], config.detection_gain)
        missed = people.missed_detections >= config.max_missed_detections
        self._lose(np.flatnonzero(~people.lost & missed & (people.scores < config.poor_keypoint_score)))
        left = np.ones(len(scores), bool)
        left[columns] = False
        self._search(detections, left)
        return self._births.candidates(Detections(boxes[left], scores[left]), people.boxes[~people.lost], frame.t_s)

    def _search(self, detections: Detections, left: Array) -> None:
        """Look again at lost people where a detection is at the predicted place; removes it from those `left`."""
        people, config = self._people, self._config
        lost = np.flatnonzero(people.lost)
        found = np.flatnonzero(left & (detections.scores >= config.low_threshold))
        rows, columns = assign(overlaps(people.boxes[lost], detections.boxes[found]), config.min_search_iou)
        at, chosen = lost[rows], found[columns]
        people.see_boxes(at, detections.boxes[chosen], detections.scores[chosen], 1.0)
        people.lost[at] = False
        people.low_score_frames[at] = 0
        left[chosen] = False

    def _match_keypoints(self, at: Array, rows: Array, pose: Pose2D, appearances: F32) -> tuple[Array, Array]:
        """The tracks, among `at`, and the rows of the pose, among `rows`, that belong together, each person once."""
        people, config = self._people, self._config
        keypoints, scores = pose.keypoints[rows], pose.scores[rows]
        errors = people.motion_errors(at, keypoints, scores, config.motion.min_keypoint_score)
        mismatches = appearance_distances(appearances[rows], people.appearances[at]) / config.max_appearance_distance
        at_once, more = config.max_jump
        limits = at_once + more * (self._t_s - people.seen_s[at])
        found, tracks = associate_keypoints(errors, mismatches, scores.mean(axis=1), limits, config)
        misfits = (errors + config.mismatch_error * mismatches)[found, tracks]
        areas = people.sizes[at[tracks]].prod(axis=1)
        double = duplicate_tracks(people.ids[at[tracks]], keypoints[found], scores[found], areas, misfits, config)
        self._lose(at[tracks[double]])
        return at[tracks[~double]], rows[found[~double]]

    def _see(self, at: Array, pose: Pose2D, rows: Array, appearances: F32) -> None:
        people, motion = self._people, self._config.motion
        people.see_keypoints(at, pose.keypoints[rows], pose.scores[rows], self._t_s, motion)
        boxes = people.boxes[at]
        others = covered(boxes, boxes) * (1 - np.eye(len(boxes), dtype=np.float32))
        hidden = others.max(axis=1, initial=0) > motion.max_appearance_overlap
        people.see_appearances(at, appearances[rows], motion.appearance_gain, hidden)

    def _miss_others(self, seen: Array) -> None:
        """Count a frame without accepted keypoints for the tracks in sight that are not in `seen`."""
        people, config = self._people, self._config
        missed = ~people.lost
        missed[seen] = False
        people.low_score_frames[missed] += 1
        self._lose(np.flatnonzero(missed & (people.low_score_frames >= config.max_low_score_frames)))

    def _new_people(self, frame: Frame, pose: Pose2D, appearances: F32, tracked: Array, ids: Array) -> Array:
        """Rows of the pose that are new or found people. Adds them to the tracks and sets their entries of `ids`."""
        config, new = self._config, self._candidates
        rows = np.flatnonzero(pose.ids < 0)
        candidates = _candidate_ids(len(new.scores))
        chosen = np.searchsorted(-candidates, -pose.ids[rows])
        found = Detections(new.boxes[chosen], new.scores[chosen])
        known = (pose.keypoints[tracked], pose.scores[tracked])
        real = self._births.people(found, pose.keypoints[rows], pose.scores[rows], known, self._t_s)
        if not len(real):
            return real
        rows, people = rows[real], self._people
        keypoints, scores = pose.keypoints[rows], pose.scores[rows]
        boxes, count = Detections(found.boxes[real], found.scores[real]), keypoints.shape[1]
        born = TrackTable.of(boxes, pose.ids[rows], self._t_s, count)
        every = np.arange(len(born))
        born.see_keypoints(every, keypoints, scores, self._t_s, config.motion)
        born.see_appearances(every, appearances[rows], 1.0, np.zeros(len(born), bool))
        lost = np.flatnonzero(people.lost | (people.low_score_frames > 0))
        size = (frame.image.shape[1], frame.image.shape[0])
        old, again = reidentify(people[lost], born, self._t_s, size, config.reidentification)
        unknown = np.delete(every, again)
        born.ids[again] = people.ids[lost[old]]
        born.ids[unknown] = self._next_id + np.arange(len(unknown))
        self._next_id += len(unknown)
        self._people = people[np.delete(np.arange(len(people)), lost[old])] + born
        ids[rows] = born.ids
        return rows

    def _lose(self, rows: Array) -> None:
        if len(rows):
            self._people.lost[rows] = True
            self._frames_since_detection = self._interval


def _thumbnail(image: U8, side: int = 16) -> Array:
    """Evenly spaced pixels (side, side, 3) of an image, for the detection of scene changes."""
    rows, columns = ((2 * np.arange(side) + 1) * length // (2 * side) for length in image.shape[:2])
    pixels: Array = image[rows[:, None], columns].astype(np.int16)
    return pixels


def _expected_keypoints(tracks: TrackTable, candidates: int) -> F32 | None:
    """Keypoints (N, K, 3) px and score where they are expected now, 0 for candidates; None when none are known."""
    if not len(tracks):
        return None
    places = tracks.keypoints + tracks.drifts[:, None]
    expected = np.concatenate([places, tracks.keypoint_scores[..., None]], -1)
    return np.pad(expected, ((0, candidates), (0, 0), (0, 0))).astype(np.float32)


def _candidate_ids(count: int) -> Array:
    return -1 - np.arange(count, dtype=np.int32)


def _none() -> Detections:
    return Detections(np.empty((0, 4), np.float32), np.empty(0, np.float32))
