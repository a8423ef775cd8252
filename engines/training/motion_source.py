"""Motion for synthetic people: clips of recorded or procedural motion, and transitions between single poses."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from engines.training.motion_mix import MotionMix
from engines.training.poses.pose_set import PoseSet

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
Rng = np.random.Generator

ARMS = (13, 14, 16, 17, 18, 19, 20, 21, 22, 23)  # left and right alternating
LEGS = (1, 2, 4, 5, 7, 8, 10, 11)
SPINE = (3, 6, 9)
MIRROR_JOINTS = np.array([0, 2, 1, 3, 5, 4, 6, 8, 7, 9, 11, 10, 12, 14, 13, 15, 17, 16, 19, 18, 21, 20, 23, 22])
MIRROR_QUATERNION = np.array([1, -1, -1, 1], np.float32)
INVERSE = np.array([-1, -1, -1, 1], np.float32)  # times a quaternion
LEFT_HIP, RIGHT_HIP = 1, 2
LEAN_OVER_LEGS_RAD, MOST_LEAN_RAD = 0.42, 1.2
SHORTEST_CLIP = 12  # frames
LARGEST_STEP_RAD = 0.6  # median largest rotation of a joint between frames of a clip; sets of single poses exceed it


@dataclass(frozen=True, slots=True)
class Clips:
    """Clips of motion in an array of poses: first rows (C,), lengths (C,), rates (C,) Hz, cumulative shares (C,)."""

    first: NDArray[np.int64]
    length: NDArray[np.int64]
    rate_hz: F64
    shares: F64

    @staticmethod
    def of(parts: list[NDArray[np.int64]], rate_hz: NDArray[np.floating]) -> Clips:
        """Clips of runs of rows; a clip is drawn with the root of its length, so that long ones do not drown others."""
        first = np.array([part[0] for part in parts], np.int64)
        length = np.array([len(part) for part in parts], np.int64)
        share = np.sqrt(length)
        return Clips(first, length, rate_hz[first].astype(np.float64), np.cumsum(share / max(share.sum(), 1e-9)))

    def __len__(self) -> int:
        return len(self.first)

    def draw(self, rng: Rng, count: int) -> NDArray[np.intp]:
        """Clips (count,) at random."""
        chosen: NDArray[np.intp] = np.searchsorted(self.shares, rng.random(count)).clip(0, len(self) - 1)
        return chosen


class MotionSource:
    """Draws motion of the body's 24 joints at given times from the poses `keep` (M,) bool of a set.

    Consecutive poses of a clip are motion where they lie close together; other poses are single ones, and motion is
    made of them by moving parts of the body from one to another. `mix` says how often motions of several sources are
    combined, and by how much they are disturbed.
    """

    def __init__(self, poses: PoseSet, keep: NDArray[np.bool_], mix: MotionMix, rng: Rng) -> None:
        self._mix, self._rng = mix, rng
        rows = np.flatnonzero(keep)
        self._pose: F32 = quaternions(poses.pose[rows])
        breaks = (np.diff(rows) != 1) | (np.diff(poses.clip[rows]) != 0)
        parts = np.split(np.arange(len(rows)), np.flatnonzero(breaks) + 1)
        procedural = np.array(["procedural" in name for name in poses.source_names])[poses.source[rows]]
        rate_hz = poses.rate_hz[rows]
        moving = [part for part in parts if len(part) >= SHORTEST_CLIP and self._moves(part)]
        self._recorded = Clips.of([part for part in moving if not procedural[part[0]]], rate_hz)
        self._procedural = Clips.of([part for part in moving if procedural[part[0]]], rate_hz)
        clips = {int(part[0]) for part in moving}
        single = [part for part in parts if int(part[0]) not in clips]
        # Without single poses, those of the clips are the ends of transitions.
        self._single = np.concatenate(single) if single else np.arange(len(rows))
        shares = np.array(
            [
                mix.recorded if len(self._recorded) else 0.0,
                mix.procedural if len(self._procedural) else 0.0,
                mix.transitions,
            ]
        )
        self._shares = np.cumsum(shares / shares.sum())

    def _moves(self, part: NDArray[np.int64]) -> bool:
        q = self._pose[part]
        cosine = np.abs((q[1:] * q[:-1]).sum(-1)).clip(0, 1)
        return bool(np.median(2 * np.arccos(cosine).max(axis=1)) < LARGEST_STEP_RAD)

    def __call__(self, time_s: F64) -> F32:
        """Local rotations (N, T, 24, 3, 3) at times (N, T) from 0, with roots in a Y-up world and random yaw."""
        rng, mix, count = self._rng, self._mix, len(time_s)
        q = self._draw(time_s)
        for joints, share in ((ARMS, 0.25), (ARMS[::2], 0.15), (LEGS, 0.15), (LEGS[::2], 0.15)):
            rows = np.flatnonzero(rng.random(count) < share * mix.limb_exchange)
            if len(rows):
                every = np.ix_(rows, np.arange(time_s.shape[1]), np.array(joints))
                q[every] = self._draw(time_s[rows])[:, :, list(joints)]
        mirrored = rng.random(count) < 0.5
        q[mirrored] = q[mirrored][:, :, MIRROR_JOINTS] * MIRROR_QUATERNION
        q = multiply(q, self._disturbance(count)[:, None])
        q[:, :, 0] = multiply(self._turns(time_s), q[:, :, 0])
        self._lean_over_legs(q, time_s)
        return matrices(q)

    def _draw(self, time_s: F64) -> F32:
        kind = np.searchsorted(self._shares, self._rng.random(len(time_s)))
        q = np.empty((*time_s.shape, 24, 4), np.float32)
        for index, rows in enumerate(np.flatnonzero(kind == k) for k in range(3)):
            if len(rows) and index == 2:
                q[rows] = self._transitions(time_s[rows])
            elif len(rows):
                q[rows] = self._from_clips((self._recorded, self._procedural)[index], time_s[rows])
        return q

    def _from_clips(self, clips: Clips, time_s: F64) -> F32:
        """Motion of clips, somewhat faster or slower, forwards or backwards; slower where a clip is too short."""
        rng, count = self._rng, len(time_s)
        chosen = clips.draw(rng, count)
        last = clips.length[chosen][:, None] - 1.001
        pace = np.exp(rng.normal(0, self._mix.tempo, (count, 1))) * rng.choice([-1, 1], (count, 1))
        frames = time_s * clips.rate_hz[chosen][:, None] * pace
        span = np.abs(frames[:, -1:])
        fits = np.maximum(span / last, 1)
        frames, span = frames / fits, span / fits
        start = -frames.min(axis=1, keepdims=True) + rng.random((count, 1)) * np.maximum(last - span, 0)
        position = (start + frames).clip(0, last)
        before = np.floor(position).astype(np.int64)
        rows = clips.first[chosen][:, None] + before
        return blend(self._pose[rows], self._pose[rows + 1], (position - before)[..., None, None])

    def _transitions(self, time_s: F64) -> F32:
        """Parts of the body move between two single poses, and back."""
        rng, count = self._rng, len(time_s)
        start, other = (self._pose[self._single[rng.integers(len(self._single), size=count)]] for _ in range(2))
        end = start.copy()
        whole = rng.random(count) < 0.25
        end[whole] = other[whole]
        for joints, share in ((ARMS[::2], 0.35), (ARMS[1::2], 0.35), (LEGS[::2], 0.2), (LEGS[1::2], 0.2), (SPINE, 0.2)):
            part = np.ix_(np.flatnonzero(rng.random(count) < share), np.array(joints))
            end[part] = other[part]
        end[:, 0] = blend(start[:, 0], end[:, 0], np.full((count, 1), 0.3))  # people seldom turn over in a moment
        phase = (time_s / rng.uniform(0.6, 3.0, (count, 1)) + rng.uniform(-0.5, 1.5, (count, 1))) % 2
        part_way = 1 - np.abs(1 - phase)
        smooth = part_way * part_way * (3 - 2 * part_way)
        return blend(start[:, None], end[:, None], smooth[..., None, None])

    def _disturbance(self, count: int) -> F32:
        """Constant rotations (N, 24, 4) of every joint but the root, and bent spines."""
        rng, mix = self._rng, self._mix
        spread = rng.choice([0.03, 0.1, 0.22], (count, 1, 1), p=[0.5, 0.35, 0.15]) * mix.jitter
        turns = rng.normal(0, 1, (count, 24, 3)) * spread
        turns[:, 0] = 0
        turns[:, SPINE] += rng.normal(0, 0.12, (count, 1, 3)) * (rng.random((count, 1, 1)) < 0.4) * mix.bend
        return quaternions(turns)

    def _turns(self, time_s: F64) -> F32:
        """Rotations (N, T, 4) of the whole person: a lean, then a yaw that sometimes drifts."""
        rng, count = self._rng, len(time_s)
        leans = np.where(rng.random((count, 1)) < 0.5 * self._mix.lean, 0.22, 0.03)
        lean = rng.normal(0, 1, (count, 3)) * leans * [1, 0, 1]
        drift = rng.normal(0, 0.3, (count, 1)) * (rng.random((count, 1)) < 0.3)
        yaw = rng.uniform(-np.pi, np.pi, (count, 1)) + drift * time_s
        return multiply(quaternions(yaw[..., None] * [0, 1, 0]), quaternions(lean)[:, None])

    def _lean_over_legs(self, q: F32, time_s: F64) -> None:
        """Some people lean with the trunk, in any direction, over one or both legs that stay as they were.

        Recordings hardly have it other than forwards, although it is how people balance, reach and look under things.
        """
        rng = self._rng
        rows = np.flatnonzero(rng.random(len(q)) < self._mix.lean_over_legs)
        count = len(rows)
        if not count:
            return
        angle = np.abs(rng.normal(0, LEAN_OVER_LEGS_RAD, (count, 1))).clip(0, MOST_LEAN_RAD)
        swing = 0.5 + 0.5 * np.sin(
            rng.uniform(0.3, 3.0, (count, 1)) * time_s[rows] + rng.uniform(0, 2 * np.pi, (count, 1))
        )
        angle = angle * np.where(rng.random((count, 1)) < 0.4, 1.0, swing)
        direction = rng.uniform(-np.pi, np.pi, (count, 1))
        axis = np.stack([np.cos(direction), np.zeros_like(direction), np.sin(direction)], -1)
        before = q[rows, :, 0]
        after = multiply(quaternions(axis * angle[..., None]), before)
        undo = multiply(after * INVERSE, before)
        standing = rng.choice(3, count, p=[0.5, 0.25, 0.25])  # on both legs, the left, the right
        for hip, legs in ((LEFT_HIP, (0, 1)), (RIGHT_HIP, (0, 2))):
            kept = np.isin(standing, legs)
            q[rows[kept], :, hip] = multiply(undo[kept], q[rows[kept], :, hip])
        q[rows, :, 0] = after

    def single_poses(self, count: int) -> F32:
        """Local rotations (count, 24, 3, 3) at random."""
        return self(np.zeros((count, 1)))[:, 0]

    def seeded(self, rng: Rng) -> MotionSource:
        """The same poses, drawn with other random numbers."""
        other = copy(self)
        other._rng = rng
        return other


def quaternions(vectors: NDArray[np.floating]) -> F32:
    """Unit quaternions (..., 4), x y z w, of rotation vectors (..., 3)."""
    flat = Rotation.from_rotvec(np.asarray(vectors, np.float64).reshape(-1, 3)).as_quat()
    result: F32 = flat.reshape(*vectors.shape[:-1], 4).astype(np.float32)
    return result


def matrices(q: F32) -> F32:
    """Rotation matrices (..., 3, 3) of quaternions (..., 4), which need not be normalized."""
    q = q / np.maximum(np.linalg.norm(q, axis=-1, keepdims=True), 1e-8)
    x, y, z, w = np.moveaxis(q, -1, 0)
    result = np.empty((*q.shape[:-1], 3, 3), np.float32)
    result[..., 0, 0], result[..., 1, 1] = 1 - 2 * (y * y + z * z), 1 - 2 * (x * x + z * z)
    result[..., 2, 2] = 1 - 2 * (x * x + y * y)
    result[..., 0, 1], result[..., 1, 0] = 2 * (x * y - z * w), 2 * (x * y + z * w)
    result[..., 0, 2], result[..., 2, 0] = 2 * (x * z + y * w), 2 * (x * z - y * w)
    result[..., 1, 2], result[..., 2, 1] = 2 * (y * z - x * w), 2 * (y * z + x * w)
    return result


def multiply(a: F32, b: F32) -> F32:
    """Products (..., 4) of quaternions (..., 4): first b, then a."""
    ax, ay, az, aw = np.moveaxis(a, -1, 0)
    bx, by, bz, bw = np.moveaxis(b, -1, 0)
    product = [
        aw * bx + ax * bw + ay * bz - az * by,
        aw * by - ax * bz + ay * bw + az * bx,
        aw * bz + ax * by - ay * bx + az * bw,
        aw * bw - ax * bx - ay * by - az * bz,
    ]
    return np.stack(product, -1).astype(np.float32)


def blend(a: F32, b: F32, part: NDArray[np.floating]) -> F32:
    """Quaternions (..., 4) the part 0..1 of the way from a to b, by normalized linear interpolation."""
    side = np.where((a * b).sum(-1, keepdims=True) < 0, np.float32(-1), np.float32(1))
    mixed = a + part.astype(np.float32) * (b * side - a)
    result: F32 = mixed / np.linalg.norm(mixed, axis=-1, keepdims=True)
    return result
