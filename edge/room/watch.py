"""Watches the cameras of a room: reprojection errors, cameras that were moved, and clocks that differ."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from calibration.time_offset import OffsetSearch, estimate_offset
from edge.room.displaced import DisplacedCameras
from edge.room.fusion import RoomMoment
from edge.room.views import F64, RoomCamera

LEAST_VIEWS = 2
LONGEST_S = 0.2  # time that the keypoints of a moment count for
OFFSET_FRAMES = 0.75  # offset below which slow cameras give no warning, in frames
_NEXT, _AFTER = np.array([1, 2, 0]), np.array([2, 0, 1])
AGREEMENT_S = 0.03  # between two estimates of an offset that is reported


@dataclass(frozen=True, slots=True)
class WatchConfig:
    """Settings of the watch.

    Attributes:
        window_s: time over which errors are averaged, s.
        min_score: score, 0..1, of a keypoint that counts.
        drift_deg: turn of a camera against its pose in the rig beyond which it was moved, degrees.
        drift_evidence: keypoints times seconds that must say so.
        put_back: share of drift_deg below which a camera does not count as moved any more.
        offset_window_s: time of motion from which the offset of a clock is estimated, s.
        offset_every_s: time between two estimates, s.
        offset_limit_s: offset beyond which a warning is given, s, once two estimates agree.
        correct_s: offset beyond which the times of a camera are corrected, s, once two estimates agree.
        correct_frames: the same in frames, for slow cameras; the larger one counts.
    """

    window_s: float = 10.0
    min_score: float = 0.3
    drift_deg: float = 1.0
    drift_evidence: float = 60.0
    put_back: float = 0.6
    offset_window_s: float = 12.0
    offset_every_s: float = 5.0
    offset_limit_s: float = 0.05
    correct_s: float = 0.015
    correct_frames: float = 0.25


@dataclass(frozen=True, slots=True)
class CameraHealth:
    """State of a camera of the room.

    matched: people whom it shares with other cameras; people: all it sees; reprojection_px: root mean square distance
    of its keypoints from the fused bodies, NaN without any; drift_deg: turn against its pose in the rig, NaN where that
    is not known; moved: whether the camera seems to have been moved; offset_s: by how much its clock is ahead of the
    first camera's, NaN where that is not known.
    """

    name: str
    people: int
    matched: int
    reprojection_px: float
    drift_deg: float
    moved: bool
    offset_s: float


@dataclass(slots=True)
class _Camera:
    """Sums of one camera, which decay: squares of errors, and the equations of its small turn."""

    matched: int = 0
    people: int = 0
    square_px: float = 0.0
    count: float = 0.0
    normal: F64 = field(default_factory=lambda: np.zeros((3, 3)))
    side: F64 = field(default_factory=lambda: np.zeros(3))
    evidence: float = 0.0
    offset_s: float = float("nan")
    applied_s: float = 0.0
    moved: bool = False
    off: bool = False


class RoomWatch:
    """observe() takes every moment, on the thread of the room; poll() estimates offsets of clocks on another thread.

    Its moments are those after the corrections that it asks for.

    Attributes:
        problems: lines about cameras that were moved and clocks that differ, each once.
    """

    def __init__(self, cameras: Sequence[RoomCamera], config: WatchConfig | None = None) -> None:
        self._cameras, self._config = tuple(cameras), config or WatchConfig()
        self._states = [_Camera() for _ in cameras]
        self._lock = threading.Lock()
        self._t_s = -np.inf
        self._elapsed_s = 0.0
        self._tried_s = -np.inf
        length = int(self._config.offset_window_s * 60)
        self._motion: deque[tuple[float, list[dict[int, F64]]]] = deque(maxlen=length)
        self._displaced = DisplacedCameras(self._cameras)
        self._known_far: frozenset[int] = frozenset()
        self.problems: list[str] = []

    @property
    def displaced(self) -> frozenset[int]:
        """Cameras that were moved, whose people are not believed where no other camera sees them; the first of two is
        not among them."""
        if len(self._cameras) == LEAST_VIEWS:
            return self._displaced.moved
        return self._displaced.moved | {c for c, state in enumerate(self._states) if state.moved}

    def health(self) -> list[CameraHealth]:
        """The state of each camera."""
        with self._lock:
            return [
                CameraHealth(
                    camera.name,
                    state.people,
                    state.matched,
                    float(np.sqrt(state.square_px / state.count)) if state.count > 0 else float("nan"),
                    self._drift_deg(state),
                    state.moved or c in self._displaced.moved,
                    state.offset_s,
                )
                for c, (camera, state) in enumerate(zip(self._cameras, self._states, strict=True))
            ]

    @property
    def corrections_s(self) -> tuple[float, ...]:
        """What has to be subtracted from the times of each camera's frames, s."""
        with self._lock:
            return tuple(state.applied_s for state in self._states)

    def observe(self, moment: RoomMoment) -> list[str]:
        """Add a moment; returns new problems."""
        with self._lock:
            elapsed_s = max(moment.t_s - self._t_s, 0.0)
            kept = float(np.exp(-elapsed_s / self._config.window_s))
            self._elapsed_s = min(elapsed_s, LONGEST_S)
            self._t_s = moment.t_s
            for state, sight in zip(self._states, moment.sights, strict=True):
                state.square_px *= kept
                state.count *= kept
                state.normal *= kept
                state.side *= kept
                state.evidence *= kept
                state.matched, state.people = 0, 0 if sight is None else len(sight)
            self._add(moment)
            self._add_far(moment)
            return self._far() or self._moved()

    def _add(self, moment: RoomMoment) -> None:
        fitted = moment.fitted
        motion: list[dict[int, F64]] = [{} for _ in self._cameras]
        for m, person in enumerate(moment.people):
            if fitted is None or sum(row >= 0 for row in person.rows) < LEAST_VIEWS:
                continue
            points = fitted.keypoints[m].astype(np.float64)
            for c, (row, sight) in enumerate(zip(person.rows, moment.sights, strict=True)):
                if row < 0 or sight is None:
                    continue
                state, camera = self._states[c], self._cameras[c]
                state.matched += 1
                keypoints = sight.people.keypoints[row]
                pixels = keypoints[:, :2].astype(np.float64)
                unseen = sight.scores[row] < self._config.min_score
                motion[c][person.identity] = np.where(unseen[:, None], np.nan, pixels)
                away = points - sight.center
                good = ~unseen & np.isfinite(away).all(-1)
                toward = away[good] / np.linalg.norm(away[good], axis=-1, keepdims=True)
                ray = sight.directions[row][good]
                # A camera turned by the vector w sees the point p at ray + w x ray.
                off = toward - ray
                angle = np.linalg.norm(off, axis=-1)
                state.square_px += float(np.square(angle * camera.focal_px).sum())
                state.count += int(good.sum())
                robust = 1 / (1 + np.square(angle / 0.05))
                weighted = (robust[:, None] * ray).T
                outer = weighted @ off
                state.side += (outer - outer.T)[_NEXT, _AFTER]  # sum of the cross products ray x off
                state.normal += (robust.sum() * np.eye(3)) - weighted @ ray
                state.evidence += self._elapsed_s * int(good.sum())
        self._motion.append((moment.t_s, motion))
        while moment.t_s - self._motion[0][0] > self._config.offset_window_s:
            self._motion.popleft()

    def _drift_deg(self, state: _Camera) -> float:
        if state.evidence < self._config.drift_evidence / 10:
            return float("nan")
        turn = np.linalg.solve(state.normal + 1e-3 * np.trace(state.normal) * np.eye(3), state.side)
        return float(np.degrees(np.linalg.norm(turn)))

    def _moved(self) -> list[str]:
        """The line about the camera that was moved most; others seem to have moved because of it."""
        drifts = [
            self._drift_deg(s) if s.evidence >= self._config.drift_evidence else float("nan") for s in self._states
        ]
        if not np.isfinite(drifts).any():
            return []
        worst = int(np.nanargmax(drifts))
        state = self._states[worst]
        if drifts[worst] < self._config.drift_deg:
            if drifts[worst] < self._config.put_back * self._config.drift_deg:
                for other in self._states:
                    other.moved = False
            return []
        if any(other.moved for other in self._states):
            return []
        state.moved = True
        name = self._cameras[worst].name
        return self._report(
            f"{name}: its view is off by about {drifts[worst]:.1f} degrees: it was moved since its calibration; "
            "run meshcast calibrate rig again"
        )

    def _add_far(self, moment: RoomMoment) -> None:
        count = len(self._cameras)
        roots = np.concatenate(
            [moment.bodies.translation.reshape(-1, 3), *(root.reshape(1, 3) for _, root in moment.untrusted)]
        )
        seen = np.zeros((len(roots), count), bool)
        for m, person in enumerate(moment.people):
            seen[m] = np.array(person.rows) >= 0
        for row, (c, _) in enumerate(moment.untrusted, len(moment.people)):
            seen[row, c] = True
        running = np.array([sight is not None for sight in moment.sights])
        self._displaced.observe(moment.t_s, roots.astype(np.float64), seen, running)

    def _far(self) -> list[str]:
        """The line about a camera that was moved far, when that has become clear."""
        new = self._displaced.moved - self._known_far
        self._known_far = self._displaced.moved
        for c in new:
            name = self._cameras[c].name
            if len(self._cameras) == 2:
                other = self._cameras[1 - c].name
                said = f"{other}, {name}: their people do not coincide: one of them was moved since the calibration"
            else:
                said = f"{name}: its people are where no other camera sees any: it was moved since its calibration"
            said += ", or is of another room"
            return self._report(f"{said}; people whom {name} alone sees are left out; run meshcast calibrate rig again")
        return []

    def poll(self) -> list[str]:
        """Estimate the offsets of the clocks when that is due; returns new problems. Any one thread may call it."""
        config = self._config
        with self._lock:
            if self._t_s - self._tried_s < config.offset_every_s or len(self._motion) < 30:
                return []
            self._tried_s = self._t_s
            motion = list(self._motion)
        lines = []
        interval_s = float(np.median(np.diff([t_s for t_s, _ in motion])))
        limit_s = max(config.offset_limit_s, OFFSET_FRAMES * interval_s)
        least_s = max(config.correct_s, config.correct_frames * interval_s)
        left_s = [_offset(motion, 0, c) for c in range(1, len(self._cameras))]
        with self._lock:
            corrected = False
            for state, camera, rest_s in zip(self._states[1:], self._cameras[1:], left_s, strict=True):
                offset_s = state.applied_s + rest_s
                confirmed = abs(offset_s - state.offset_s) < AGREEMENT_S
                state.offset_s = offset_s
                if confirmed and abs(offset_s) > limit_s and not state.off:
                    state.off = True
                    side = "ahead of" if offset_s > 0 else "behind"
                    lines += self._report(
                        f"{camera.name}: its clock is about {1e3 * abs(offset_s):.0f} ms {side} that of "
                        f"{self._cameras[0].name}, which is corrected; synchronize the cameras or their machines "
                        "(NTP, PTP)"
                    )
                elif abs(offset_s) < limit_s / 2:
                    state.off = False
                if confirmed and abs(rest_s) > least_s:
                    state.applied_s, corrected = offset_s, True
            if corrected:
                self._motion.clear()  # of the times before the correction
        return lines

    def _report(self, line: str) -> list[str]:
        self.problems.append(line)
        del self.problems[:-100]
        return [line]


def _offset(motion: Sequence[tuple[float, list[dict[int, F64]]]], a: int, b: int) -> float:
    """By how much the times of one camera are ahead of another's, s; NaN where their people do not say."""
    shared = [set(views[a]) & set(views[b]) for _, views in motion]
    counts: dict[int, int] = {}
    for ids in shared:
        for identity in ids:
            counts[identity] = counts.get(identity, 0) + 1
    if not counts:
        return float("nan")
    identity = max(counts, key=lambda i: counts[i])
    entries = [(t, views) for t, views in motion if identity in views[a] or identity in views[b]]
    times = np.array([t for t, _ in entries])
    example = next(views[a].get(identity, views[b].get(identity)) for _, views in entries)
    assert example is not None
    unknown = np.full_like(example, np.nan)
    found = estimate_offset(
        times,
        np.array([views[a].get(identity, unknown) for _, views in entries]),
        times,
        np.array([views[b].get(identity, unknown) for _, views in entries]),
        OffsetSearch(largest_s=0.6),
    )
    return found.seconds if found is not None and found.reliable else float("nan")
