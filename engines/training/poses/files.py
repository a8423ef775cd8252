"""Reads pose files and folders into one set of poses."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.files.memory_budget import MemoryBudget
from engines.files.npz import open_npz
from engines.training.poses.amass import AMASS_ARRAYS, is_amass, read_amass
from engines.training.poses.bvh_retarget import read_bvh_poses
from engines.training.poses.pose_set import JOINTS, RATE_HZ, Motion, PoseError, PoseSet, joined, of_motions
from engines.training.poses.sample import SAMPLE_FILE, sample_poses

SAMPLE = "sample"  # the name of the bundled poses
MOST_CLIPS = 20_000  # of "sample:COUNT": a gigabyte of poses
LARGEST_RAD = 8 * np.pi  # limit of the length of a rotation vector
WANTED = ("pose", "source", "source_names", "clip", "test", "rate", *AMASS_ARRAYS)
SLOWEST_HZ, FASTEST_HZ = 1.0, 1000.0  # of the poses of a clip
SAY_EVERY_S = 5.0
SHOWN = 5  # skipped files that are named


def load_poses(paths: Sequence[str | Path], on_progress: Callable[[str], None] = lambda line: None) -> PoseSet:
    """All poses of files and folders: `.npz` of ours or of AMASS, `.bvh`; "sample" is the bundled set and
    "sample:COUNT" as many clips of the same kind.

    Folders are searched to the bottom; files in them without poses are skipped and reported to `on_progress`, like
    the progress of a long search. Raises PoseError, in one line, for a path that cannot be used.
    """
    sets: list[PoseSet] = []
    motions: list[Motion] = []
    for path in paths:
        name, _, count = str(path).partition(":")
        if name == SAMPLE and count:
            found: list[PoseSet | Motion] = [_generated(str(path), count)]
        else:
            found = _load(SAMPLE_FILE if str(path) == SAMPLE else Path(path), on_progress)
        for one in found:
            (sets if isinstance(one, PoseSet) else motions).append(one)  # type: ignore[arg-type]
    if motions:
        sets.append(of_motions(motions))
    if not sets:
        raise PoseError('poses: none given; name files, folders or "sample"')
    return joined(sets)


def _generated(path: str, count: str) -> PoseSet:
    if not (count.isascii() and count.isdigit() and 10 <= int(count) <= MOST_CLIPS):
        raise PoseError(f"{path}: the number of clips must be from 10 to {MOST_CLIPS}")
    return _own(Path(path), sample_poses(int(count)), SAMPLE)


def _load(path: Path, on_progress: Callable[[str], None]) -> list[PoseSet | Motion]:
    if not path.is_dir():
        if not path.exists():
            hint = "" if path.suffix else f'; "{SAMPLE}" names the bundled poses'
            raise PoseError(f"{path}: no such file or folder{hint}")
        return [_read(path, path.resolve().parent.name or path.stem)]
    found: list[PoseSet | Motion] = []
    failed: list[PoseError] = []
    root = path.resolve().name or "poses"
    reported_s = time.monotonic()
    for file in _files(path):
        if time.monotonic() - reported_s > SAY_EVERY_S:
            reported_s = time.monotonic()
            on_progress(f"{len(found)} files of {path} read")
        inside = file.relative_to(path).parts
        try:
            found.append(_read(file, f"{root}/{inside[0]}" if len(inside) > 1 else root))
        except PoseError as error:
            failed.append(error)
    if not found and failed:
        raise PoseError(
            f"{path}: none of its {len(failed)} .npz and .bvh files holds poses; the first one is {failed[0]}"
        )
    if not found:
        raise PoseError(f"{path}: no poses found, as it holds no .npz and no .bvh file")
    for problem in failed[:SHOWN]:
        on_progress(f"skipped: {problem}")
    if len(failed) > SHOWN:
        on_progress(f"skipped: {len(failed) - SHOWN} more files of {path}")
    return found


def _files(folder: Path) -> Iterator[Path]:
    """Pose files of a folder and those below it, in a fixed order; links to folders are not followed."""
    for where, folders, files in os.walk(folder):
        folders.sort()
        yield from (Path(where) / name for name in sorted(files) if name.lower().endswith((".npz", ".bvh")))


def _read(path: Path, source: str) -> PoseSet | Motion:
    if path.suffix.lower() == ".bvh":
        return Motion(source, read_bvh_poses(path))
    # Some of AMASS's other arrays are pickled. A budget for each file: of a folder only the poses are kept.
    with open_npz(path, "a pose file", PoseError, MemoryBudget()) as archive:
        arrays = {name: archive[name] for name in WANTED if name in archive.names}
    if is_amass(arrays):
        return Motion(source, read_amass(path, arrays))
    if "pose" not in arrays:
        raise PoseError(
            f"{path}: not a pose file: it holds neither pose (M, 24, 3) nor AMASS's poses; "
            "see docs/tutorials/train-mesh-model.md"
        )
    return _own(path, arrays, source)


def _own(path: Path, arrays: Mapping[str, NDArray[Any]], source: str) -> PoseSet:
    """Meshcast's layout: pose; optional source, source_names, clip, test, rate (docs/tutorials/train-mesh-model.md)."""
    pose = arrays["pose"]
    if pose.dtype.kind not in "fiu" or pose.ndim != 3 or pose.shape[1:] != (JOINTS, 3) or not len(pose):
        raise PoseError(f"{path}: pose is {pose.shape} {pose.dtype}; expected numbers (M, {JOINTS}, 3)")
    pose = pose.astype(np.float32)
    wrong = ~(np.abs(pose).max(axis=(1, 2)) < LARGEST_RAD)  # also true for NaN
    if wrong.any():
        raise PoseError(f"{path}: pose {int(wrong.argmax())} is not a rotation vector in radians")

    def numbers(key: str, usual: NDArray[Any]) -> NDArray[Any]:
        array = arrays.get(key, usual)
        if array.shape != (len(pose),) or array.dtype.kind not in "biu" or array.min() < 0:
            raise PoseError(f"{path}: {key} is {array.shape} {array.dtype}; expected {len(pose)} integers")
        return array

    clip = numbers("clip", np.zeros(len(pose), np.int64))
    _, clip = np.unique(clip, return_inverse=True)  # numbers may have gaps of any size
    names = tuple(str(name)[:80] for name in np.atleast_1d(arrays.get("source_names", np.array([source]))))
    index = numbers("source", np.zeros(len(pose), np.int64)).astype(np.int64)
    if index.max() >= len(names):
        raise PoseError(f"{path}: source {int(index.max())} has no name; source_names has {len(names)}")
    if "test" in arrays:
        test = numbers("test", np.zeros(len(pose), bool)).astype(bool)
    else:
        test = np.arange(len(pose)) % 10 == 9 if len(pose) >= 10 else np.arange(len(pose)) == len(pose) - 1
    rate = np.asarray(arrays.get("rate", RATE_HZ))
    if rate.shape != () or rate.dtype.kind not in "fiu" or not SLOWEST_HZ <= rate <= FASTEST_HZ:
        raise PoseError(f"{path}: rate is {rate!s:.20}; expected poses a second, {SLOWEST_HZ:g} to {FASTEST_HZ:g}")
    return PoseSet(pose, index, names, clip.astype(np.int64), test, np.full(len(pose), rate, np.float32))
