"""Whether delays of cameras explain views that took no part in the fit, or only those that did."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from calibration.rig.bundle import Bundle, Observations, adjust

F64 = NDArray[np.float64]
FOLDS = 3
BLOCK = 4  # neighboring frames that are left out together: the errors of their corners are alike
LEAST_FRAMES = 8  # that several cameras share
SIGNIFICANT = 2.0  # mean gain, in its standard errors
LEAST_GAIN = 0.03  # as a share of the error without delays


def delays_help(solution: Bundle, seen: Observations, delay_std_s: float) -> bool:
    """Whether estimated delays lower the reprojection error of corners that are left out, significantly.

    Poses and delays of cameras come from the other frames; the board of a frame that is left out, and the delays of its
    views, come from every other corner of it. The errors are those of its remaining corners.

    Args:
        solution: of the bundle adjustment.
        seen: its corners.
        delay_std_s: as for bundle.adjust.
    """
    gains, errors = [], []
    block = np.arange(len(solution.boards)) // BLOCK % FOLDS
    for fold in range(FOLDS):
        kept, left = block[seen.frame] != fold, block[seen.frame] == fold
        if not kept.any() or not left.any():
            continue
        plain = _errors(solution, seen, kept, left, 0.0)
        gains.append(plain - _errors(solution, seen, kept, left, delay_std_s))
        errors.append(plain)
    if not gains:
        return False
    gain, error = np.concatenate(gains), np.concatenate(errors)
    if len(gain) < LEAST_FRAMES:
        return False
    spread = float(gain.std(ddof=1)) / np.sqrt(len(gain))
    return bool(gain.mean() > max(SIGNIFICANT * spread, LEAST_GAIN * float(error.mean())))


def _errors(
    solution: Bundle, seen: Observations, kept: NDArray[np.bool_], left: NDArray[np.bool_], delay_std_s: float
) -> F64:
    """The rms errors (F,) px of the remaining corners of the frames that are left out and that cameras share."""
    zero = replace(solution, delays_s=np.zeros_like(solution.delays_s))
    training, corners = _part(zero, seen, kept)
    trained = adjust(training, corners, delay_std_s=delay_std_s)
    delays, _ = trained.split_delays(corners)
    every_other = np.arange(len(seen.camera)) % 2 == 0
    fitting, fitted = _part(replace(zero, poses=trained.poses), seen, left & every_other)
    fitting = replace(fitting, delays_s=delays[list(fitted.view_cameras)])
    found = adjust(fitting, fitted, delay_std_s=delay_std_s, held=len(solution.poses))
    frames = np.unique(seen.frame[left & every_other])
    delay = {
        (int(frames[frame]), camera): found.delays_s[view]
        for frame, camera, view in zip(fitted.frame, fitted.camera.tolist(), fitted.views[0], strict=True)
    }
    known = np.array([key in delay for key in zip(seen.frame.tolist(), seen.camera.tolist(), strict=True)])
    testing, tested = _part(zero, seen, left & ~every_other & known)
    numbers = np.unique(seen.frame[left & ~every_other & known])
    boards = found.boards[np.searchsorted(frames, numbers)]
    late = np.zeros(len(testing.delays_s))
    for frame, camera, view in zip(tested.frame, tested.camera.tolist(), tested.views[0], strict=True):
        late[view] = delay[int(numbers[frame]), camera]
    result = replace(testing, poses=trained.poses, boards=boards, delays_s=late)
    square = np.square(result.residuals(tested)).sum(axis=1)
    count = np.bincount(tested.frame, minlength=len(numbers))
    cameras = np.bincount([frame for frame, _ in set(zip(tested.frame.tolist(), tested.camera.tolist(), strict=True))])
    error = np.sqrt(np.bincount(tested.frame, square, minlength=len(numbers)) / np.maximum(count, 1))
    return np.asarray(error[cameras > 1])


def _part(bundle: Bundle, seen: Observations, rows: NDArray[np.bool_]) -> tuple[Bundle, Observations]:
    """Some of the corners, with the boards and views that they are of."""
    frames, number = np.unique(seen.frame[rows], return_inverse=True)
    corners = Observations(seen.camera[rows], number, seen.points[rows], seen.pixels[rows], seen.velocity[rows])
    delays = bundle.delays_s[np.unique(seen.views[0][rows])]
    return replace(bundle, boards=bundle.boards[frames], delays_s=delays), corners
