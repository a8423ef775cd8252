"""The twelve limb joints that are scored, and the lengths of the limbs between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]

LIMBS = tuple(
    f"{side}_{part}" for part in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle") for side in ("left", "right")
)
SHOULDERS, ELBOWS, WRISTS, HIPS, KNEES, ANKLES = ([2 * part, 2 * part + 1] for part in range(6))
UPPER_BODY = [*SHOULDERS, *ELBOWS, *WRISTS]
SEGMENTS = tuple(
    (f"{side}_{name}", start[index], end[index])
    for name, start, end in (
        ("upper_arm", SHOULDERS, ELBOWS),
        ("forearm", ELBOWS, WRISTS),
        ("thigh", HIPS, KNEES),
        ("shin", KNEES, ANKLES),
    )
    for index, side in enumerate(("left", "right"))
)


def limb_index(names: Sequence[str]) -> list[int] | None:
    """The places of the twelve limb joints among `names`, None if one of them is missing."""
    return [names.index(name) for name in LIMBS] if set(LIMBS) <= set(names) else None


def limb_lengths(joints: NDArray[np.floating]) -> F64:
    """Lengths (..., 8) of upper arms, forearms, thighs and shins of limb joints (..., 12, 3), in their unit."""
    points = np.asarray(joints, np.float64)
    start, end = (points[..., list(ends), :] for ends in zip(*((a, b) for _, a, b in SEGMENTS), strict=True))
    return np.asarray(np.linalg.norm(end - start, axis=-1))


def trunk_length(joints: NDArray[np.floating]) -> F64:
    """Distances (...) between the middles of the shoulders and of the hips of limb joints (..., 12, 3)."""
    points = np.asarray(joints, np.float64)
    return np.asarray(
        np.linalg.norm(points[..., SHOULDERS, :].mean(axis=-2) - points[..., HIPS, :].mean(axis=-2), axis=-1)
    )


@dataclass(frozen=True, slots=True)
class LimbLengths:
    """How well a person's limb lengths are known, and how constant they are over a clip; NaN where that is unknown.

    errors_pct: signed error of each limb's median length, percent of the true median length; spread_pct: standard
    deviation of each limb's length over the clip, percent of its mean. Keys are the names in SEGMENTS.
    """

    errors_pct: Mapping[str, float]
    spread_pct: Mapping[str, float]

    @property
    def mean_error_pct(self) -> float:
        """Mean absolute error of the limbs, percent."""
        return finite_mean(np.abs(_values(self.errors_pct)))

    @property
    def worst_error_pct(self) -> float:
        """Largest absolute error of a limb, percent."""
        return finite_max(np.abs(_values(self.errors_pct)))

    @property
    def bias_pct(self) -> float:
        """Mean signed error of the limbs, percent: below 0 for a body that is too small."""
        return finite_mean(_values(self.errors_pct))

    @property
    def mean_spread_pct(self) -> float:
        """Mean over the limbs, percent."""
        return finite_mean(_values(self.spread_pct))

    @property
    def worst_spread_pct(self) -> float:
        """Of the limb that varies most, percent."""
        return finite_max(_values(self.spread_pct))


def compare_lengths(joints: NDArray[np.floating], true_lengths: NDArray[np.floating]) -> LimbLengths:
    """Compare limb joints (T, 12, 3) of one person, NaN where unknown, with the person's true lengths (8,)."""
    errors, spread = {}, {}
    for (name, _, _), column, true in zip(SEGMENTS, limb_lengths(joints).T, true_lengths.tolist(), strict=True):
        known = column[np.isfinite(column)]
        errors[name] = 100 * (float(np.median(known)) / true - 1) if known.size else float("nan")
        spread[name] = 100 * float(known.std() / known.mean()) if known.size else float("nan")
    return LimbLengths(errors, spread)


def median_lengths(joints: NDArray[np.floating]) -> F64:
    """Median lengths (8,) of limb joints (T, 12, 3), NaN for a limb that is known in no frame."""
    known = (column[np.isfinite(column)] for column in limb_lengths(joints).T)
    return np.array([np.median(lengths) if lengths.size else np.nan for lengths in known])


def statures(joints: NDArray[np.floating], rest_joints: NDArray[np.floating], rest_height_m: float) -> F64:
    """Standing heights (...) in meters that limb joints (..., 12, 3) stand for.

    Limbs and trunk together are compared with those of a resting body, joints (12, 3), of known height.
    """
    size, rest_size = (limb_lengths(points).sum(axis=-1) + trunk_length(points) for points in (joints, rest_joints))
    return np.asarray(rest_height_m * size / rest_size)


def finite_mean(values: NDArray[np.floating]) -> float:
    """The mean of the finite values, NaN when there is none."""
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if finite.size else float("nan")


def finite_max(values: NDArray[np.floating]) -> float:
    """The largest of the finite values, NaN when there is none."""
    finite = values[np.isfinite(values)]
    return float(finite.max()) if finite.size else float("nan")


def _values(by_limb: Mapping[str, float]) -> F64:
    return np.array(list(by_limb.values()))
