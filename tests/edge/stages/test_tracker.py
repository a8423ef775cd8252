"""Tracking on made scenes: who is where is known, the detector and the pose model are imitated, no engine runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import pytest

from edge.stages.config import QuietConfig, TrackerConfig
from edge.stages.detect import overlaps
from edge.stages.tracker import Tracker
from edge.types import F32, U8, Detections, Frame, Pose2D, Tracks
from tests.support.standing_person import BODY

WIDTH, HEIGHT = 960, 540
RED, BLUE, GREEN = (30, 30, 200), (200, 60, 30), (40, 180, 40)


@dataclass(frozen=True)
class Actor:
    """A person: path(t) gives the center of the box, or None while they cannot be seen; later ones stand in front."""

    path: Callable[[float], tuple[float, float] | None]
    color: tuple[int, int, int] = RED
    height: float = 200.0

    def box(self, t_s: float) -> F32 | None:
        center = self.path(t_s)
        if center is None:
            return None
        half = np.array([0.2 * self.height, 0.5 * self.height])
        return np.concatenate([center - half, center + half]).astype(np.float32)

    def keypoints(self, t_s: float) -> F32:
        box = self.box(t_s)
        assert box is not None
        return (box[:2] + BODY * (box[2:] - box[:2])).astype(np.float32)


class Scene:
    """Runs a tracker over actors. The detector misses who is hidden by more than half; the pose model gives, for each
    crop, the visible person nearest its middle, as a single-person network does."""

    def __init__(self, *actors: Actor, track: Tracker | None = None, fps: float = 30.0, noise: float = 1.0) -> None:
        self.actors = actors
        self.track = track or Tracker()
        self.fps = fps
        self.noise = noise
        self.rng = np.random.default_rng(7)
        self.passes = 0
        self.shown: list[dict[int, int]] = []  # for each frame, actor -> id

    def visible(self, t_s: float) -> list[tuple[int, F32]]:
        """Who can be seen, and the part of their boxes inside the image."""
        boxes = [(index, box) for index, actor in enumerate(self.actors) if (box := actor.box(t_s)) is not None]
        seen = []
        for place, (index, box) in enumerate(boxes):
            inside = np.clip(box, 0, [WIDTH, HEIGHT, WIDTH, HEIGHT])
            whole = (box[2] - box[0]) * (box[3] - box[1])
            shown = (inside[2] - inside[0]) * (inside[3] - inside[1]) > 0.3 * whole
            front = [other for _, other in boxes[place + 1 :]]
            if shown and not any(_covered(box, other) > 0.5 for other in front):
                seen.append((index, inside))
        return seen

    def image(self, t_s: float) -> U8:
        image = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
        for actor in self.actors:
            box = actor.box(t_s)
            if box is not None:
                x0, y0, x1, y1 = np.clip(box, 0, [WIDTH, HEIGHT, WIDTH, HEIGHT]).astype(int)
                image[y0:y1, x0:x1] = actor.color
        return image

    def detect(self, seen: list[tuple[int, F32]]) -> Detections:
        self.passes += 1
        boxes = np.array([box for _, box in seen], np.float32).reshape(-1, 4)
        boxes += self.rng.normal(0, self.noise, boxes.shape).astype(np.float32)
        return Detections(boxes, np.full(len(boxes), 0.7, np.float32))

    def pose(self, tracks: Tracks, t_s: float) -> Pose2D:
        seen = self.visible(t_s)
        keypoints = np.zeros((len(tracks.ids), 17, 2), np.float32)
        scores = np.full((len(tracks.ids), 17), 0.05, np.float32)
        for row, box in enumerate(tracks.boxes):
            center, length = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]).max()
            off = [np.linalg.norm((other[:2] + other[2:]) / 2 - center) / length for _, other in seen]
            if off and min(off) < 0.5:
                index, _ = seen[int(np.argmin(off))]
                keypoints[row] = self.actors[index].keypoints(t_s) + self.rng.normal(0, self.noise, (17, 2))
                inside = (keypoints[row] >= 0).all(axis=1) & (keypoints[row] < [WIDTH, HEIGHT]).all(axis=1)
                scores[row] = np.where(inside, 0.7, 0.1)
        return Pose2D(tracks.ids, keypoints, scores)

    def run(self, start_s: float, end_s: float) -> Scene:
        for index in range(round(start_s * self.fps), round(end_s * self.fps)):
            t_s = index / self.fps
            frame, seen = Frame("test", index, 0, t_s, self.image(t_s)), self.visible(t_s)
            detections = self.detect(seen) if self.track.wants_detections(frame) else None
            tracks = self.track.update(frame, detections)
            tracks, pose = self.track.observe(frame, self.pose(tracks, t_s))
            self.boxes = dict(zip(tracks.ids.tolist(), tracks.boxes, strict=True))
            self.shown.append(self._who(pose, t_s))
        return self

    def _who(self, pose: Pose2D, t_s: float) -> dict[int, int]:
        seen = [index for index, _ in self.visible(t_s)]
        found: dict[int, int] = {}
        for track_id, keypoints in zip(pose.ids.tolist(), pose.keypoints, strict=True):
            off = [np.abs(self.actors[index].keypoints(t_s) - keypoints).mean() for index in seen]
            index = seen[int(np.argmin(off))]
            assert index not in found, "one person was given twice"
            found[index] = track_id
        return found

    def ids(self, actor: int) -> list[int]:
        """The ids that an actor was given, in order, without repetitions."""
        ids = [shown[actor] for shown in self.shown if actor in shown]
        return list(dict.fromkeys(ids))


class Negative(Scene):
    def image(self, t_s: float) -> U8:
        return 255 - super().image(t_s)


def _covered(box: F32, other: F32) -> float:
    low, high = np.maximum(box[:2], other[:2]), np.minimum(box[2:], other[2:])
    return float(np.prod(np.clip(high - low, 0, None)) / np.prod(box[2:] - box[:2]))


def walk(x: float, y: float, vx: float, vy: float = 0.0) -> Callable[[float], tuple[float, float]]:
    return lambda t_s: (x + vx * t_s, y + vy * t_s)


@pytest.mark.parametrize("fps", [5.0, 10.0, 30.0, 60.0])
def test_tracker_walker_keeps_id_at_any_frame_rate(fps: float) -> None:
    scene = Scene(Actor(walk(100, 270, 150)), fps=fps).run(0, 4)
    assert scene.ids(0) == [0]
    assert all(scene.shown)


@pytest.mark.parametrize("colors", [(RED, BLUE), (RED, RED)], ids=["differently dressed", "equally dressed"])
@pytest.mark.parametrize("speeds", [(120, -120), (200, -80), (160, 40)])
@pytest.mark.parametrize("fps", [10.0, 30.0])
def test_tracker_crossing_people_keep_ids(
    colors: tuple[tuple[int, int, int], ...], speeds: tuple[int, int], fps: float
) -> None:
    meet_s, x = 2.0, 480.0
    actors = [
        Actor(walk(x - speed * meet_s, 270 + 6 * row, speed), color)
        for row, (speed, color) in enumerate(zip(speeds, colors, strict=True))
    ]
    scene = Scene(*actors, fps=fps).run(0, 4)
    assert len(scene.ids(0)) == len(scene.ids(1)) == 1
    assert scene.ids(0) != scene.ids(1)
    assert set(scene.shown[-1]) == {0, 1}


@pytest.mark.parametrize(
    ("gap_s", "kept"), [(0.3, True), (0.7, True), (1.2, True), (2.5, True), (7.0, True), (11.0, False)]
)
def test_tracker_short_occlusion_keeps_id(gap_s: float, kept: bool) -> None:
    def path(t_s: float) -> tuple[float, float] | None:
        return None if 1.5 <= t_s < 1.5 + gap_s else (150 + 20 * t_s, 270)

    scene = Scene(Actor(path)).run(0, gap_s + 3)
    assert len(scene.ids(0)) == (1 if kept else 2)
    assert len(set(scene.ids(0))) == len(scene.ids(0))
    hidden = range(round(1.5 * 30), round((1.5 + gap_s) * 30))
    assert not any(scene.shown[index] for index in hidden)


def test_tracker_distant_new_person_gets_new_id() -> None:
    scene = Scene(
        Actor(lambda t_s: (150, 270) if t_s < 1.5 else None),
        Actor(lambda t_s: (700, 270) if t_s >= 1.7 else None),
    ).run(0, 3)
    assert scene.ids(0) == [0]
    assert scene.ids(1) == [1]


def test_tracker_person_who_leaves_and_enters_gets_new_id() -> None:
    scene = Scene(
        Actor(walk(700, 270, 200)),  # leaves on the right
        Actor(walk(-500, 270, 250), BLUE),  # enters on the left
        Actor(lambda t_s: (700, 270) if t_s > 4.5 else None, GREEN),
    ).run(0, 6)
    assert [scene.ids(index) for index in range(3)] == [[0], [1], [2]]
    assert set(scene.shown[-1]) == {1, 2} or set(scene.shown[-1]) == {2}


def test_tracker_person_at_image_edge_is_tracked() -> None:
    scene = Scene(Actor(lambda t_s: (480, 560), height=500.0), Actor(walk(30, 300, 0), BLUE)).run(0, 3)
    assert scene.ids(0) == [0]
    assert scene.ids(1) == [1]
    assert all(set(shown) == {0, 1} for shown in scene.shown)


def test_tracker_empty_scene_has_no_tracks() -> None:
    scene = Scene().run(0, 1)
    assert scene.shown == [{}] * 30
    assert 3 <= scene.passes <= 5  # nothing changes
    frame = Frame("test", 30, 0, 1.0, scene.image(1.0))
    tracks = scene.track.update(frame, None)
    tracks, pose = scene.track.observe(frame, scene.pose(tracks, 1.0))
    assert (tracks.boxes.shape, pose.keypoints.shape, pose.scores.shape) == ((0, 4), (0, 17, 2), (0, 17))
    assert (tracks.ids.dtype, tracks.boxes.dtype) == (np.int32, np.float32)


@pytest.mark.parametrize(
    ("interval", "quiet_s", "passes"),
    [(1, 0.0, 60), (4, 0.0, 15), (8, 0.0, 8), (0, 0.0, 60), (1, 0.5, 60), (8, 0.5, 4)],
)
def test_tracker_wants_detections_every_interval_where_something_changes(
    interval: int, quiet_s: float, passes: int
) -> None:
    config = TrackerConfig(interval=interval, quiet=QuietConfig(people_s=quiet_s))
    scene = Scene(Actor(walk(300, 270, 30)), track=Tracker(config)).run(0, 2)
    assert scene.passes == passes


def test_tracker_wants_detections_after_loss_or_gap() -> None:
    scene = Scene(
        Actor(walk(200, 270, 0)),
        Actor(lambda t_s: (600, 270) if t_s < 1 else None, BLUE),
        track=Tracker(TrackerConfig(interval=30)),
    ).run(0, 1)
    quiet = scene.passes
    scene.run(1, 1.5)
    assert scene.passes > quiet
    after_gap = Frame("test", 99, 0, 2.2, scene.image(2.2))
    assert scene.track.wants_detections(after_gap)
    back = Frame("test", 100, 0, 0.0, scene.image(0.0))
    assert scene.track.wants_detections(back)


def test_tracker_scene_change_ends_tracks() -> None:
    """A cut in a film, or the next of several images: all tracks end, and the detector runs at once."""
    track = Tracker(TrackerConfig(interval=100))
    first = Scene(Actor(walk(300, 270, 0)), track=track).run(0, 0.5)
    second = Negative(Actor(walk(330, 270, 0)), track=track).run(0.5, 1)
    assert (first.passes, second.passes) == (1, 1)
    assert (first.ids(0), second.ids(0)) == ([0], [1])
    assert all(second.shown)


def test_tracker_duplicate_boxes_give_one_track() -> None:
    actor = Actor(walk(300, 270, 20))
    scene = Scene(actor)
    box = scene.visible(0.0)[0][1]
    boxes = np.stack([box, box + np.array([-25, -40, 25, 5], np.float32)])
    frame = Frame("test", 0, 0, 0.0, scene.image(0.0))
    tracks = scene.track.update(frame, Detections(boxes, np.array([0.8, 0.6], np.float32)))
    assert tracks.ids.tolist() == [-1]  # one candidate, which has no id yet
    assert scene.track.observe(frame, scene.pose(tracks, 0.0))[1].ids.tolist() == [0]
    scene.run(0.04, 1)
    assert scene.ids(0) == [0]


def test_tracker_false_detection_is_not_reported() -> None:
    """A cone: the detector is sure of it, the pose model is not."""
    track = Tracker()
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    cone = Detections(np.array([[100, 100, 130, 160]], np.float32), np.array([0.8], np.float32))
    for index in range(20):
        frame = Frame("test", index, 0, index / 30, image)
        tracks = track.update(frame, cone if track.wants_detections(frame) else None)
        poor = Pose2D(
            tracks.ids, np.full((len(tracks.ids), 17, 2), 110, np.float32), np.full((len(tracks.ids), 17), 0.12)
        )
        assert not len(track.observe(frame, poor)[1].ids)


def test_tracker_low_detection_scores_start_tracks_with_sure_keypoints_from_first_frame() -> None:
    """A T-pose seen from behind: detection scores of 0.33 to 0.43, three boxes, keypoints that are sure."""
    scene = Scene(Actor(walk(300, 270, 60)), track=Tracker(TrackerConfig(interval=1)))
    box = scene.visible(0.0)[0][1]
    boxes = np.stack([box, box + np.array([-40, 0, 20, 0], np.float32), box + np.array([-10, 0, 40, 0], np.float32)])
    frame = Frame("test", 0, 0, 0.0, scene.image(0.0))
    tracks = scene.track.update(frame, Detections(boxes, np.array([0.36, 0.36, 0.33], np.float32)))
    assert tracks.ids.tolist() == [-1]
    tracks, pose = scene.track.observe(frame, scene.pose(tracks, 0.0))
    assert tracks.ids.tolist() == pose.ids.tolist() == [0]


def test_tracker_second_box_on_tracked_person_starts_no_track() -> None:
    """The detector's second box, beside the first, draws the tracked person: it neither replaces nor joins them."""
    actor = Actor(walk(300, 270, 40))
    scene = Scene(actor, track=Tracker(TrackerConfig(interval=1))).run(0, 1)
    for index in range(30, 60):
        t_s = index / 30
        box = scene.visible(t_s)[0][1]
        second = box + np.array([45, 0, 45, 0], np.float32)
        frame = Frame("test", index, 0, t_s, scene.image(t_s))
        tracks = scene.track.update(frame, Detections(np.stack([second, box]), np.array([0.9, 0.5], np.float32)))
        tracks, pose = scene.track.observe(frame, scene.pose(tracks, t_s))
        assert pose.ids.tolist() == [0]


