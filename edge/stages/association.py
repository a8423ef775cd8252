"""Association of detections with the tracks in sight, with two thresholds as in ByteTrack (Zhang et al., 2022), and of
observed people with all tracks."""

from __future__ import annotations

import numpy as np

from edge.stages.detect import overlaps
from edge.stages.tracker_config import IdentityConfig, TrackerConfig
from edge.types import F32, Array, Detections

_PAIRED = 1e3  # exceeds the log odds: as many people as possible are assigned


def associate(boxes: F32, detections: Detections, config: TrackerConfig) -> tuple[Array, Array]:
    """Pairs (rows of the tracks' boxes (N, 4), rows of the detections) by overlap, good detections first."""
    ious = overlaps(boxes, detections.boxes)
    tracks, found = np.arange(len(boxes)), np.arange(len(detections.boxes))
    pairs = []
    for low, high in ((config.high_threshold, np.inf), (config.low_threshold, config.high_threshold)):
        chosen = found[(detections.scores[found] >= low) & (detections.scores[found] < high)]
        rows, columns = assign(ious[np.ix_(tracks, chosen)], config.min_iou)
        pairs.append((tracks[rows], chosen[columns]))
        tracks = np.delete(tracks, rows)
    return np.concatenate([rows for rows, _ in pairs]), np.concatenate([columns for _, columns in pairs])


def associate_people(odds: F32, alike: Array, lost: Array, config: IdentityConfig) -> tuple[Array, Array]:
    """Pairs (rows of the tracks, rows of the observations) of the same people, each person once.

    The pose model may draw one person in two crops: such observations are one person, who goes to one track, with the
    observation that fits it best.

    Args:
        odds: log odds (N, M) that the tracks and the observations are the same people.
        alike: which observations are of one person, (M, M) bool.
        lost: which tracks are lost, (N,) bool.
        config: the evidence that is needed.
    """
    count = odds.shape[1]
    first = np.argmax(alike | np.eye(count, dtype=bool), axis=1) if count else np.empty(0, np.intp)
    rows = np.tile(np.arange(count), (len(odds), 1))
    for row in np.flatnonzero(first < np.arange(count)):
        better = odds[:, row] > odds[:, first[row]]
        odds, rows = odds.copy(), rows
        odds[:, first[row]] = np.where(better, odds[:, row], odds[:, first[row]])
        rows[:, first[row]] = np.where(better, rows[:, row], rows[:, first[row]])
        odds[:, row] = -np.inf
    least = np.where(lost, config.min_evidence, 0.0)[:, None]
    tracks, columns = assign(np.where(odds >= least, odds + _PAIRED, 0), 1.0)
    # A person whom another lost one resembles nearly as much is a new person, unless that one is found elsewhere.
    others = lost.copy()
    others[tracks] = False
    rivals = odds[others].max(axis=0, initial=-np.inf)[columns]
    clear = ~lost[tracks] | (odds[tracks, columns] - rivals >= config.min_margin)
    tracks, columns = tracks[clear], columns[clear]
    return tracks, rows[tracks, columns]


def assign(gains: Array, least: float) -> tuple[Array, Array]:
    """The pairs (rows, columns) of a matrix with the largest sum, among the pairs whose entry is at least `least`."""
    if not gains.size:
        return np.empty(0, np.intp), np.empty(0, np.intp)
    # The import takes a fifth of a second, and the first frame needs none.
    from scipy.optimize import linear_sum_assignment

    allowed = gains >= least
    rows, columns = linear_sum_assignment(np.where(allowed, least - gains, 0))
    kept = allowed[rows, columns]
    return rows[kept], columns[kept]
