"""Two tracks on one person: where one person hides another, the pose model draws the visible one in both crops."""

from __future__ import annotations

import numpy as np

from edge.stages.keypoint_geometry import similarity
from edge.stages.tracker_config import TrackerConfig
from edge.types import F32, I32, Array


def duplicate_tracks(ids: I32, keypoints: F32, scores: F32, areas: F32, misfits: F32, config: TrackerConfig) -> Array:
    """Which (N,) tracks are on the person of another track.

    Args:
        ids: of the tracks, (N,); lower ones are older.
        keypoints: of this frame, (N, K, 2) px.
        scores: of the keypoints, (N, K).
        areas: of the boxes, (N,) px^2.
        misfits: motion errors (N,), larger for an appearance that differs.
        config: settings of the tracker.
    """
    result = np.zeros(len(ids), bool)
    if len(ids) < 2:
        return result
    alike = similarity(keypoints, scores, areas, config.motion.min_keypoint_score)
    for a, b in np.argwhere(np.triu(alike > config.duplicate_similarity, 1)):
        if result[a] or result[b]:
            continue
        if abs(misfits[a] - misfits[b]) > config.evident_difference:
            result[a if misfits[a] > misfits[b] else b] = True
        else:
            result[a if ids[a] > ids[b] else b] = True
    return result