def test_tracker_moving_camera_keeps_ids_of_lost_people() -> None:
    """While a wall hides a person, the camera pans by more than the person's width."""
    texture = cv2.resize(np.random.default_rng(1).integers(0, 255, (60, 160, 3)).astype(np.uint8), (2400, 700))

    class Panned(Scene):
        def image(self, t_s: float) -> U8:
            x = round(260 + 200 * t_s)
            image = np.ascontiguousarray(texture[:HEIGHT, x : x + WIDTH])
            box = self.actors[0].box(t_s)
            if box is not None:
                x0, y0, x1, y1 = np.clip(box, 0, [WIDTH, HEIGHT, WIDTH, HEIGHT]).astype(int)
                image[y0:y1, x0:x1] = RED
            return image

    scene = Panned(Actor(lambda t_s: None if 1 <= t_s < 2 else (700 - 200 * t_s, 270))).run(0, 3)
    assert scene.ids(0) == [0]


def test_tracker_frame_without_pose_keeps_track() -> None:
    """The pose stage drops a person whose keypoints are not finite; the id comes back with the keypoints."""
    scene = Scene(Actor(walk(300, 270, 60))).run(0, 1)
    for index in (30, 31):
        frame = Frame("test", index, 0, index / 30, scene.image(index / 30))
        tracks = scene.track.update(frame, None)
        assert tracks.ids.tolist() == [0]
        nothing = Pose2D(tracks.ids[:0], np.empty((0, 17, 2), np.float32), np.empty((0, 17), np.float32))
        assert not len(scene.track.observe(frame, nothing)[1].ids)
    scene.run(32 / 30, 2)
    assert scene.ids(0) == [0]


