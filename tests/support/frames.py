"""Blank frames."""

from __future__ import annotations

import numpy as np

from edge.types import Frame


def blank_frame(index: int = 0, *, stream: str = "left", t_s: float | None = None) -> Frame:
    """A black frame of 64 x 48 px, captured at monotonic time 0; t_s: stream time, else of 30 frames per second."""
    return Frame(stream, index, 0, index / 30 if t_s is None else t_s, np.zeros((48, 64, 3), np.uint8))
