"""Split of a clip's samples into those for calibration and those held out for evaluation."""

from __future__ import annotations

PARTS = 6
HELD_OUT = (1, 4)  # parts of the clip's time: neither start nor end, which look alike in looped exercises
GAP = 0.25  # of a part: samples nearer to a held-out part are not used


def split(count: int) -> tuple[list[int], list[int]]:
    """Indices of `count` evenly spread samples of one clip: those for calibration, and those held out.

    Contiguous parts, a third of the time, are held out, and the samples next to them are left out, so that no held-out
    sample has a near duplicate in the calibration.
    """
    part = [index * PARTS // count for index in range(count)]
    held = [index for index in range(count) if part[index] in HELD_OUT]
    gap = max(1, round(GAP * count / PARTS))
    near = {index + step for index in held for step in range(-gap, gap + 1)}
    return [index for index in range(count) if index not in near], held