def test_tracker_box_from_keypoints_equals_detector_box() -> None:
    scene = Scene(Actor(walk(200, 270, 100)), track=Tracker(TrackerConfig(interval=1000))).run(0, 3)
    true = scene.visible(2.967)[0][1]
    assert scene.passes == 1
    assert overlaps(scene.boxes[0][None], true[None])[0, 0] > 0.8
    ratio = (scene.boxes[0][3] - scene.boxes[0][1]) / (true[3] - true[1])
    assert 0.9 < ratio < 1.1


def test_tracker_detection_moves_box_by_gain() -> None:
    scene = Scene(Actor(walk(300, 270, 0)), noise=0.0).run(0, 1)
    before = scene.boxes[0]
    frame = Frame("test", 30, 0, 1.0, scene.image(1.0))
    off = before + np.float32(30)
    after = scene.track.update(frame, Detections(off[None], np.array([0.8], np.float32))).boxes[0]
    assert 0 < (after - before).mean() < 15


def test_tracker_reset_restarts_ids() -> None:
    scene = Scene(Actor(walk(300, 270, 20)), Actor(walk(600, 270, 20), BLUE)).run(0, 1)
    first = scene.shown
    scene.track.reset()
    scene.shown, scene.rng = [], np.random.default_rng(7)
    assert scene.run(0, 1).shown == first


