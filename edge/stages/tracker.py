"""Follow people from frame to frame: ids, boxes between detections, occlusions.

Two-threshold association of detections with tracks as in ByteTrack (Zhang et al., 2022), on the boxes that the last
keypoints give. The keypoints decide who is a person, and of two tracks on one person the true one is the one that was
expected there and wears these clothes.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment

from edge.stages.appearance import appearance_distance, appearance_of, box_appearance
from edge.stages.detect import overlaps
from edge.stages.track import Track, centers, similarity
from edge.types import F32, U8, Array, Detections, Frame, Pose2D, Tracks

START = 0.45  # detection score that starts a track
KEEP = 0.30  # detection score that confirms one
REAL = 0.25  # mean keypoint score of a person
STILL_REAL = 0.20  # the same once it was seen
PATIENCE = 3  # frames with poor keypoints until a person counts as lost
COAST_S = 1.5  # how long a lost person is waited for
GAP_S = 0.4  # without a look for so long, keypoints' boxes are worth little: detect
SAME = 0.8  # keypoint similarity of two tracks on one person
LEAST_IOU = 0.25  # of a detection with the track that it confirms
GENTLE = 0.3  # how far a detection pulls the box of a track that is being followed
REACH = (0.4, 0.8, 1.2)  # where a lost person is looked for: box lengths at once, more a second, at most
RATIO = 1.6  # of the lengths of a lost person's box and a detection
JUMP = (0.30, 0.50)  # keypoints that are so far off are another person's: box lengths at once, more a second
EVIDENT = 0.05  # difference in being off, box lengths, that tells which of two tracks is the impostor
MOVED = 0.12  # keypoints that are so far off, box lengths, must also look like the person
UNLIKE = 25.0  # difference of looks that makes it another person
DOUBTS = 6  # detector passes that do not find a person whose keypoints are poor until they count as lost
DOUBTFUL = 0.35  # mean keypoint score, poor in this sense
CUT = 45.0  # mean difference of pixels from the frame before, of 255, that is another scene
NEVER = 1e3


class Tracker:
    """Ids for people over time. In each frame: `wants_detections`, `update`, the pose stage, `observe`.

    interval: frames from one detector pass to the next while everybody is in sight.
    """

    def __init__(self, interval: int = 8) -> None:
        self._interval = max(1, interval)
        self.reset()

    def reset(self) -> None:
        """Forget everybody; ids start again."""
        self._people: list[Track] = []
        self._next_id = 0
        self._since = 0
        self._t_s: float | None = None
        self._thumbnail: Array = np.zeros((1, 1, 3), np.int16)
        self._latest: tuple[tuple[int, float], Array] | None = None

    def wants_detections(self, frame: Frame) -> bool:
        """Whether the detector should look at this frame: every `interval` frames, more often when someone is lost,
        always when nobody is in sight, the stream has a gap or another scene begins."""
        if self._t_s is None or not 0 <= frame.t_s - self._t_s <= GAP_S or self._is_scene_change(frame):
            return True
        if all(person.lost for person in self._people):
            return True
        someone_lost = any(person.lost for person in self._people)
        return self._since + 1 >= (max(1, self._interval // 4) if someone_lost else self._interval)

    def update(self, frame: Frame, detections: Detections | None) -> Tracks:
        """Who to look at in this frame, and where; detections: what the detector found, None if it did not run."""
        if self._t_s is not None and (frame.t_s < self._t_s or self._is_scene_change(frame)):
            self._people = []
        self._t_s = frame.t_s
        self._thumbnail = self._thumbnail_of(frame)
        self._since = 0 if detections is not None else self._since + 1
        for person in self._people:
            person.move_to(frame.t_s)
        self._people = [person for person in self._people if not self._is_expired(person, frame)]
        if detections is not None:
            self._associate(frame, detections)
        return _tracks([person for person in self._people if not person.lost])

    def observe(self, frame: Frame, pose: Pose2D) -> Pose2D:
        """Learn from the keypoints of this frame's tracks; returns the rows that are people, each person once."""
        row_of = {int(name): row for row, name in enumerate(pose.ids)}
        real: list[tuple[Track, int]] = []
        appearances = appearance_of(frame.image, pose.keypoints, pose.scores)
        for person in self._people:
            row = row_of.get(person.id)
            if row is not None and self._credible(person, pose.keypoints[row], pose.scores[row], appearances[row]):
                real.append((person, row))
            elif not person.lost:
                self._miss(person)
        impostors = _duplicates(real, pose, appearances)
        for person, row in real:
            if person.id in impostors:
                self._lose(person)
            else:
                person.see_keypoints(pose.keypoints[row], pose.scores[row])
                person.update_appearance(appearances[row])
        rows = np.array(sorted(row for person, row in real if person.id not in impostors), np.intp)
        self._people = [person for person in self._people if person.confirmed]
        return Pose2D(pose.ids[rows], pose.keypoints[rows], pose.scores[rows])

    def _is_scene_change(self, frame: Frame) -> bool:
        return bool(np.abs(self._thumbnail_of(frame) - self._thumbnail).mean() > CUT)

    def _thumbnail_of(self, frame: Frame) -> Array:
        """The frame's glimpse, taken once: it is asked for before and after the detector."""
        if self._latest is None or self._latest[0] != (frame.index, frame.t_s):
            self._latest = ((frame.index, frame.t_s), _thumbnail(frame.image))
        return self._latest[1]

    def _credible(self, person: Track, keypoints: F32, scores: F32, appearance: F32) -> bool:
        """Whether these keypoints are a person's, and this one's: another's are too far off, or off and unlike."""
        if scores.mean() < (STILL_REAL if person.confirmed else REAL):
            return False
        at_once, more = JUMP
        off = person.motion_error(keypoints, scores)
        if off > MOVED and _appearance_distance(person, appearance) > 1:
            return False
        return off < at_once + more * (person.t_s - person.seen_s)

    def _miss(self, person: Track) -> None:
        person.low_score_frames += 1
        if person.low_score_frames >= PATIENCE:
            self._lose(person)

    def _lose(self, person: Track) -> None:
        person.lost = True
        self._since = self._interval

    def _is_expired(self, person: Track, frame: Frame) -> bool:
        if not person.lost:
            return False
        height, width = frame.image.shape[:2]
        outside = not (0 <= person.center[0] < width and 0 <= person.center[1] < height)
        return outside or person.t_s - person.seen_s > COAST_S

    def _associate(self, frame: Frame, detections: Detections) -> None:
        left = np.arange(len(detections.boxes))
        waiting = list(self._people)
        appearances = box_appearance(frame.image, detections.boxes)
        for low, high in ((START, np.inf), (KEEP, START)):
            chosen = left[(detections.scores[left] >= low) & (detections.scores[left] < high)]
            matches = _match(waiting, detections.boxes[chosen], appearances[chosen])
            for row, column in matches:
                self._confirm(waiting[row], detections, int(chosen[column]))
            waiting = [person for row, person in enumerate(waiting) if row not in {r for r, _ in matches}]
            left = np.setdiff1d(left, chosen[[column for _, column in matches]])
        for person in waiting:
            person.missed_detections += 1
            if person.missed_detections >= DOUBTS and person.score < DOUBTFUL:
                self._lose(person)
        for index in left[detections.scores[left] >= START]:
            self._start(detections.boxes[index], float(detections.scores[index]), frame.t_s)

    def _confirm(self, person: Track, detections: Detections, index: int) -> None:
        gain = 1.0 if person.lost else GENTLE
        before = person.center
        person.see_box(detections.boxes[index], float(detections.scores[index]), gain)
        if person.lost:
            person.appearance_drift = (
                person.appearance_drift + person.center - before
            )  # their keypoints are expected there now
        person.lost, person.low_score_frames, person.missed_detections = False, 0, 0

    def _start(self, box: F32, score: float, t_s: float) -> None:
        self._people.append(Track(self._next_id, centers(box), box[2:] - box[:2], score, t_s, seen_s=t_s))
        self._next_id += 1


