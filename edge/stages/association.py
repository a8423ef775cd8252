"""Association of detections with the tracks in sight, with two thresholds as in ByteTrack (Zhang et al., 2022)."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment

from edge.stages.detect import overlaps
from edge.stages.tracker_config import TrackerConfig
from edge.types import F32, Array, Detections


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


def assign(gains: Array, least: float) -> tuple[Array, Array]:
    """The pairs (rows, columns) of a matrix with the largest sum, among the pairs whose entry is at least `least`."""
    if not gains.size:
        return np.empty(0, np.intp), np.empty(0, np.intp)
    allowed = gains >= least
    rows, columns = linear_sum_assignment(np.where(allowed, least - gains, 0))
    kept = allowed[rows, columns]
    return rows[kept], columns[kept]
