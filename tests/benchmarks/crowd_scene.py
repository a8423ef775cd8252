"""A made crowd with truth: people walk over a plane, cross and stand behind walls; the camera stands still or moves.

What a detector and a single-person pose network make of it is imitated: noise, misses in bursts, second boxes on one
person, cones that look like people, keypoints of the person in front where one hides another.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray
from tracking_metrics import Boxes, overlaps

from edge.stages.keypoint_geometry import keypoints_boxes
from edge.stages.tracker_config import MotionConfig
from edge.types import Detections, Frame, Pose2D, Tracks

Array = NDArray[np.generic]
WIDTH, HEIGHT, FPS = 1280, 720, 25
FOCAL_PX, CAMERA_M, HORIZON_PX = 1000.0, 4.0, 40.0
NEAR_M, FAR_M = 7.0, 17.0
EXCEED_PX = 700  # by which the background exceeds the image on each side
VISIBLE = 0.25  # share of the keypoints from which a person counts
# Of a pose model whose crops have the neighbors painted over; measured with MoveNet on two overlapping people of
# body_overlap.py: the share of the hidden keypoints that it draws on the person in front fell from 0.81 to 0.15.
MASKED_COST = 0.6  # makes a person who is painted over an unlikely one to be drawn
DRAWN, DRAWN_MASKED = 0.5, 0.1
MASK_WORKS = 0.93  # share of frames in which the visible keypoints were then those of the person behind
MASKED_WITHIN = 0.1  # distance of expected keypoints from the true ones, in heights, at which the mask is in place
FULL_M = MotionConfig(min_keypoints=1)

BODY = np.array(  # COCO order, x in heights beside the middle, y in heights above the floor
    [
        [0.00, 0.93], [0.02, 0.95], [-0.02, 0.95], [0.04, 0.93], [-0.04, 0.93], [0.11, 0.81], [-0.11, 0.81],
        [0.14, 0.64], [-0.14, 0.64], [0.14, 0.48], [-0.14, 0.48], [0.07, 0.52], [-0.07, 0.52], [0.07, 0.28],
        [-0.07, 0.28], [0.07, 0.04], [-0.07, 0.04],
    ]
)  # fmt: skip
SWING = np.zeros(17)  # along the walking direction, in heights
SWING[[7, 8, 9, 10, 13, 14, 15, 16]] = [-0.05, 0.05, -0.11, 0.11, 0.07, -0.07, 0.14, -0.14]
TRUNKS = [(30, 30, 30), (45, 40, 40), (70, 45, 35), (90, 60, 40), (110, 110, 110), (200, 200, 200), (40, 40, 170),
          (150, 80, 40), (60, 110, 60), (120, 160, 190)]  # fmt: skip
LEGS = [(30, 30, 30), (35, 30, 30), (80, 55, 40), (95, 65, 50), (90, 90, 95), (110, 140, 160)]


@dataclass(frozen=True, slots=True)
class Setting:
    """A sequence: its people, walls, camera and length."""

    name: str
    people: int
    walls: int = 0
    moving: bool = False
    seconds: float = 20.0
    seed: int = 0
    masks: bool = True


@dataclass(slots=True)
class Walker:
    """One person: floor positions (T, 2) m, x and depth; height m; colors; phase of the gait (T,)."""

    path: Array
    height: float
    trunk: tuple[int, ...]
    legs: tuple[int, ...]
    phase: Array


@dataclass(slots=True)
class SceneState:
    """One frame: keypoints (P, 17, 2) px, visible (P, 17) bool and depths (P,) of all people, boxes (P, 4), and which
    person hides each keypoint (P, 17), -1 where none does."""

    keypoints: Array
    visible: Array
    hider: Array
    depths: Array
    boxes: Array
    shift: Array
    ids: Array = field(default_factory=lambda: np.empty(0, np.int64))


class Crowd:
    """A sequence: `frame(index)`, `detections(index)`, `pose(index, tracks)` and `truth`."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.frames = round(setting.seconds * FPS)
        self._rng = np.random.default_rng(setting.seed)
        # Walls: center x and depth in m, half width in m.
        self._walls = [
            (x, self._rng.uniform(9.5, 12.5), self._rng.uniform(0.7, 1.1))
            for x in np.linspace(-3.5, 3.5, setting.walls + 2)[1:-1]
        ]
        self._walkers = [self._walker() for _ in range(setting.people)]
        self._cones = [(x, self._rng.uniform(NEAR_M, FAR_M)) for x in self._rng.uniform(-4, 4, 3)]
        self._shifts = self._camera()
        texture = cv2.GaussianBlur(self._rng.integers(40, 200, (200, 320, 3)).astype(np.uint8), (0, 0), 1.5)
        size = (WIDTH + 2 * EXCEED_PX, HEIGHT + 2 * EXCEED_PX)
        self._background = cv2.resize(texture, size, interpolation=cv2.INTER_CUBIC)
        self._background = cv2.convertScaleAbs(self._background, alpha=0.6, beta=60)
        self.states = [self._state(index) for index in range(self.frames)]
        self._name_people()
        self._noise = self._correlated((setting.people, 17, 2), 0.7)
        self._hardness = self._correlated((setting.people, 1), 0.9)[..., 0]
        self._detections = [self._detect(index) for index in range(self.frames)]

    @property
    def truth(self) -> list[Boxes]:
        """The people of each frame; those who are hardly visible are marked as ignored."""
        found = []
        for state in self.states:
            inside = state.ids >= 0
            share = state.visible[inside].mean(axis=1)
            found.append(Boxes(state.ids[inside], state.boxes[inside], share < VISIBLE))
        return found

    def detections(self, index: int) -> Detections:
        """What the detector finds in a frame, best first."""
        return self._detections[index]

    def frame(self, index: int) -> Frame:
        """The image of a frame."""
        state = self.states[index]
        x, y = (EXCEED_PX - state.shift).round().astype(int)
        image = self._background[y : y + HEIGHT, x : x + WIDTH].copy()
        things = [(depth, person) for person, depth in enumerate(state.depths)]
        things += [(depth, -1 - wall) for wall, (_, depth, _) in enumerate(self._walls)]
        for _, thing in sorted(things, reverse=True):
            if thing >= 0:
                self._draw(image, state, thing)
            else:
                low, high = self._wall_box(-1 - thing, state.shift)
                cv2.rectangle(image, low.astype(int).tolist(), high.astype(int).tolist(), (150, 140, 120), -1)
        return Frame("crowd", index, 0, index / FPS, image)

    def pose(self, index: int, tracks: Tracks) -> Pose2D:
        """The keypoints that a single-person network gives for the boxes of tracks."""
        state, rng = self.states[index], np.random.default_rng((self.setting.seed, index, 1))
        count = len(tracks.ids)
        keypoints = np.zeros((count, 17, 2), np.float32)
        scores = np.clip(rng.normal(0.1, 0.03, (count, 17)), 0.01, 0.2).astype(np.float32)
        share = state.visible.mean(axis=1)
        middles = (state.boxes[:, :2] + state.boxes[:, 2:]) / 2
        heights = state.boxes[:, 3] - state.boxes[:, 1]
        masked = self._masked(state, tracks, heights) & (rng.random((count, len(share))) < MASK_WORKS)
        for row, box in enumerate(tracks.boxes):
            size = box[2:] - box[:2]
            off = np.abs(middles - (box[:2] + box[2:]) / 2) / size.max()
            cost = np.hypot(off[:, 0], off[:, 1]) + 0.3 * (1 - share) + MASKED_COST * masked[row]
            cost[(share < 0.2) | (off.max(axis=1) > 0.5) | (heights > 2 * size.max()) | (heights < size.max() / 3)] = 9
            person = int(cost.argmin()) if len(cost) else -1
            keypoints[row] = box[:2] + rng.uniform(0.2, 0.8, (17, 2)) * size
            if person < 0 or cost[person] > 1:
                continue
            points = state.keypoints[person] + 0.02 * heights[person] * self._noise[index, person]
            level = np.clip(rng.normal(0.55, 0.15, 17), 0.1, 0.95)
            hidden = ~state.visible[person]
            hider = state.hider[person]
            guessed = hidden & (rng.random(17) < np.where(masked[row][hider], DRAWN_MASKED, DRAWN))
            points[hidden] += rng.normal(0, 0.06 * heights[person], (hidden.sum(), 2))
            level[hidden] = rng.uniform(0.08, 0.3, hidden.sum())
            drawn = guessed & (hider >= 0)  # the keypoint of the person in front
            points[drawn] = state.keypoints[hider[drawn], np.flatnonzero(drawn)]
            level[drawn] = rng.uniform(0.25, 0.5, drawn.sum())
            keypoints[row], scores[row] = points, level
        return Pose2D(tracks.ids, keypoints, scores)

    def _masked(self, state: SceneState, tracks: Tracks, heights: Array) -> Array:
        """Which people (N, P) are painted over in the crops of tracks: those whom another track expects there."""
        masked = np.zeros((len(tracks.ids), len(heights)), bool)
        if tracks.keypoints is None or not self.setting.masks:
            return masked
        expected = tracks.keypoints[:, None, :, :2] - state.keypoints[None]
        apart = np.median(np.hypot(expected[..., 0], expected[..., 1]), axis=2) / heights
        known = tracks.keypoints[..., 2].any(axis=1)
        apart[~known] = np.inf
        near = apart < MASKED_WITHIN
        for row in range(len(masked)):
            others = near.copy()
            others[row] = False
            masked[row] = others.any(axis=0) & (apart[row] > np.where(others, apart, np.inf).min(axis=0))
        return masked

    def _walker(self) -> Walker:
        """Straight walks between random places, with stops, some of them behind a wall."""
        rng = self._rng
        at, path = self._place(), []
        while len(path) < self.frames:
            hides = self._walls and rng.random() < 0.4
            if hides:
                x, depth, half = self._walls[rng.integers(len(self._walls))]
                to = np.array([x + rng.uniform(-0.3, 0.3) * half, depth + rng.uniform(0.4, 1.0)])
                stop_s = rng.uniform(0, 6.5)
            else:
                to, stop_s = self._place(), rng.choice([0.0, 0.0, rng.uniform(0.5, 3)])
            steps = max(2, round(np.linalg.norm(to - at) / rng.uniform(0.8, 1.6) * FPS))
            path += list(at + (to - at) * np.linspace(0, 1, steps)[1:, None]) + [to] * round(stop_s * FPS)
            at = to
        walked = np.array(path[: self.frames])
        speed = np.linalg.norm(np.diff(walked, axis=0, prepend=walked[:1]), axis=1)
        trunk, legs = TRUNKS[rng.integers(len(TRUNKS))], LEGS[rng.integers(len(LEGS))]
        jitter = rng.integers(-12, 13, (2, 3))
        colors = [tuple(np.clip(color, 0, 255).tolist()) for color in np.add((trunk, legs), jitter)]
        return Walker(walked, rng.uniform(1.55, 1.92), *colors, phase=np.cumsum(speed) / 0.23 + rng.uniform(0, 6))

    def _place(self) -> Array:
        depth = self._rng.uniform(NEAR_M, FAR_M)
        half = 0.42 * depth * WIDTH / FOCAL_PX
        return np.array([self._rng.uniform(-half, half), depth])

    def _camera(self) -> Array:
        """The shift (T, 2) px of the image: pans and shakes of a camera held by hand."""
        t_s = np.arange(self.frames) / FPS
        if not self.setting.moving:
            return np.zeros((self.frames, 2))
        rng = self._rng
        pan = 260 * np.sin(2 * np.pi * (t_s / 7 + rng.random())) + 60 * np.sin(2 * np.pi * (t_s / 2.3 + rng.random()))
        tilt = 40 * np.sin(2 * np.pi * (t_s / 3.1 + rng.random()))
        shake = np.cumsum(rng.normal(0, 1.5, (self.frames, 2)), axis=0)
        shake -= np.stack([np.convolve(axis, np.ones(25) / 25, "same") for axis in shake.T], axis=1)
        shift: Array = np.stack([pan, tilt], axis=1) + shake
        return shift

    def _project(self, x: float, depth: float, shift: Array) -> tuple[Array, float]:
        """The image of a point of the floor, and px per m there."""
        scale = FOCAL_PX / depth
        return np.array([WIDTH / 2 + x * scale, HORIZON_PX + CAMERA_M * scale]) + shift, scale

    def _wall_box(self, wall: int, shift: Array) -> tuple[Array, Array]:
        x, depth, half = self._walls[wall]
        foot, scale = self._project(x, depth, shift)
        return foot - np.array([half, 2.3]) * scale, foot + np.array([half, 0]) * scale

    def _state(self, index: int) -> SceneState:
        shift = self._shifts[index]
        depths = np.array([walker.path[index, 1] for walker in self._walkers])
        keypoints = np.stack([self._figure(walker, index, shift) for walker in self._walkers])
        boxes, _ = keypoints_boxes(keypoints.astype(np.float32), np.ones(keypoints.shape[:2], np.float32), FULL_M)
        inside = ((keypoints >= 0) & (keypoints < (WIDTH, HEIGHT))).all(axis=2)
        hider = np.full(inside.shape, -1)
        visible = inside.copy()
        for person in np.argsort(depths):
            for other in np.flatnonzero(depths < depths[person]):
                low, high = boxes[other, :2], boxes[other, 2:]
                # The trunk and legs of the nearer one hide: the middle of the box.
                side = 0.2 * (high - low) * (1, 0)
                covered = ((keypoints[person] > low + side) & (keypoints[person] < high - side)).all(axis=1)
                hider[person, covered & visible[person]] = other
                visible[person] &= ~covered
            for wall, (_, depth, _) in enumerate(self._walls):
                if depth < depths[person]:
                    low, high = self._wall_box(wall, shift)
                    covered = ((keypoints[person] > low) & (keypoints[person] < high)).all(axis=1)
                    hider[person, covered] = -1
                    visible[person] &= ~covered
        return SceneState(keypoints, visible, hider, depths, boxes, shift)

    def _figure(self, walker: Walker, index: int, shift: Array) -> Array:
        """Keypoints (17, 2) px of a person: the template turned into the walking direction, with swinging limbs."""
        before = walker.path[max(0, index - 3)]
        after = walker.path[min(self.frames - 1, index + 3)]
        step = after - before
        moving = np.linalg.norm(step) > 0.02
        angle = np.arctan2(step[1], step[0]) if moving else np.pi / 2
        foot, scale = self._project(*walker.path[index], shift)
        across, along = np.sin(angle), np.cos(angle)  # of the shoulders, of the walking direction, in the image
        swing = SWING * (np.sin(walker.phase[index]) if moving else 0.0)
        x = BODY[:, 0] * (0.35 + 0.65 * abs(across)) * np.sign(across or 1) + swing * along
        return foot + np.stack([x, -BODY[:, 1]], axis=1) * walker.height * scale

    def _name_people(self) -> None:
        """True ids: a person who is outside of the image for more than a second is another one afterwards."""
        names = np.arange(len(self._walkers))
        new, outside = len(names), np.zeros(len(names), int)
        for state in self.states:
            middles = (state.boxes[:, :2] + state.boxes[:, 2:]) / 2
            inside = ((middles >= 0) & (middles < (WIDTH, HEIGHT))).all(axis=1)
            for person in np.flatnonzero(inside & (outside > FPS)):
                names[person], new = new, new + 1
            outside = np.where(inside, 0, outside + 1)
            state.ids = np.where(inside, names, -1)

    def _correlated(self, shape: tuple[int, ...], memory: float) -> Array:
        """Noise (T, ...) of unit variance with a correlation from frame to frame."""
        noise = self._rng.normal(0, 1, (self.frames, *shape))
        for index in range(1, self.frames):
            noise[index] = memory * noise[index - 1] + np.sqrt(1 - memory**2) * noise[index]
        return noise

    def _detect(self, index: int) -> Detections:
        state, rng = self.states[index], self._rng
        share = state.visible.mean(axis=1)
        boxes, scores = [], []
        for person, box in enumerate(state.boxes):
            score = 0.18 + 0.72 * share[person] + 0.10 * self._hardness[index, person] + rng.normal(0, 0.03)
            if share[person] < VISIBLE or score < 0.3:
                continue
            shown = state.keypoints[person][state.visible[person]]
            seen = np.concatenate([shown.min(axis=0), shown.max(axis=0)])
            height = box[3] - box[1]
            # A box follows what is visible, half of the way.
            part = np.where(np.abs(seen - box) > 0.15 * height, 0.5 * (seen + box), box)
            boxes.append(part + rng.normal(0, 0.02 * height, 4))
            scores.append(min(score, 0.95))
            if rng.random() < 0.1:
                size = box[2:] - box[:2]
                second = box + np.tile(rng.normal(0, (0.25, 0.08)) * size, 2)
                if rng.random() < 0.5:
                    second[3] -= 0.4 * height  # the upper body
                boxes.append(second)
                scores.append(rng.uniform(0.3, 0.6))
        for x, depth in self._cones:
            if rng.random() < 0.5:
                foot, scale = self._project(x, depth, state.shift)
                boxes.append(np.array([*(foot - np.array([0.25, 0.9]) * scale), *(foot + np.array([0.25, 0]) * scale)]))
                scores.append(rng.uniform(0.3, 0.5))
        found = np.array(boxes, np.float32).reshape(-1, 4)
        level = np.array(scores, np.float32)
        order = np.argsort(-level)
        found, level = found[order], level[order]
        same = np.triu(overlaps(found, found) > 0.6, 1)  # what a detector's own suppression removes
        kept = [row for row in range(len(found)) if not same[:row, row].any()]
        return Detections(found[kept], level[kept])

    def _draw(self, image: Array, state: SceneState, person: int) -> None:
        points, walker = state.keypoints[person], self._walkers[person]
        height = state.boxes[person, 3] - state.boxes[person, 1]

        def line(a: Array, b: Array, color: tuple[int, ...], width: float) -> None:
            start, end = a.astype(int).tolist(), b.astype(int).tolist()
            cv2.line(image, start, end, color, max(1, round(width * height)))

        for hip, knee, ankle in ((11, 13, 15), (12, 14, 16)):
            line(points[hip], points[knee], walker.legs, 0.09)
            line(points[knee], points[ankle], walker.legs, 0.07)
        neck, pelvis = points[[5, 6]].mean(axis=0), points[[11, 12]].mean(axis=0)
        line(neck, pelvis, walker.trunk, 0.17)
        for shoulder, elbow, wrist in ((5, 7, 9), (6, 8, 10)):
            line(points[shoulder], points[elbow], walker.trunk, 0.06)
            line(points[elbow], points[wrist], walker.trunk, 0.05)
        cv2.circle(image, points[0].astype(int).tolist(), max(2, round(0.05 * height)), (140, 160, 200), -1)
