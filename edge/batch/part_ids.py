"""Joining of the parts of a video: the people of a part continue those of the part before.

Both parts have processed the frames before the seam. Who is who is decided by the keypoints in those frames, which come
from the same images: the more frames two people agree in, and the closer these are to the seam, the surer. A person who
matches none in the part before is new and gets an id that was not used.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.optimize import linear_sum_assignment

from edge.batch.part_file import PartFrame, read_part
from edge.sources.video_part import VideoPart
from edge.types import F32, Array

HALF_LIFE_S = 2.0  # of the weight of a frame, back in time from the seam
TOLERANCE = 0.25  # mean distance of keypoints, in lengths of the person, beyond which two people are not the same
MIN_SCORE = 0.2  # of the keypoints that are compared
MIN_AGREEMENT = 0.1  # sum of the agreement, weighted, from which two people are the same


@dataclass(frozen=True, slots=True)
class FramePeople:
    """The people of a frame before a seam: its time, their ids (N,), and their keypoints (N, K, 3) as of Bodies."""

    t_s: float
    ids: Array
    keypoints: F32


def stitched(parts: Sequence[VideoPart], files: Sequence[Path]) -> Iterator[PartFrame]:
    """The frames of a whole video, with continuing ids.

    Args:
        parts: of the video, in order.
        files: of each part, as edge.batch.part_file writes them.

    Yields:
        All frames of the parts, without those of their warm-up.

    Raises:
        OutputError: a file is missing or damaged.
    """
    before: dict[int, FramePeople] = {}  # the frames that the next part has too
    next_id = 0
    for number, (part, file) in enumerate(zip(parts, files, strict=True)):
        following = parts[number + 1].first if number + 1 < len(parts) else part.end
        warm_up: dict[int, FramePeople] = {}
        after: dict[int, FramePeople] = {}
        names: dict[int, int] | None = None
        for entry in read_part(file):
            index = entry.frame.index
            if index < part.begin:
                warm_up[index] = _seen(entry)
                continue
            if names is None:
                names = match_people(before, warm_up)
            ids = np.empty_like(entry.bodies.ids)
            for row, identity in enumerate(entry.bodies.ids.tolist()):
                if identity not in names:
                    names[identity] = next_id if number else identity  # the first part is as in the unsplit run
                ids[row] = names[identity]
                next_id = max(next_id, names[identity] + 1)
            entry = replace(entry, bodies=replace(entry.bodies, ids=ids))
            if index >= following:
                after[index] = _seen(entry)
            yield entry
        before = after


def match_people(before: dict[int, FramePeople], after: dict[int, FramePeople]) -> dict[int, int]:
    """The ids of the same people before, by their ids after a seam.

    Args:
        before: frames before the seam by index, with the ids of the part before.
        after: those of the part after the seam.
    """
    shared = sorted(before.keys() & after.keys())
    agreement: dict[tuple[int, int], float] = {}
    for index in shared:
        old, new = before[index], after[index]
        weight = 0.5 ** ((before[shared[-1]].t_s - old.t_s) / HALF_LIFE_S)
        alike = weight * _alike(old.keypoints, new.keypoints)
        for row, column in np.argwhere(alike > 0).tolist():
            pair = int(old.ids[row]), int(new.ids[column])
            agreement[pair] = agreement.get(pair, 0.0) + float(alike[row, column])
    olds, news = sorted({old for old, _ in agreement}), sorted({new for _, new in agreement})
    table = np.zeros((len(olds), len(news)))
    for (identity, other), value in agreement.items():
        table[olds.index(identity), news.index(other)] = value
    rows, columns = linear_sum_assignment(-table)
    return {
        news[column]: olds[row] for row, column in zip(rows, columns, strict=True) if table[row, column] > MIN_AGREEMENT
    }


def _seen(entry: PartFrame) -> FramePeople:
    return FramePeople(entry.frame.t_s, entry.bodies.ids.copy(), entry.bodies.keypoints.copy())


def _alike(old: F32, new: F32) -> Array:
    """How well people (N, K, 3) and (M, K, 3) agree, (N, M) in 0..1."""
    if not len(old) or not len(new):
        return np.zeros((len(old), len(new)))
    sure = (old[:, None, :, 2] > MIN_SCORE) & (new[None, :, :, 2] > MIN_SCORE)  # (N, M, K)
    apart = np.linalg.norm(old[:, None, :, :2] - new[None, :, :, :2], axis=-1)
    count = sure.sum(-1)
    mean = np.where(sure, apart, 0).sum(-1) / np.maximum(count, 1)
    lengths = np.ptp(old[..., :2], axis=1).max(-1)[:, None]
    alike: Array = np.where(count > 0, np.clip(1 - mean / np.maximum(TOLERANCE * lengths, 1e-6), 0, 1), 0)
    return alike
