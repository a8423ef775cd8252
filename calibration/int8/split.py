"""Which moments of a clip calibrate and which are held out to judge."""

from __future__ import annotations

PARTS = 6
HELD_OUT = (1, 4)  # parts of the clip's time: neither its beginning nor its end, which look alike in looped exercises
GAP = 0.25  # of a part: what lies nearer to the held-out parts is used for nothing


def split(count: int) -> tuple[list[int], list[int]]:
    """Indices of `count` moments of one clip, evenly spread over its time: those that calibrate, and those held out.

    Held out are whole stretches, a third of the time, and the moments before and after them are left out, so that no
    held-out picture has a near twin among those that calibrate.
    """
    part = [index * PARTS // count for index in range(count)]
    held = [index for index in range(count) if part[index] in HELD_OUT]
    gap = max(1, round(GAP * count / PARTS))
    near = {index + step for index in held for step in range(-gap, gap + 1)}
    return [index for index in range(count) if index not in near], held
