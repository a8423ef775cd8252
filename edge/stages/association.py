"""Association of detections with the tracks in sight, with two thresholds as in ByteTrack (Zhang et al., 2022), and of
keypoints with tracks."""

from __future__ import annotations

import numpy as np

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


def associate_keypoints(
    errors: F32, mismatches: F32, scores: F32, limits: Array, config: TrackerConfig
) -> tuple[Array, Array]:
    """Pairs (rows of the keypoints, rows of the tracks) of the smallest motion errors.

    The pose model may draw a neighbor in a person's crop: then the keypoints belong to the neighbor's track.

    Args:
        errors: motion errors (N, N) of keypoints against tracks; the keypoints of row i are those of track i's crop.
        mismatches: distances (N, N) of the appearances, 1 at the limit.
        scores: mean keypoint scores (N,).
        limits: largest motion errors (N,) of the tracks.
        config: settings of the tracker.
    """
    own = np.eye(len(errors), dtype=bool)
    near = errors < np.where(own, limits, np.minimum(limits, config.appearance_check_distance))
    alike = (errors <= config.appearance_check_distance) | (mismatches <= 1)
    real = (scores >= config.min_confirmed_keypoint_score)[:, None]
    costs = errors + mismatches * config.mismatch_error - own * config.own_crop
    return assign(np.where(near & alike & real, 2 - costs, 0), 1e-6)


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