def test_tracker_many_people_keep_ids() -> None:
    actors = [Actor(walk(60 + 90 * k, 150 + 20 * (k % 3), 8 * (-1) ** k), height=120.0) for k in range(10)]
    scene = Scene(*actors, fps=15).run(0, 3)
    assert [scene.ids(k) for k in range(10)] == [[scene.shown[0][k]] for k in range(10)]


def test_tracker_gives_keypoints_where_they_are_expected() -> None:
    tracker = Tracker()
    actor = Actor(walk(200, 300, 90))
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)

    def detections(*boxes: F32 | None) -> Detections:
        return Detections(np.array(boxes, np.float32).reshape(-1, 4), np.full(len(boxes), 0.8, np.float32))

    first = tracker.update(Frame("test", 0, 0, 0.0, image), detections(actor.box(0.0)))
    assert first.keypoints is None
    for index in range(30):
        t_s = index / 30
        frame = Frame("test", index, 0, t_s, image)
        seen = tracker.update(frame, None if index else detections(actor.box(t_s)))
        scores = np.full((len(seen.ids), 17), 0.7, np.float32)
        tracker.observe(frame, Pose2D(seen.ids, np.tile(actor.keypoints(t_s), (len(seen.ids), 1, 1)), scores))
    other = Actor(walk(600, 300, 0))
    found = tracker.update(Frame("test", 30, 0, 1.0, image), detections(actor.box(1.0), other.box(1.0)))
    assert found.keypoints is not None
    assert found.keypoints.shape == (2, 17, 3)
    np.testing.assert_allclose(found.keypoints[0, :, :2], actor.keypoints(1.0), atol=1.0)
    np.testing.assert_allclose(found.keypoints[0, :, 2], 0.7)
    assert not found.keypoints[1].any()
