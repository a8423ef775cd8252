"""Whether the delays of views are real: corners that the fit has not seen must be predicted better with them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from calibration.rig.bundle import Bundle, Observations, adjust
from calibration.rig.solve import Solution

LEAST_FRAMES = 4  # from which differences have a spread
LEAST_GAIN = 0.9  # held-out error with delays, as a share of that without: a smaller gain is not worth the parameters
SIGNIFICANT = 3.0  # mean decrease of the logarithm of a frame's square error, in standard errors
LEAST_SQUARE_PX = 1e-4  # below which square errors are alike
LEAST_CORNERS = 4  # of a view, on both sides


@dataclass(frozen=True, slots=True)
class DelayCheck:
    """Held-out reprojection errors, px rms, with views taken as simultaneous and with their delays estimated, and how
    many standard errors the logarithms of the frames' square errors differ by: a few fast frames do not decide."""

    simultaneous_px: float
    delayed_px: float
    evidence: float

    @property
    def real(self) -> bool:
        """Whether delays predict corners significantly better."""
        return self.evidence > SIGNIFICANT and self.delayed_px < LEAST_GAIN * self.simultaneous_px


def check_delays(solution: Solution, refine: NDArray[np.bool_], delay_std_s: float) -> DelayCheck:
    """Fit every other corner of each view with and without delays, and compare the errors of the other corners.

    Args:
        solution: with delays.
        refine: (C,) whether the intrinsics of a camera are estimated too.
        delay_std_s: standard deviation of the delays, s.
    """
    seen = solution.seen
    view, count = seen.views
    odd = _position(view, count) % 2 == 1
    used = (count >= 2 * LEAST_CORNERS)[view]
    if not np.unique(seen.frame[used]).size >= LEAST_FRAMES:
        return DelayCheck(float("nan"), float("nan"), 0.0)
    fitted, held = _rows(seen, ~odd | ~used), _rows(seen, odd & used)
    start = replace(solution.bundle, delays_s=np.zeros(len(count)))
    errors = []
    for spread_s in (0.0, delay_std_s):
        found = adjust(start, fitted, refine=refine.tolist(), delay_std_s=spread_s)
        errors.append(np.square(_errors(found, held, found.delays_s[view[odd & used]])).sum(axis=1))
    frames, row = np.unique(held.frame, return_inverse=True)
    means = [np.bincount(row, square) / np.bincount(row) + LEAST_SQUARE_PX for square in errors]
    gain = np.log(means[0] / means[1])
    error = float(gain.std(ddof=1)) / np.sqrt(len(frames))
    evidence = float(gain.mean()) / error if error > 0 else 0.0
    return DelayCheck(float(np.sqrt(errors[0].mean())), float(np.sqrt(errors[1].mean())), evidence)


def _position(view: NDArray[np.intp], count: NDArray[np.intp]) -> NDArray[np.intp]:
    """The position (N,) of each corner among those of its view."""
    order = np.argsort(view, kind="stable")
    position = np.empty(len(view), np.intp)
    position[order] = np.arange(len(view)) - np.repeat(np.cumsum(count) - count, count)
    return position


def _rows(seen: Observations, rows: NDArray[np.bool_]) -> Observations:
    return Observations(seen.camera[rows], seen.frame[rows], seen.points[rows], seen.pixels[rows], seen.velocity[rows])


def _errors(bundle: Bundle, held: Observations, delays_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Residuals (N, 2) of corners whose views have these delays (N,)."""
    view, count = held.views
    own = np.zeros(len(count))
    own[view] = delays_s
    return replace(bundle, delays_s=own).residuals(held)
