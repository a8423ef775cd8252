"""follow in NumPy: the reference of the native operator, and its replacement where that was not built."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edge_kernels import _check

F32 = NDArray[np.float32]
TRACK_FIELDS, KEYPOINT_FIELDS = 7, 6


def follow(
    motion: Sequence[float],
    crops: Sequence[float],
    found: F32,
    centers: F32,
    scales: F32,
    tracks: F32,
    times: NDArray[np.float64],
    out_centers: F32,
    out_scales: F32,
    stream: int = 0,
) -> None:
    """Where the crops of the next frame are cut; see follow.hpp for the contract."""
    _check.array(found, "found", np.float32, (None, None, 3))
    count, keypoints = found.shape[:2]
    _check.array(centers, "centers", np.float32, (count, 2))
    _check.array(scales, "scales", np.float32, (count,))
    _check.array(tracks, "tracks", np.float32, (count, TRACK_FIELDS + KEYPOINT_FIELDS * keypoints))
    _check.array(times, "times", np.float64, (count, 2))
    _check.output(out_centers, "out_centers", np.float32, (count, 2))
    _check.output(out_scales, "out_scales", np.float32, (count,))
    min_score, min_keypoints, left, top, right, bottom, size_gain, min_moving = np.array(motion, np.float32)
    width, height, margin, *places, swapped, image_height, lower_edge, max_aspect, extension = np.array(
        crops, np.float32
    )
    sides, two = np.array([width, height], np.float32), np.float32(2)
    given = found[..., 1::-1] if swapped else found[..., :2]
    half = sides / (two * scales[:, None])
    low, high = (centers - half)[:, None], (centers + half)[:, None]
    at = low + (given / np.array(places[:2]) + np.array(places[2:])) * (high - low)
    for row, track in enumerate(tracks):
        old = track[TRACK_FIELDS:].reshape(keypoints, KEYPOINT_FIELDS)
        center, size, velocity = track[:2].copy(), track[2:4].copy(), track[4:6].copy()
        elapsed_s, gain = times[row]
        seen, known = found[row, :, 2] > min_score, old[:, 5] != 0
        used = seen & (old[:, 2] > min_score)
        if used.any():
            moved = _median(at[row, used] - old[used, :2]) / elapsed_s
            velocity = (velocity + gain * (moved - velocity)).astype(np.float32)
        if seen.sum() >= min_keypoints:
            both = seen & known
            if (known & ~seen).any() and both.sum() >= min_moving:
                center = _median(at[row, both] + old[both, 3:5])
            else:
                least, most = at[row, seen].min(0), at[row, seen].max(0)
                length = max(*(most - least), np.float32(1))
                least, most = least - length * np.array([left, top]), most + length * np.array([right, bottom])
                center = (least + most) / two
                size += size_gain * (most - least - size)
        center = center + velocity * track[6]
        begin, end = center - size / two, center + size / two
        inside = min(end[1], image_height) - begin[1]
        if extension > 0 and end[1] >= lower_edge and inside < max_aspect * (end[0] - begin[0]):
            end[1] = min(end[1], image_height) + extension * inside
        out_centers[row] = (begin + end) / two
        out_scales[row] = (sides / (margin * np.maximum(end - begin, np.float32(1)))).min()


def _median(values: F32) -> F32:
    """Of the first axis, in float32."""
    ordered = np.sort(values, axis=0)
    middle: F32 = (ordered[(len(values) - 1) // 2] + ordered[len(values) // 2]) / np.float32(2)
    return middle
