"""Poses with their sources, and which of them are held out from training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from engines.errors import MeshcastError

F32 = NDArray[np.float32]

JOINTS = 24
HELD_OUT = 10  # every tenth clip of motion files is held out; of fewer clips, the last tenth of each
RATE_HZ = 30.0  # faster recordings are thinned to about this many poses a second
Y_UP_OF_Z_UP = np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]], np.float64)
CLEARLY_UP = 0.7  # mean cosine between the up direction of a person and a world axis


class PoseError(MeshcastError):
    """A file of poses cannot be used."""


@dataclass(frozen=True, slots=True)
class Motion:
    """One recorded clip: pose (T, 24, 3) float32 rotation vectors in a Y-up world, about RATE_HZ a second, and the name
    of its source."""

    source: str
    pose: F32


@dataclass(frozen=True, slots=True)
class PoseSet:
    """M poses of the body's 24 joints.

    pose (M, 24, 3) float32: rotation vectors in radians, the root's in a Y-up world. source (M,) int: index into
    source_names. clip (M,) int: which clip a pose is from, in the order of time. test (M,) bool: held out. rate_hz (M,)
    float32: poses a second of its clip.
    """

    pose: F32
    source: NDArray[np.int64]
    source_names: tuple[str, ...]
    clip: NDArray[np.int64]
    test: NDArray[np.bool_]
    rate_hz: F32

    def __len__(self) -> int:
        return len(self.pose)

    def counts(self) -> dict[str, int]:
        """The number of poses of each source, the largest first."""
        count = np.bincount(self.source, minlength=len(self.source_names))
        order = np.argsort(-count, kind="stable")
        return {self.source_names[index]: int(count[index]) for index in order if count[index]}


def of_motions(motions: Sequence[Motion]) -> PoseSet:
    """The poses of recorded clips; whole clips are held out, or parts of them where there are few."""
    names = tuple(dict.fromkeys(motion.source for motion in motions))
    lengths = [len(motion.pose) for motion in motions]
    test = []
    for index, length in enumerate(lengths):
        if len(motions) >= HELD_OUT:
            test.append(np.full(length, index % HELD_OUT == HELD_OUT - 1))
        else:
            test.append(np.arange(length) >= length - max(length // HELD_OUT, 1))
    return PoseSet(
        np.concatenate([motion.pose for motion in motions]),
        np.repeat([names.index(motion.source) for motion in motions], lengths).astype(np.int64),
        names,
        np.repeat(np.arange(len(motions)), lengths).astype(np.int64),
        np.concatenate(test),
        np.full(sum(lengths), RATE_HZ, np.float32),
    )


def joined(parts: Sequence[PoseSet]) -> PoseSet:
    """All poses of several sets. Raises PoseError when none is left to train on, or none to hold out."""
    names = tuple(dict.fromkeys(name for part in parts for name in part.source_names))
    sources, clips, first = [], [], 0
    for part in parts:
        renamed = np.array([names.index(name) for name in part.source_names], np.int64)
        sources.append(renamed[part.source])
        clips.append(part.clip + first)
        first += int(part.clip.max(initial=-1)) + 1
    test = np.concatenate([part.test for part in parts])
    if test.all() or not test.any():
        reason = "all are held out (test)" if test.any() else "none is held out (test)"
        raise PoseError(f"the poses cannot be split: of {len(test)} {reason}; training needs both")
    return PoseSet(
        np.concatenate([part.pose for part in parts]),
        np.concatenate(sources),
        names,
        np.concatenate(clips),
        test,
        np.concatenate([part.rate_hz for part in parts]),
    )


def stride(rate_hz: float) -> int:
    """Every how many frames of a recording are taken."""
    return max(1, round(rate_hz / RATE_HZ))


def upright(root: NDArray[np.float64], usual: str) -> NDArray[np.float64]:
    """Root rotations (T, 3, 3) turned into a Y-up world. Which axis of theirs is up shows in how people stand; where
    it does not, as in a clip of a person who lies, it is the `usual` one of the format, "y" or "z"."""
    y, z = np.mean(root[:, 1:, 1], axis=0)
    up = usual
    if max(y, z) > CLEARLY_UP:
        up = "y" if y > z else "z"
    return root if up == "y" else Y_UP_OF_Z_UP @ root


def rotation_vectors(matrices: NDArray[np.float64]) -> F32:
    """Rotation vectors (..., 3) float32 of matrices (..., 3, 3)."""
    flat = Rotation.from_matrix(matrices.reshape(-1, 3, 3)).as_rotvec()
    vectors: F32 = flat.reshape(matrices.shape[:-1]).astype(np.float32)
    return vectors
