"""Frames with the bodies that a pipeline finds in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edge.types import Bodies, Frame


@dataclass(frozen=True, slots=True)
class Clip:
    """Frames in order and their bodies."""

    frames: list[Frame]
    bodies: list[Bodies]


def differences(found: list[Bodies], expected: list[Bodies]) -> float:
    """The largest difference of any number of the bodies, m or px; infinite where the people are not the same."""
    worst = 0.0
    for a, b in zip(found, expected, strict=True):
        if a.ids.tolist() != b.ids.tolist():
            return float("inf")
        for name in ("vertices", "joints", "keypoints", "translation"):
            worst = max(worst, float(np.abs(getattr(a, name) - getattr(b, name)).max(initial=0)))
    return worst
