"""Whether given intrinsics fit what the cameras see: files that are exchanged, and lenses that were refocused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from calibration.boards import View
from calibration.camera import Camera
from calibration.intrinsics import CalibrationError, calibrate

LEAST_VIEWS = 8
SURE = 4.0  # standard deviations of a focal length that contradicts a given one
LEAST_STD = 0.005  # share of a focal length: boards are not perfectly flat
LEAST_SHARE = 0.025  # share by which a focal length of one camera differs that is worth a word
BETTER = 0.25  # squared deviations with exchanged files, as a share of those with the own ones


@dataclass(frozen=True, slots=True)
class FocalLength:
    """A focal length fx in a camera file, and what the views of a board say: px and its standard deviation."""

    given_px: float
    seen_px: float
    std_px: float

    def deviation(self, focal_px: float) -> float:
        """How many standard deviations the views are from a focal length."""
        return abs(self.seen_px - focal_px) / self.std_px


def focal_lengths(cameras: Mapping[str, Camera], views: Mapping[str, Sequence[View]]) -> dict[str, FocalLength]:
    """The focal lengths of cameras with given intrinsics, as far as their views determine them.

    Args:
        cameras: those whose intrinsics are given.
        views: of the board, by camera.
    """
    found = {}
    for name, camera in cameras.items():
        if len(views.get(name, ())) < LEAST_VIEWS:
            continue
        try:
            free = calibrate(views[name], camera.size, camera.model)
        except CalibrationError:
            continue
        seen = float(free.camera.K[0, 0])
        found[name] = FocalLength(float(camera.K[0, 0]), seen, max(free.focal_std_px[0], LEAST_STD * seen))
    return found


def exchanged(cameras: Mapping[str, Camera], lengths: Mapping[str, FocalLength]) -> list[tuple[str, str]]:
    """Pairs of cameras whose views contradict their own files and agree with each other's."""
    found = []
    for (name, one), (other_name, other) in combinations(lengths.items(), 2):
        if cameras[name].size != cameras[other_name].size:
            continue
        own = one.deviation(one.given_px) ** 2 + other.deviation(other.given_px) ** 2
        swapped = one.deviation(other.given_px) ** 2 + other.deviation(one.given_px) ** 2
        if own > SURE**2 and swapped < BETTER * own:
            found.append((name, other_name))
    return found


def contradicted(lengths: Mapping[str, FocalLength]) -> list[str]:
    """Cameras whose views contradict the focal length of their file."""
    return [
        name
        for name, length in lengths.items()
        if length.deviation(length.given_px) > SURE
        and abs(length.seen_px - length.given_px) > LEAST_SHARE * length.given_px
    ]
