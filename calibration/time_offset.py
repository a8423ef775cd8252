"""The constant offset between the clocks of two streams, from the motion of the same points in both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, median_filter

F64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class OffsetSearch:
    """How the offset is searched.

    Attributes:
        largest_s: offsets from -largest_s to largest_s are tried.
        smoothing_s: standard deviation of the filter of positions, s; slow streams are smoothed by 3/4 of their frame
            interval.
        gap_s: positions are interpolated over gaps of at most this length, or of 2.5 frame intervals, s.
        least_speed: points that move by less than this share of their extent (the spread of all positions) per second
            show no motion.
        least_s: of motion that both streams must show together at an offset, s.
    """

    largest_s: float = 1.0
    smoothing_s: float = 0.06
    gap_s: float = 0.15
    least_speed: float = 0.02
    least_s: float = 1.0


@dataclass(frozen=True, slots=True)
class TimeOffset:
    """The offset of a stream's clock.

    Attributes:
        seconds: what the second stream's times are ahead: an event at the time t of the first stream has the time
            t + seconds in the second.
        std_s: its standard deviation by a jackknife over parts of the time, s.
        correlation: of the motions at that offset, 0..1.
        margin: difference to the correlation at the best other peak; small for periodic motion, or for too little.
    """

    seconds: float
    std_s: float
    correlation: float
    margin: float

    @property
    def reliable(self) -> bool:
        """Whether the motions match at this offset and at no other."""
        distinct = self.margin > LEAST_MARGIN or self.margin > LEAST_RATIO * (1 - self.correlation)
        return self.correlation > LEAST_CORRELATION and distinct and self.std_s < LARGEST_STD_S


LEAST_CORRELATION = 0.75
LEAST_MARGIN = 0.04
LEAST_RATIO = 0.8  # of the margin to what is missing to a correlation of 1: slow motion resembles itself for long
LARGEST_STD_S = 0.1
BLOCKS = 8  # parts of the time of the jackknife
FINEST_S, COARSEST_S = 1 / 240, 1 / 30  # steps of the offset
COARSE_S = 0.1  # step of the first search where offsets of more than COARSE_FROM_S are tried
COARSE_FROM_S = 3.0
LONGEST_S = 3600.0  # of a stream, and of an offset
SATURATION = 95  # percentile of the speeds above which they count less: keypoints that jump are fast
JUMP = 12.0  # times the median distance of a position from the median of five is a wrong position
LEAST_SHARE = 0.25  # of the samples of the offset with most that another offset needs


def estimate_offset(
    times_a: NDArray[np.floating],
    positions_a: NDArray[np.floating],
    times_b: NDArray[np.floating],
    positions_b: NDArray[np.floating],
    search: OffsetSearch | None = None,
) -> TimeOffset | None:
    """The offset between the clocks of two streams that see the same moving points from different directions.

    Both streams see the motion along one direction in common, whatever their poses are: the line where their image
    planes intersect, as long as points are far away compared with their motion. The first canonical correlation of the
    velocities in both images measures how well they agree along the best such direction. Its peak over all offsets,
    with a parabola through the neighbors, is the estimate.

    Args:
        times_a: (T,) s, increasing, of the first stream.
        positions_a: (T, J, 2) px, NaN where a point is not seen. Points of several people are stacked along J.
        times_b: (U,) s, of the second stream, on its own clock and at its own rate.
        positions_b: (U, J, 2) px, the same points in the same order.
        search: how the offset is searched.

    Returns:
        The offset, None where both streams together show too little motion.
    """
    search = search or OffsetSearch()
    if min(len(times_a), len(times_b)) < 4:
        return None
    if search.largest_s > COARSE_FROM_S:
        coarse = _best(times_a, positions_a, times_b, positions_b, search, 0.0, COARSE_S)
        if coarse is None:
            return None
        near = OffsetSearch(4 * COARSE_S, search.smoothing_s, search.gap_s, search.least_speed, search.least_s)
        fine = _best(times_a, positions_a, times_b, positions_b, near, coarse.seconds, None)
        if fine is None:
            return None
        return TimeOffset(fine.seconds, fine.std_s, fine.correlation, coarse.margin)
    return _best(times_a, positions_a, times_b, positions_b, search, 0.0, None)


def _best(
    times_a: NDArray[np.floating],
    positions_a: NDArray[np.floating],
    times_b: NDArray[np.floating],
    positions_b: NDArray[np.floating],
    search: OffsetSearch,
    start_s: float,
    step_s: float | None,
) -> TimeOffset | None:
    """The best offset within search.largest_s of start_s."""
    times_a = np.asarray(times_a, np.float64)
    times_b = np.asarray(times_b, np.float64) - start_s
    interval = max(float(np.median(np.diff(times_a))), float(np.median(np.diff(times_b))))
    fastest = min(float(np.median(np.diff(times_a))), float(np.median(np.diff(times_b))))
    step = step_s or float(np.clip(fastest / 2, FINEST_S, COARSEST_S))
    first = max(times_a[0], times_b[0] - search.largest_s)
    last = min(times_a[-1], times_b[-1] + search.largest_s)
    if not interval > 0 or not search.least_s < last - first < LONGEST_S:
        return None
    smoothing = max(search.smoothing_s, 0.75 * interval, step)
    lags = int(np.ceil(search.largest_s / step))
    grid = np.arange(first, last + step / 2, step)
    wide = first + step * np.arange(-lags, len(grid) + lags)
    gap = max(search.gap_s, 2.5 * interval)
    a = _velocities(times_a, positions_a, grid, smoothing, gap, search.least_speed)
    b = _velocities(times_b, positions_b, wide, smoothing, gap, search.least_speed)
    if a is None or b is None:
        return None
    moments, counts = _moments(a, b, lags)
    total = counts.sum(axis=1)
    enough = (total >= LEAST_SHARE * total.max()) & (total * step >= search.least_s)
    correlation = np.where(enough, _canonical(moments.sum(axis=1)), 0.0)
    peak = int(correlation.argmax())
    if not enough[peak]:
        return None
    at = _vertex(correlation, peak)
    away = np.abs(np.arange(len(correlation)) - peak) * step > 2 * smoothing
    inner = np.r_[True, correlation[1:] >= correlation[:-1]] & np.r_[correlation[:-1] >= correlation[1:], True]
    other = float(correlation[away & inner].max(initial=0.0))
    if peak < 2 or peak > len(correlation) - 3:  # the best offset lies outside of the range
        other = float(correlation[peak])
    kept = [index for index in range(BLOCKS) if counts[peak, index] > 0]
    without = [
        _vertex(np.where(enough, _canonical(moments.sum(axis=1) - moments[:, index]), 0.0), peak) for index in kept
    ]
    count = len(without)
    std = np.sqrt((count - 1) / count * np.square(np.array(without) - np.mean(without)).sum()) if count > 1 else np.inf
    return TimeOffset(
        start_s + (at - lags) * step, float(std) * step, float(correlation[peak]), float(correlation[peak]) - other
    )


def _velocities(
    times: NDArray[np.floating],
    positions: NDArray[np.floating],
    grid: F64,
    smoothing: float,
    gap: float,
    least_speed: float,
) -> F64 | None:
    """Velocities (T, J, 2) at the times of a grid, in units of the spread of positions, NaN where a point is not seen;
    None where nothing moves."""
    step = grid[1] - grid[0]
    joints = positions.shape[1]
    positions = _without_jumps(positions)
    sampled = np.full((len(grid), joints, 2), np.nan)
    for joint in range(joints):
        seen = np.isfinite(positions[:, joint]).all(axis=1)
        if seen.sum() < 3:
            continue
        at = times[seen]
        after = np.searchsorted(at, grid).clip(1, len(at) - 1)
        inside = (grid >= at[0]) & (grid <= at[-1]) & (at[after] - at[after - 1] <= gap)
        for axis in range(2):
            values = np.interp(grid, at, positions[seen, joint, axis].astype(np.float64))
            sampled[inside, joint, axis] = values[inside]
    known = np.isfinite(sampled[..., 0])
    if not known.any():
        return None
    spread = float(np.linalg.norm(np.nanstd(sampled.reshape(-1, 2), axis=0)))
    weight = gaussian_filter1d(known.astype(np.float64), smoothing / step, axis=0, mode="constant")[..., None]
    rest = np.nanmean(np.where(known.any(axis=0)[None, :, None], sampled, 0.0), axis=0)
    filled = np.where(known[..., None], sampled - rest, 0.0)
    smooth = gaussian_filter1d(filled, smoothing / step, axis=0, mode="constant") / np.maximum(weight, 1e-9)
    velocity = np.gradient(smooth, step, axis=0) / max(spread, 1e-9)
    # Near the ends of what is seen, the filter is one-sided, and velocities lag.
    velocity[(weight[..., 0] < 0.95) | ~known] = np.nan
    speed = np.linalg.norm(velocity, axis=-1)
    if not np.isfinite(speed).any():
        return None
    limit = float(np.nanpercentile(speed, SATURATION))
    if limit < least_speed:
        return None
    return np.asarray(velocity / (1 + speed / limit)[..., None])


def _without_jumps(positions: NDArray[np.floating]) -> F64:
    """Positions (T, J, 2) with NaN where a point jumps away for a frame or two and returns."""
    clean = np.array(positions, np.float64)
    jumps = np.full(clean.shape[:2], np.nan)
    for joint in range(clean.shape[1]):
        seen = np.isfinite(clean[:, joint]).all(axis=1)
        if seen.sum() >= 3:
            track = clean[seen, joint]
            jumps[seen, joint] = np.linalg.norm(track - median_filter(track, (5, 1), mode="nearest"), axis=1)
    if np.isfinite(jumps).any():
        clean[jumps > JUMP * max(float(np.nanmedian(jumps)), 1e-9)] = np.nan
    return clean


def _moments(a: F64, b: F64, lags: int) -> tuple[F64, F64]:
    """Second moments (2 lags + 1, BLOCKS, 4, 4) of the velocities of both streams at each offset, and how many samples
    of time they have (2 lags + 1, BLOCKS)."""
    length = len(a)
    edges = np.linspace(0, length, BLOCKS + 1).astype(int)
    moments = np.zeros((2 * lags + 1, BLOCKS, 4, 4))
    counts = np.zeros((2 * lags + 1, BLOCKS))
    known_a, known_b = np.isfinite(a[..., 0]), np.isfinite(b[..., 0])
    for lag in range(2 * lags + 1):
        both = known_a & known_b[lag : lag + length]
        for block in range(BLOCKS):
            part = slice(edges[block], edges[block + 1])
            chosen = both[part]
            if not chosen.any():
                continue
            pair = np.concatenate([a[part][chosen], b[lag : lag + length][part][chosen]], axis=1)
            moments[lag, block] = pair.T @ pair
            counts[lag, block] = chosen.any(axis=1).sum()
    return moments, counts


def _canonical(moments: F64) -> F64:
    """The first canonical correlation (K,) of second moments (K, 4, 4) of two pairs of velocities."""
    scale = np.trace(moments, axis1=1, axis2=2)[:, None, None]
    regular = moments + 1e-6 * np.maximum(scale, 1e-12) * np.eye(4)
    try:
        left = np.linalg.inv(np.linalg.cholesky(regular[:, :2, :2]))
        right = np.linalg.inv(np.linalg.cholesky(regular[:, 2:, 2:]))
    except np.linalg.LinAlgError:
        return np.zeros(len(moments))
    whitened = left @ regular[:, :2, 2:] @ right.transpose(0, 2, 1)
    return np.asarray(np.linalg.svd(whitened, compute_uv=False)[:, 0])


def _vertex(values: F64, near: int) -> float:
    """The position of the local maximum next to an index, by a parabola through three values."""
    peak = near
    while 0 < peak < len(values) - 1 and values[peak] < max(values[peak - 1], values[peak + 1]):
        peak += 1 if values[peak + 1] > values[peak - 1] else -1
    if not 0 < peak < len(values) - 1:
        return float(peak)
    before, at, after = values[peak - 1 : peak + 2]
    curvature = before - 2 * at + after
    return float(peak + (0.5 * (before - after) / curvature if curvature < 0 else 0.0))