def _thumbnail(image: U8, side: int = 16) -> Array:
    """Some pixels (side, side, 3) of a picture, evenly spread, to notice that another scene began."""
    rows, columns = ((2 * np.arange(side) + 1) * length // (2 * side) for length in image.shape[:2])
    pixels: Array = image[rows[:, None], columns].astype(np.int16)
    return pixels


def _match(people: list[Track], boxes: F32, appearances: F32) -> list[tuple[int, int]]:
    """Pairs (person, box) of the cheapest assignment; people in sight by overlap, lost ones by place and size."""
    if not people or not len(boxes):
        return []
    ious = overlaps(np.stack([person.box for person in people]), boxes)
    cost = np.where(ious >= LEAST_IOU, 1 - ious, NEVER)
    for row, person in enumerate(people):
        if person.lost:
            cost[row] = _far(person, boxes, appearances)
    rows, columns = linear_sum_assignment(cost)
    return [(int(r), int(c)) for r, c in zip(rows, columns, strict=True) if cost[r, c] < NEVER]


def _far(person: Track, boxes: F32, appearances: F32) -> Array:
    """Cost (M,) from 1 of boxes as the new place of a lost person; NEVER beyond reach."""
    at_once, more, most = REACH
    reach = min(at_once + more * (person.t_s - person.seen_s), most)
    lengths = (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
    distance = np.linalg.norm(centers(boxes) - person.center, axis=1) / person.length / reach
    change = np.abs(np.log(lengths / person.length)) / np.log(RATIO)
    unlike = np.array([_appearance_distance(person, appearance) for appearance in appearances])
    return np.where((distance <= 1) & (change <= 1), 1 + (distance + change + unlike) / 4, NEVER)


def _duplicates(real: list[tuple[Track, int]], pose: Pose2D, appearances: F32) -> set[int]:
    """Ids of tracks whose keypoints are those of another track's person: the younger, or the one that had to jump."""
    if len(real) < 2:
        return set()
    rows = [row for _, row in real]
    areas = np.array([np.prod(person.size) for person, _ in real], np.float32)
    same = np.argwhere(np.triu(similarity(pose.keypoints[rows], pose.scores[rows], areas) > SAME, 1))
    found: set[int] = set()
    for a, b in same:
        if not {real[a][0].id, real[b][0].id} & found:
            found.add(_duplicate(real[a], real[b], pose, appearances).id)
    return found


def _appearance_distance(person: Track, appearance: F32) -> float:
    """Difference of a look (6,) from what the person wears, 1 where it is another's; 0 when nothing can be compared."""
    return (appearance_distance(person.appearance, appearance) or 0.0) / UNLIKE


def _duplicate(a: tuple[Track, int], b: tuple[Track, int], pose: Pose2D, appearances: F32) -> Track:
    off_a, off_b = (
        person.motion_error(pose.keypoints[row], pose.scores[row]) + _appearance_distance(person, appearances[row]) / 4
        for person, row in (a, b)
    )
    if abs(off_a - off_b) > EVIDENT:
        return a[0] if off_a > off_b else b[0]
    return max(a[0], b[0], key=lambda person: person.id)


def _tracks(people: list[Track]) -> Tracks:
    return Tracks(
        np.array([person.id for person in people], np.int32),
        np.array([person.box for person in people], np.float32).reshape(-1, 4),
        np.array([person.score for person in people], np.float32),
    )
