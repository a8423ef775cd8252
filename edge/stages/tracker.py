"""Tracking of people from frame to frame: ids, boxes between detections, occlusions.

Between detections the box of a person follows from the keypoints, which also decide whether a track is on a person:
association.py matches detections and observed people with tracks, identity.py tells how probably they are the same,
births.py makes new tracks.
"""

from __future__ import annotations

import math
from collections import deque

import numpy as np

from edge.stages.appearance import appearance_of
from edge.stages.association import assign, associate, associate_people
from edge.stages.births import HIDDEN_SCORE, Births, covered
from edge.stages.camera_motion import CameraMotion
from edge.stages.config import TrackerConfig
from edge.stages.detect import overlaps
from edge.stages.identity import log_odds
from edge.stages.observation import Observations
from edge.stages.quiet_scene import QuietScene
from edge.stages.track import CONFIRMED, NO_FRONT, TrackTable
from edge.types import F32, I32, Array, Detections, Frame, Pixels, Pose2D, Tracks

_USUAL_STEPS = 3  # latest steps between frames, the shortest of which is the usual one


class Tracker:
    """Ids for people over time. In each frame: `wants_detections`, `update`, the pose stage, `observe`."""

    def __init__(self, config: TrackerConfig | None = None) -> None:
        self._config = config or TrackerConfig()
        self._interval = max(1, self._config.interval)
        self._births = Births(self._config)
        self._adapts = False
        self._camera_motion = CameraMotion(self._config.camera_motion)
        self._quiet = QuietScene(self._config.quiet)
        self.reset()

    def reset(self) -> None:
        """Forget all tracks; ids start again at 0."""
        self._people = TrackTable.empty()
        self._candidates = _none()
        self._searched = np.empty(0, np.intp)  # rows of lost people at whose places the detector found someone
        self._births.reset()
        self._camera_motion.reset()
        self._quiet.reset()
        self._next_id = 0
        self._frames_since_detection = 0
        self._left_out = False  # the pass that is due now
        self._frames_since_search = 0
        self._fronts = np.empty(0, np.int32)  # ids of the people who may hide the last candidates
        self._t_s = -math.inf  # of the last frame
        self._steps_s: deque[float] = deque(maxlen=_USUAL_STEPS)
        self._thumbnail: Array = np.zeros((1, 1, 3), np.int16)
        self._latest: tuple[tuple[int, float], Array] | None = None

    def set_interval(self, frames: int) -> None:
        """Change the number of frames between detections. Any thread may call this."""
        self._interval = max(1, frames)

    def adapt_to_load(self) -> None:
        """What is a gap in the stream depends on the usual step from now on: for streams that drop frames."""
        self._adapts = True

    def wants_detections(self, frame: Frame) -> bool:
        """Whether the detector has to run on this frame: every `interval` frames, more often after a loss, always
        without tracks in sight, after a gap in the stream and at a scene change; seldom while nothing changes."""
        if not 0 <= frame.t_s - self._t_s <= self._max_gap_s or self._is_scene_change(frame):
            return True
        people = self._people
        searched = bool((people.lost & (frame.t_s - people.seen_s <= self._config.search_s)).any())
        empty = bool(people.lost.all())
        due = empty or self._frames_since_detection + 1 >= (max(1, self._interval // 4) if searched else self._interval)
        self._left_out = due and self._interval > 1 and not searched and self._is_quiet(frame)
        return due and not self._left_out

    def _is_quiet(self, frame: Frame) -> bool:
        """Whether the detector would find the people who are tracked already, and none is in doubt."""
        people = self._people[~self._people.lost]
        sure = (people.missed_frames == 0) & (people.missed_detections == 0) & (people.fronts < 0)
        sure &= people.scores >= self._config.quiet.min_keypoint_score
        return bool(sure.all()) and self._quiet.holds(frame.pixels, frame.t_s, people.boxes)

    @property
    def _max_gap_s(self) -> float:
        """The longest step to the next frame that is no gap, s."""
        if not self._adapts or len(self._steps_s) < _USUAL_STEPS:
            return self._config.max_gap_s
        usual_s = self._config.max_gap_steps * min(self._steps_s)
        return max(self._config.max_gap_s, min(usual_s, self._config.longest_gap_s))

    def expects_detections(self, ahead: int) -> bool:
        """Whether the detector will run on the frame that is `ahead` frames after the last one, as far as is known now.

        May be called on another thread: it is a forecast, which nothing but the order of work depends on.
        """
        due = self._interval - self._frames_since_detection
        return bool(self._people.lost.all()) or (due <= 1 if ahead <= 1 else due == ahead)

    def follows(self, following: Frame) -> bool:
        """Whether the crops of the frame after that of the last `update` are expected to show the same people, at
        places that follow from the keypoints of this one. A forecast, as `expects_detections` is."""
        dt = following.t_s - self._t_s
        new = len(self._candidates.scores) or len(self._searched)
        return not new and 0 < dt <= self._config.max_gap_s and not self.expects_detections(1)

    def motion_state(self, ids: I32, next_s: float) -> tuple[F32, Array] | None:
        """The tracks of ids, of the last `update`, as edge_kernels.follow moves their boxes from the keypoints of this
        frame to the time of the next: see TrackTable; None where one is unknown."""
        people = self._people
        row_of = {identity: row for row, identity in enumerate(people.ids.tolist())}
        if not all(identity in row_of for identity in ids.tolist()):
            return None
        rows = [row_of[identity] for identity in ids.tolist()]
        return people.motion_state(np.array(rows, np.intp), self._t_s, next_s, self._config.motion)

    def update(self, frame: Frame, detections: Detections | None) -> Tracks:
        """The tracks of this frame for the pose stage. detections: of this frame, None if the detector did not run.

        Candidates have ids below 0, of this frame only."""
        if frame.t_s < self._t_s or self._is_scene_change(frame):
            self._people = self._people[:0]
            self._births.reset()
            self._camera_motion.reset()
        dt, self._t_s = frame.t_s - self._t_s, frame.t_s
        self._steps_s.append(dt)
        self._follow_camera(frame)
        decided = detections is not None or self._left_out
        self._frames_since_detection = 0 if decided else self._frames_since_detection + 1
        self._left_out = False
        self._people.predict(dt, self._config.motion)
        self._forget(frame)
        self._searched = np.empty(0, np.intp)
        new = _none()
        if detections is not None:
            new = self._associate(detections, frame)
            if self._interval > 1:
                self._quiet.passed(frame.pixels, frame.t_s, self._people.boxes[~self._people.lost])
        new = self._candidates = self._with_hidden(new)
        looked = ~self._people.lost
        looked[self._searched] = True
        sight = self._people[looked]
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
        size = (frame.pixels.shape[1], frame.pixels.shape[0])
        appearances = appearance_of(frame.pixels, pose.keypoints, pose.scores, self._config.appearance)
        found = Observations.of(pose, appearances, size, self._config.motion)
        fronts = self._examine_hidden(found)
        at, tracked = self._identify(found, size)
        known_people = found[tracked]
        self._see(at, known_people)
        self._miss_others(at)
        self._confirm_hidden(at, known_people)
        born = self._give_birth(found, tracked, known_people, fronts)
        known = len(self._people) - len(born)
        at_row = np.full(len(found), -1)
        at_row[tracked], at_row[born] = at, np.arange(known, len(self._people))
        rows = np.flatnonzero(at_row >= 0)
        rows = rows[self._people.fronts[at_row[rows]] < 0]
        shown = self._people.shown(at_row[rows])
        return shown, Pose2D(shown.ids, pose.keypoints[rows], pose.scores[rows])

    def _follow_camera(self, frame: Frame) -> None:
        thumbnail = self._thumbnail_of(frame)
        if thumbnail.shape == self._thumbnail.shape:
            boxes = self._people.boxes[~self._people.lost]
            motion = self._camera_motion(frame.pixels, np.abs(thumbnail - self._thumbnail), boxes)
            if motion is not None:
                self._people.move_with_camera(motion)
        self._thumbnail = thumbnail

    def _is_scene_change(self, frame: Frame) -> bool:
        return bool(np.abs(self._thumbnail_of(frame) - self._thumbnail).mean() > self._config.scene_change)

    def _thumbnail_of(self, frame: Frame) -> Array:
        """The thumbnail of a frame, computed once: it is needed before and after the detector."""
        if self._latest is None or self._latest[0] != (frame.index, frame.t_s):
            self._latest = ((frame.index, frame.t_s), _thumbnail(frame.pixels))
        return self._latest[1]

    def _fit_keypoint_count(self, count: int) -> None:
        if not len(self._people) and self._people.keypoints.shape[1] != count:
            self._people = TrackTable.empty(count)

    def _forget(self, frame: Frame) -> None:
        """Remove lost people who left the image or were lost too long ago."""
        people, limits = self._people, self._config.identity
        if not people.lost.any():
            return
        height, width = frame.pixels.shape[:2]
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
        people.missed_frames[sight[rows]] = 0
        people.see_boxes(sight[rows], boxes[columns], scores[columns], config.detection_gain)
        missed = people.missed_detections >= config.max_missed_detections
        self._lose(np.flatnonzero(~people.lost & missed & (people.scores < config.poor_keypoint_score)))
        left = np.ones(len(scores), bool)
        left[columns] = False
        self._search(detections, left)
        looked_at = ~people.lost
        looked_at[self._searched] = True
        return self._births.candidates(Detections(boxes[left], scores[left]), people.boxes[looked_at], frame.t_s)

    def _with_hidden(self, candidates: Detections) -> Detections:
        """Candidates, and those whom tracked people may hide: the same boxes, in which these are painted over."""
        people = self._people
        self._frames_since_search += 1
        rows = self._births.fronts(people, due=self._frames_since_search >= self._interval)
        self._fronts = people.ids[rows]
        if not len(rows):
            return candidates
        self._frames_since_search = 0
        people.searched_s[rows] = self._t_s
        hidden = Detections(people.boxes[rows], np.full(len(rows), HIDDEN_SCORE, np.float32))
        return Detections(*(np.concatenate(pair) for pair in zip(_parts(candidates), _parts(hidden), strict=True)))

    def _examine_hidden(self, found: Observations) -> I32:
        """Take hidden candidates that are no people out of what was found. Returns `fronts` (N,), see TrackTable."""
        fronts = np.full(len(found), NO_FRONT, np.int32)
        first = len(self._candidates.scores) - len(self._fronts)
        for index, front in enumerate(self._fronts):
            rows, before = np.flatnonzero(found.ids == -1 - (first + index)), np.flatnonzero(found.ids == front)
            if len(rows) and not (len(before) and self._births.may_be_hidden(found[rows], found[before]).all()):
                found.boxed[rows] = False
                found.means[rows] = 0
            elif len(rows):
                sure = self._births.are_hidden(found[rows], found[before]).all()
                fronts[rows] = CONFIRMED if sure else front
        return fronts

    def _confirm_hidden(self, at: Array, found: Observations) -> None:
        """Report those of the tracks at `at`, row for row with what was found, who are people; drop the others when
        their time is over."""
        people = self._people
        rows = np.flatnonzero(people.fronts[at] >= 0)
        if not len(rows) and not (people.fronts >= 0).any():
            return
        for row in rows.tolist():
            before = np.flatnonzero(people.ids[at] == people.fronts[at[row]])
            if len(before) and self._births.are_hidden(found[row : row + 1], found[before]).all():
                people.fronts[at[row]] = CONFIRMED
        tentative = people.fronts >= 0
        over = people.hits >= self._config.births.max_tentative_frames
        people.hits[tentative & (over | (people.missed_frames > 0))] = 0
        people.lost |= tentative & (people.hits == 0)

    def _search(self, detections: Detections, left: Array) -> None:
        """Look again at lost people where a detection is at the predicted place; removes it from those `left`."""
        people, config = self._people, self._config
        lost = np.flatnonzero(people.lost)
        found = np.flatnonzero(left & (detections.scores >= config.low_threshold))
        rows, columns = assign(overlaps(people.boxes[lost], detections.boxes[found]), config.min_search_iou)
        self._searched, chosen = lost[rows], found[columns]
        people.see_boxes(self._searched, detections.boxes[chosen], detections.scores[chosen], 1.0)
        left[chosen] = False

    def _identify(self, found: Observations, size: tuple[int, int]) -> tuple[Array, Array]:
        """Rows of the tracks and of what was found that are the same people, each person once."""
        people, config = self._people, self._config
        least = np.where(found.ids < 0, config.min_keypoint_score, config.min_confirmed_keypoint_score)
        real = np.flatnonzero(found.boxed & (found.means >= least))
        if not len(real) or not len(people):
            return np.empty(0, np.intp), np.empty(0, np.intp)
        seen, min_score = found if len(real) == len(found) else found[real], config.motion.min_keypoint_score
        odds = log_odds(people, seen, self._t_s, size, config.identity, min_score)
        missed = np.isin(seen.ids, people.ids[people.missed_frames > 0])
        limits = np.where(missed, config.return_similarity, config.duplicate_similarity)
        alike = seen.similarity(min_score) > np.minimum(limits[:, None], limits)
        at, rows = associate_people(odds, alike, people.lost, config.identity)
        return at, real[rows]

    def _see(self, at: Array, found: Observations) -> None:
        people, motion = self._people, self._config.motion
        people.see_people(at, found, self._t_s, motion)
        boxes = people.boxes[at]
        others = covered(boxes, boxes) * (1 - np.eye(len(boxes), dtype=np.float32))
        hidden = others.max(axis=1, initial=0) > motion.max_appearance_overlap
        people.see_appearances(at, found.appearances, motion.appearance_gain, hidden)

    def _miss_others(self, seen: Array) -> None:
        """Count a frame without accepted keypoints for the tracks in sight that are not in `seen`. A track that another
        one covers stays in sight for a while."""
        people, config = self._people, self._config
        missed = ~people.lost
        missed[seen] = False
        people.missed_frames[missed] += 1
        young = np.flatnonzero(missed & (people.hits < config.min_covered_hits) & (people.fronts == NO_FRONT))
        if len(young) and len(seen):  # a new track at the place of another one is on the same person
            double = overlaps(people.boxes[young], people.boxes[seen]).max(axis=1) > config.duplicate_iou
            people.hits[young[double]] = 0
            people.lost[young[double]] = True
        missed &= ~people.lost
        rows = np.flatnonzero(missed & (people.missed_frames >= config.max_missed_frames))
        if len(rows):
            cover = covered(people.boxes[rows], people.boxes[seen]).max(axis=1, initial=0)
            limits = np.where(cover > config.min_cover, config.max_covered_s, config.max_hidden_s)
            self._lose(rows[self._t_s - people.seen_s[rows] > limits])

    def _give_birth(self, found: Observations, tracked: Array, known_people: Observations, fronts: I32) -> Array:
        """Rows of what was found that are new people; adds them to the tracks. tracked: the rows of the known ones."""
        config, new = self._config, self._candidates
        unknown = found.ids < 0
        unknown[tracked] = False
        rows = np.flatnonzero(unknown)
        if not len(rows):
            return rows
        chosen = -1 - found.ids[rows]
        candidates = Detections(new.boxes[chosen], new.scores[chosen])
        real = self._births.people(candidates, found[rows], known_people, self._t_s)
        rows, ids = rows[real], self._next_id + np.arange(len(real), dtype=np.int32)
        if len(rows):
            boxes = Detections(candidates.boxes[real], candidates.scores[real])
            born = TrackTable.of(boxes, ids, self._t_s, found.keypoints.shape[1])
            every = np.arange(len(born))
            born.fronts = fronts[rows]
            born.see_people(every, found[rows], self._t_s, config.motion)
            born.see_appearances(every, found.appearances[rows], 1.0, np.zeros(len(born), bool))
            self._next_id += len(rows)
            self._people = self._people + born
        return rows

    def _lose(self, rows: Array) -> None:
        if len(rows):
            self._people.lost[rows] = True
            self._frames_since_detection = self._interval


def _thumbnail(image: Pixels, side: int = 16) -> Array:
    """Evenly spaced pixels (side, side, 3) of an image, for the detection of scene changes."""
    rows, columns = ((2 * np.arange(side) + 1) * length // (2 * side) for length in image.shape[:2])
    pixels: Array = image[rows[:, None], columns].astype(np.int16)
    return pixels


def _expected_keypoints(tracks: TrackTable, candidates: int) -> F32 | None:
    """Keypoints (N, K, 3) px and score where they are expected now, 0 for candidates; None when none are known."""
    if not len(tracks):
        return None
    expected = np.zeros((len(tracks) + candidates, tracks.keypoints.shape[1], 3), np.float32)
    expected[: len(tracks), :, :2] = tracks.keypoints + (tracks.drifts + tracks.placed)[:, None]
    # Where a person is who was not seen in the last frame is unsure: such a one is not painted over in the crops of
    # others, and all others are painted over entirely in the own crop.
    expected[: len(tracks), :, 2] = np.where(tracks.missed_frames[:, None] == 0, tracks.keypoint_scores, 0)
    return expected


def _candidate_ids(count: int) -> Array:
    return -1 - np.arange(count, dtype=np.int32)


def _parts(detections: Detections) -> tuple[F32, F32]:
    return detections.boxes, detections.scores


def _none() -> Detections:
    return Detections(np.empty((0, 4), np.float32), np.empty(0, np.float32))
