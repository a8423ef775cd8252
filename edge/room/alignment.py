"""Frames of several cameras, brought to common times: a bounded buffer, interpolation, and cameras that stop."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from edge.room.views import ViewPeople
from edge.stages.small_rotations import small_rotmat, small_rotvec

LATENCY_SHARE = 0.05  # of a new frame in the mean latency of its camera
POLL_S = 0.5  # longest wait between two checks of silent cameras


@dataclass(frozen=True, slots=True)
class AlignmentConfig:
    """How the frames of cameras are brought to common times.

    Attributes:
        capacity: frames of a camera that wait.
        close_s: difference in time within which a frame is used as it is, s.
        gap_s: longest time between two frames that are interpolated, s.
        hold_s: time for which a camera's last frame is used where the next one is missing, s.
        wait_s: time for which a live camera's frame is waited for, s.
        silent_s: time without a frame after which a live camera is not waited for, s.
        faster: by how much another camera's frame rate must be higher for the moments to follow that one.
    """

    capacity: int = 64
    close_s: float = 0.004
    gap_s: float = 0.25
    hold_s: float = 0.02
    wait_s: float = 0.3
    silent_s: float = 2.0
    faster: float = 1.3


@dataclass(frozen=True, slots=True)
class Sample:
    """What a camera saw in one frame.

    t_s: time of the room, s; index: of the frame; t_capture_ns: monotonic clock of this machine when it was captured.
    """

    t_s: float
    index: int
    t_capture_ns: int
    people: ViewPeople


@dataclass(frozen=True, slots=True)
class AlignedViews:
    """The people of each camera at one time, None for a camera without any; index, t_capture_ns: of the frame that
    sets the time."""

    t_s: float
    index: int
    t_capture_ns: int
    views: tuple[ViewPeople | None, ...]


@dataclass(slots=True)
class _Lane:
    """The frames of one camera that wait, the times of the latest ones, and when the last one arrived."""

    samples: deque[Sample] = field(default_factory=deque)
    rates: deque[float] = field(default_factory=lambda: deque(maxlen=31))
    arrived_s: float = -np.inf
    ended: bool = False
    silent: bool = False
    dropped: int = 0
    shift_s: float = 0.0
    latency_s: float = float("nan")

    @property
    def rate_hz(self) -> float:
        """Frames per second of the latest frames; 0 where it is not known."""
        if len(self.rates) < 2:
            return 0.0
        return (len(self.rates) - 1) / max(self.rates[-1] - self.rates[0], 1e-6)


class Alignment:
    """Takes the frames of C cameras, each from its own thread, and gives moments to one consumer.

    The moments are at the times of the frames of one camera: the first one that runs, or one that is much faster.
    Frames of other cameras are interpolated. With `live`, a full buffer drops its oldest frames, and a camera that is
    late or silent is left out; otherwise put() waits for the consumer.
    """

    def __init__(
        self,
        names: Sequence[str],
        *,
        live: bool,
        config: AlignmentConfig | None = None,
        clock: Callable[[], float] = time.monotonic,
        report: Callable[[str], None] = lambda line: None,
    ) -> None:
        """
        Args:
            names: of the cameras.
            live: frames arrive in real time.
            config: settings.
            clock: seconds.
            report: called with a line when a camera becomes silent.
        """
        self._config = config or AlignmentConfig()
        self._names = tuple(names)
        self._live, self._clock, self._report = live, clock, report
        self._lanes = [_Lane() for _ in names]
        self._condition = threading.Condition()
        self._closed = False
        self._leader = 0
        self._last_s = -np.inf
        self._index = -1

    @property
    def dropped(self) -> int:
        """Frames that no moment could use because the buffer was full."""
        return sum(lane.dropped for lane in self._lanes)

    @property
    def silent(self) -> list[str]:
        """Cameras that are not waited for because they give no frames."""
        return [name for name, lane in zip(self._names, self._lanes, strict=True) if lane.silent]

    @property
    def latencies_s(self) -> list[float]:
        """Times from the capture of a camera's frames until they are here, about the mean of the last second; NaN where
        none has arrived."""
        return [lane.latency_s for lane in self._lanes]

    def shift(self, camera: int, seconds: float) -> None:
        """Subtract an offset from the times of a camera's frames, of those that wait too."""
        with self._condition:
            lane = self._lanes[camera]
            change_s = seconds - lane.shift_s
            if change_s:
                lane.shift_s = seconds
                lane.samples = deque(replace(sample, t_s=sample.t_s - change_s) for sample in lane.samples)
                lane.rates.clear()
                self._condition.notify_all()

    def put(self, camera: int, sample: Sample) -> bool:
        """Add a frame of a camera; times of a camera increase. False when no more frames are taken."""
        lane = self._lanes[camera]
        with self._condition:
            if not self._live:
                self._condition.wait_for(lambda: len(lane.samples) < self._config.capacity or self._closed)
            if self._closed:
                return False
            sample = replace(sample, t_s=sample.t_s - lane.shift_s)
            if lane.samples and sample.t_s <= lane.samples[-1].t_s:
                lane.dropped += 1
                return True
            while len(lane.samples) >= self._config.capacity:
                lane.samples.popleft()
                lane.dropped += 1
            lane.samples.append(sample)
            lane.rates.append(sample.t_s)
            lane.arrived_s = self._clock()
            latency_s = lane.arrived_s - 1e-9 * sample.t_capture_ns
            known = np.isfinite(lane.latency_s)
            lane.latency_s = lane.latency_s + LATENCY_SHARE * (latency_s - lane.latency_s) if known else latency_s
            lane.silent = lane.ended = False
            self._condition.notify_all()
            return True

    def finish(self, camera: int) -> None:
        """A camera gives no more frames."""
        with self._condition:
            self._lanes[camera].ended = True
            self._condition.notify_all()

    def close(self) -> None:
        """End the iteration and all waiting."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()

    def __iter__(self) -> Iterator[AlignedViews]:
        while True:
            with self._condition:
                moment = self._next()
                while moment is None:
                    if self._closed or all(lane.ended and not lane.samples for lane in self._lanes):
                        return
                    self._condition.wait(self._patience())
                    self._watch()
                    moment = self._next()
            yield moment

    def _patience(self) -> float:
        """Time until a camera has been waited for long enough, s."""
        if not self._live:
            return POLL_S
        lane = self._lanes[self._leader]
        due = lane.arrived_s + self._config.wait_s if lane.samples else np.inf
        return float(np.clip(due - self._clock(), 1e-3, POLL_S))

    def _watch(self) -> None:
        """Live cameras without a frame for a while are silent."""
        if not self._live:
            return
        now_s = self._clock()
        for name, lane in zip(self._names, self._lanes, strict=True):
            quiet = now_s - lane.arrived_s > self._config.silent_s
            if quiet and not lane.silent and not lane.ended and np.isfinite(lane.arrived_s):
                lane.silent = True
                waited_s = self._config.silent_s
                self._report(f"{name}: no frame arrived in the last {waited_s:g} s; the room goes on with the others")

    def _choose_leader(self) -> None:
        """The camera whose times are used: the present one while it runs, unless another one is much faster."""
        lanes = self._lanes
        running = [c for c, lane in enumerate(lanes) if lane.samples or not (lane.ended or lane.silent)]
        if not running:
            return
        if self._leader not in running:
            self._leader = running[0]
        fastest = max(running, key=lambda c: lanes[c].rate_hz)
        known = len(lanes[self._leader].rates) > 8 and len(lanes[fastest].rates) > 8
        if known and lanes[fastest].rate_hz > self._config.faster * lanes[self._leader].rate_hz:
            self._leader = fastest

    def _next(self) -> AlignedViews | None:
        """The next moment, if every camera that is waited for has given what it needs."""
        self._choose_leader()
        leader = self._lanes[self._leader]
        while leader.samples and leader.samples[0].t_s <= self._last_s:
            leader.samples.popleft()
            self._condition.notify_all()
        if not leader.samples:
            return None
        sample = leader.samples[0]
        expired = self._live and self._clock() - leader.arrived_s >= self._config.wait_s
        views: list[ViewPeople | None] = []
        for c, lane in enumerate(self._lanes):
            if c == self._leader:
                views.append(sample.people)
                continue
            while len(lane.samples) > 1 and lane.samples[1].t_s <= sample.t_s:
                lane.samples.popleft()
                self._condition.notify_all()
            complete = bool(lane.samples) and lane.samples[-1].t_s >= sample.t_s - self._config.close_s
            never = not lane.samples and not np.isfinite(lane.arrived_s) and self._live
            if not (complete or lane.ended or lane.silent or never or expired):
                return None
            views.append(self._at(lane, sample.t_s))
        leader.samples.popleft()
        self._condition.notify_all()
        self._last_s = sample.t_s
        self._index = max(self._index + 1, sample.index)
        return AlignedViews(sample.t_s, self._index, sample.t_capture_ns, tuple(views))

    def _at(self, lane: _Lane, t_s: float) -> ViewPeople | None:
        """The people of a camera at a time, None where its frames are too far from it."""
        config, samples = self._config, lane.samples
        if not samples:
            return None
        nearest = min(list(samples)[:2], key=lambda sample: abs(sample.t_s - t_s))
        if abs(nearest.t_s - t_s) <= config.close_s:
            return nearest.people
        if len(samples) > 1 and samples[0].t_s < t_s < samples[1].t_s:
            if samples[1].t_s - samples[0].t_s <= config.gap_s:
                return between(samples[0], samples[1], t_s)
            return None
        return nearest.people if abs(nearest.t_s - t_s) <= config.hold_s else None


def between(before: Sample, after: Sample, t_s: float) -> ViewPeople:
    """The people of both frames at a time between them."""
    share = (t_s - before.t_s) / (after.t_s - before.t_s)
    row = {identity: i for i, identity in enumerate(after.people.ids.tolist())}
    pairs = [(i, row[identity]) for i, identity in enumerate(before.people.ids.tolist()) if identity in row]
    one, two = (np.array([pair[side] for pair in pairs], int) for side in (0, 1))
    a, b = before.people, after.people
    keypoints = (1 - share) * a.keypoints[one] + share * b.keypoints[two]
    keypoints[..., 2] = np.minimum(a.keypoints[one, :, 2], b.keypoints[two, :, 2])
    start = a.rotations[one].astype(np.float64)
    turn = small_rotvec(start.swapaxes(-1, -2) @ b.rotations[two])
    near = b if share > 0.5 else a
    rows = two if share > 0.5 else one
    return ViewPeople(
        ids=near.ids[rows],
        keypoints=keypoints.astype(np.float32),
        rotations=(start @ small_rotmat(share * turn)).astype(np.float32),
        shape=near.shape[rows],
        translation=((1 - share) * a.translation[one] + share * b.translation[two]).astype(np.float32),
        visibility=None if near.visibility is None else near.visibility[rows],
        contacts=None if near.contacts is None else near.contacts[rows],
        colors=None if near.colors is None else near.colors[rows],
    )
