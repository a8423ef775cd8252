"""The keypoints of a person who stands upright in a box."""

from __future__ import annotations

import numpy as np

BODY = np.array(  # COCO order, in box widths and heights, a person standing upright
    [
        [0.50, 0.09], [0.54, 0.08], [0.46, 0.08], [0.60, 0.09], [0.40, 0.09], [0.75, 0.21], [0.25, 0.21],
        [0.82, 0.36], [0.18, 0.36], [0.84, 0.50], [0.16, 0.50], [0.66, 0.51], [0.34, 0.51], [0.67, 0.72],
        [0.33, 0.72], [0.68, 0.93], [0.32, 0.93],
    ],
    np.float32,
)  # fmt: skip
