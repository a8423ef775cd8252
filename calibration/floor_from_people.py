"""The floor in a camera's frame, from people who stand and walk on it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from calibration.world import WorldPose
from engines.errors import MeshcastError

F64 = NDArray[np.float64]

MIN_SUPPORTS = 8  # observed stances, of all people
FOOT_SIGMA_M = 0.03  # of an ankle's height above the floor
DEPTH_SIGMA = 0.04  # of an ankle's distance, as a share of it
SIZE_SIGMA = 0.06  # of a person's size, which is not known
LEAN_SIGMA = (math.radians(4), math.radians(9))  # of a balanced person's axis, across the view and along it
TILT_PRIOR, TILT_SIGMA = math.radians(10), math.radians(20)
ROLL_SIGMA = math.radians(12)
HEIGHT_PRIOR_M, HEIGHT_SIGMA_M = 1.6, 1.0
INDEPENDENT = 1.5  # observations that all stances of one person count for: the errors of one body are alike
OUTLIER = 2.0  # residual, in standard deviations, beyond which an observation counts less


class FloorError(MeshcastError):
    """The people in a video do not determine the floor."""


@dataclass(frozen=True, slots=True)
class Stances:
    """M observations of people with at least one planted foot, in the camera's frame.

    Attributes:
        people: (M,) int, which person it is.
        feet: (M, 3) float64 m, the ankle that stands, or the middle of both.
        centers: (M, 3) float64 m, the center of mass.
        ankle_m: height of an ankle above the sole, m.
    """

    people: NDArray[np.intp]
    feet: F64
    centers: F64
    ankle_m: float


@dataclass(frozen=True, slots=True)
class FloorEstimate:
    """A camera's pose above the floor with its standard deviations.

    Attributes:
        height_m: height of the camera above the floor, m. tilt_deg: how far it looks down. roll_deg: how far it is
            turned clockwise about its optical axis.
        height_std_m: of the height. tilt_std_deg: of the tilt. roll_std_deg: of the roll.
        people: number of people. stances: number of observations.
    """

    height_m: float
    tilt_deg: float
    roll_deg: float
    height_std_m: float
    tilt_std_deg: float
    roll_std_deg: float
    people: int
    stances: int

    @property
    def pose(self) -> WorldPose:
        """The camera above the world's origin, looking along the world's y axis."""
        return WorldPose.of_height(self.height_m, self.tilt_deg, self.roll_deg)


def floor_from_people(stances: Stances) -> FloorEstimate:
    """The floor on which all planted feet stand, perpendicular to the axes of balanced people.

    A person who keeps the balance has the center of mass above the feet, within the lean of everyday motion. Feet of
    people at different distances determine the tilt better than that. Sizes of people are unknown factors with a prior.

    Args:
        stances: observations; those close in time say the same, and should be left out.

    Raises:
        FloorError: there are too few.
    """
    names, person = np.unique(stances.people, return_inverse=True)
    count = len(stances.feet)
    if count < MIN_SUPPORTS:
        raise FloorError(
            f"{count} observations of standing people, and at least {MIN_SUPPORTS} are needed; use a longer video of "
            "people who stand or walk, with their feet in the image"
        )
    axes = stances.centers - stances.feet
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    rays = stances.feet / np.linalg.norm(stances.feet, axis=1, keepdims=True)
    shared = np.sqrt(np.maximum(np.bincount(person)[person] / INDEPENDENT, 1))

    def residuals(unknown: F64) -> F64:
        tilt, roll, height = unknown[:3]
        up = WorldPose.of_height(height, math.degrees(tilt), math.degrees(roll)).floor.up
        feet = stances.feet * np.exp(unknown[3:][person])[:, None]
        heights = feet @ up + height - stances.ankle_m
        sigma = np.hypot(FOOT_SIGMA_M, DEPTH_SIGMA * (feet @ up))
        # Part of the axis' deviation that lies in the plane of the viewing ray, and part across it.
        off = axes - up
        along = rays - (rays @ up)[:, None] * up
        along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-6)
        across = np.cross(along, up)
        lean = np.einsum("mc,mc->m", off, along) / (LEAN_SIGMA[1] * shared)
        sway = np.einsum("mc,mc->m", off, across) / (LEAN_SIGMA[0] * shared)
        return np.concatenate([heights / (sigma * shared), lean, sway])

    def with_prior(unknown: F64) -> F64:
        found = residuals(unknown)
        # Geman-McClure as a factor: an observation far off counts little.
        found = found / np.sqrt(1 + (found / OUTLIER) ** 2)
        prior = [
            (unknown[0] - TILT_PRIOR) / TILT_SIGMA,
            unknown[1] / ROLL_SIGMA,
            (unknown[2] - HEIGHT_PRIOR_M) / HEIGHT_SIGMA_M,
            *(unknown[3:] / SIZE_SIGMA),
        ]
        return np.concatenate([found, prior])

    start = np.array([TILT_PRIOR, 0.0, HEIGHT_PRIOR_M, *np.zeros(len(names))])
    best = least_squares(with_prior, start)
    std = np.sqrt(np.diag(np.linalg.inv(best.jac.T @ best.jac)))
    tilt, roll, height = (float(value) for value in best.x[:3])
    return FloorEstimate(
        height_m=height,
        tilt_deg=math.degrees(tilt),
        roll_deg=math.degrees(roll),
        height_std_m=float(std[2]),
        tilt_std_deg=math.degrees(std[0]),
        roll_std_deg=math.degrees(std[1]),
        people=len(names),
        stances=count,
    )
