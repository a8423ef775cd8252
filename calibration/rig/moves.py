"""Cameras that were moved during a recording: their pose changes from one frame on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.rig.bundle import POSE
from calibration.rig.pairs import Pair
from calibration.rig.solve import Solution
from calibration.rig.uncertainty import Normal

F64 = NDArray[np.float64]
LEAST_FRAMES = 4  # on each side of a change
EXPLAINED = 0.5  # share of what free poses in all frames would explain that one change explains
LEAST_GAIN = 50.0  # decrease of the cost, in units of the corners' noise
MISTAKES = 0.25  # views on the wrong side of a change, as a share of the bad ones
FEWEST_OF_PAIR = 2  # views of a pair before and after a change
MOST_SPLITS = 4  # frames that are tried for each camera
SAME_GAIN = 0.9  # cameras with this share of the best gain explain the errors as well


@dataclass(frozen=True, slots=True)
class Suspect:
    """A camera whose pose may change, and the first frame after the change."""

    camera: str
    frame: int


def find_suspects(solution: Solution, normal: Normal) -> list[Suspect]:
    """Cameras that may have been moved: pairs whose views agree on one side of a moment only, else the errors tell."""
    return suspects_by_pairs(solution.pairs) or suspects_by_errors(normal, solution)


def suspects_by_pairs(pairs: Sequence[Pair]) -> list[Suspect]:
    """The cameras of all pairs whose views agree up to some frame, or from it on, and contradict each other then."""
    found: dict[str, set[int]] = {}
    for pair in pairs:
        wrong = np.array([frame not in pair.frames for frame in pair.shared])
        if min(wrong.sum(), len(wrong) - wrong.sum()) < FEWEST_OF_PAIR:
            continue
        count = np.arange(1, len(wrong))
        before, after = np.cumsum(wrong)[:-1], np.cumsum(wrong[::-1])[::-1][1:]
        mistakes = np.minimum(before + (len(wrong) - count - after), (count - before) + after)
        split = int(mistakes.argmin())
        if mistakes[split] <= MISTAKES * wrong.sum():
            for name in (pair.first, pair.second):
                found.setdefault(name, set()).update((pair.shared[split] + 1, pair.shared[split + 1]))
    return [Suspect(name, frame) for name, frames in found.items() for frame in sorted(frames)[:MOST_SPLITS]]


def suspects_by_errors(normal: Normal, solution: Solution) -> list[Suspect]:
    """The change of one camera's pose at one moment that explains most of the errors; several where they explain as
    much, none where none explains them.

    The gradient of a frame says where the camera should be in this frame. If it was moved once, the gradients before
    and after the move point to two different places.

    Args:
        normal: of the solution.
        solution: in which every camera has one pose, with frames in the order of time.
    """
    found = []
    for camera in range(normal.cameras):
        part = slice(POSE * camera, POSE * (camera + 1))
        hessian, gradient = normal.hessian[:, part, part], normal.gradient[:, part]
        used = np.flatnonzero(np.trace(hessian, axis1=1, axis2=2) > 0)
        if len(used) < 2 * LEAST_FRAMES:
            continue
        hessian, gradient = hessian[used], gradient[used]
        free = _gain(hessian, gradient).sum()
        before = _gain(np.cumsum(hessian, axis=0), np.cumsum(gradient, axis=0))[:-1]
        after = _gain(np.cumsum(hessian[::-1], axis=0), np.cumsum(gradient[::-1], axis=0))[::-1][1:]
        gain = before + after
        gain[: LEAST_FRAMES - 1] = 0
        gain[len(gain) - LEAST_FRAMES + 1 :] = 0
        split = int(gain.argmax())
        if gain[split] > LEAST_GAIN and gain[split] > EXPLAINED * free:
            found.append((float(gain[split]), camera, int(used[split + 1])))
    best = max((gain for gain, _, _ in found), default=0.0)
    return [
        Suspect(solution.names[camera], solution.frames[row])
        for gain, camera, row in sorted(found, reverse=True)
        if gain >= SAME_GAIN * best
    ]


def _gain(hessian: F64, gradient: F64) -> F64:
    """The decrease (F,) of the cost by the best change of a pose, for sums of normal equations."""
    scale = np.trace(hessian, axis1=1, axis2=2)[:, None, None] / POSE
    regular = hessian + (1e-3 * scale + 1e-12) * np.eye(POSE)
    return np.asarray(0.5 * np.einsum("fi,fi->f", gradient, np.linalg.solve(regular, gradient[..., None])[..., 0]))
