"""Differences of a video that a batch splits from the unsplit run: python tests/benchmarks/bm_batch_split.py

A clip is repeated to a video of some minutes, processed as a whole and in parts by one worker, and compared: the same
frames and people, their ids up to a renaming, and the distances of roots and joints, by the time since the last seam.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from bm_batch import repeated
from metric import note
from scipy.optimize import linear_sum_assignment

from edge.batch.batch import BatchConfig, run_batch
from edge.batch.manifest import Manifest
from edge.batch.process_pool import ProcessPool
from edge.batch.processing import Processing
from edge.batch.videos import find_videos
from edge.models import Models
from edge.sources.video_part import plan_parts
from tests.support.paths import MEDIA

SAME_M = 0.5  # farther apart, rows of a frame are of two people
BOUNDS_S = (0.0, 1.0, 5.0, 15.0, 1e9)


def processed(video: Path, out: Path, processing: Processing) -> tuple[dict[str, Any], float]:
    """The arrays of a video, and the processor time of its processing, s."""
    config = BatchConfig(out, processing.suffixes, {})
    result = run_batch(find_videos([str(video)]).videos, config, lambda count: ProcessPool(processing.load, 1))
    assert not result.failed, result.failed
    with np.load(out / f"{video.stem}.npz") as archive:
        arrays = {name: archive[name] for name in ("frame", "t_s", "id", "joints", "translation", "frames")}
    return arrays, Manifest(out).records[video.stem].details["cpu_s"]


def compare(whole: dict[str, Any], split: dict[str, Any], seams_s: list[float]) -> None:
    """Print what differs."""
    pairs: list[tuple[int, int]] = []
    for frame in range(int(whole["frames"])):
        rows, others = (np.flatnonzero(each["frame"] == frame) for each in (whole, split))
        apart = np.linalg.norm(whole["translation"][rows][:, None] - split["translation"][others][None], axis=-1)
        for row, column in zip(*linear_sum_assignment(apart), strict=True):
            if apart[row, column] < SAME_M:
                pairs.append((int(rows[row]), int(others[column])))
    at, of = np.array(pairs).T
    note(f"{int(whole['frames'])} and {int(split['frames'])} frames, {len(whole['id'])} and {len(split['id'])} rows")
    note(f"{len(at)} rows of the same people; ids {len(set(whole['id']))} and {len(set(split['id']))}")
    ids, counts = np.unique(np.stack([whole["id"][at], split["id"][of]]), axis=1, return_counts=True)
    table = np.zeros((ids[0].max() + 1, ids[1].max() + 1))
    table[ids[0], ids[1]] = counts
    renamed = table[linear_sum_assignment(-table)].sum()
    equal = int((whole["id"][at] == split["id"][of]).sum())
    note(f"rows whose id agrees, up to a renaming: {int(renamed)} of {len(at)}; ids equal: {equal}")
    times_s = whole["t_s"][at]
    note(f"times equal: {bool((times_s == split['t_s'][of]).all())}")
    since_s = times_s - np.array([max((seam for seam in seams_s if seam <= t_s), default=-1e9) for t_s in times_s])
    root = 1000 * np.linalg.norm(whole["translation"][at] - split["translation"][of], axis=-1)
    joint = (
        whole["joints"][at]
        - whole["translation"][at][:, None]
        - split["joints"][of]
        + split["translation"][of][:, None]
    )
    joints = 1000 * np.linalg.norm(joint, axis=-1).mean(-1)
    for low, high in itertools.pairwise(BOUNDS_S):
        rows = (since_s >= low) & (since_s < high)
        if rows.any():
            values = [
                f"{np.mean(each[rows]):.2f} / {np.percentile(each[rows], 95):.2f} / {each[rows].max():.1f}"
                for each in (root, joints)
            ]
            note(f"{low:g} s after a seam: {rows.sum()} rows, mm (mean / 95 % / max): root, joints {', '.join(values)}")


def main() -> int:
    """Process, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clip", type=Path, default=MEDIA / "pedestrians.mp4")
    parser.add_argument("--times", type=int, default=6, help="repetitions of the clip")
    parser.add_argument("--split", type=float, default=30.0, help="length of a part, s")
    parser.add_argument("--overlap", type=float, nargs="+", default=[20.0], help="s, one or more")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        video = Path(folder, "video.mp4")
        repeated(options.clip, video, options.times)
        plain = Processing(formats=("npz",), models=Models(threads=1))
        whole, cpu_s = processed(video, Path(folder, "whole"), plain)
        note(f"whole: {cpu_s:.1f} s of processor time")
        for overlap_s in options.overlap:
            parts = plan_parts(video, options.split, overlap_s)
            cut = replace(plain, split_s=options.split, overlap_s=overlap_s)
            split, split_s = processed(video, Path(folder, f"split{overlap_s}"), cut)
            note(
                f"overlap {overlap_s:g} s, {len(parts)} parts: {split_s:.1f} s of processor time, {split_s / cpu_s:.3f}"
            )
            times = dict(zip(whole["frame"].tolist(), whole["t_s"].tolist(), strict=True))
            compare(whole, split, [times[part.begin] for part in parts[1:] if part.begin in times])
    return 0


if __name__ == "__main__":
    sys.exit(main())
