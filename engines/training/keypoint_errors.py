"""The synthetic 2D error model of Pose2Mesh's training: jittered, missed and mirrored keypoints.

After Moon et al., PoseFix, CVPR 2019: a keypoint is jittered around its place, missed, or taken for its mirror image,
at distances that belong to keypoint similarities of 0.85, 0.5 and 0.1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

SIGMAS = np.array([26, 25, 25, 35, 35, 79, 79, 72, 72, 62, 62, 107, 107, 87, 87, 89, 89]) / 1000  # COCO's
MIRRORED = np.array([0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15])
FACE, UPPER, HIPS, LOWER = range(5), range(5, 11), (11, 12), range(11, 17)
GOOD, JITTER, MISS, INVERSION = range(4)
SIMILARITY = (0.85, 0.5, 0.1)


def _probabilities() -> F64:
    """(17, 4): good, jitter, miss, inversion of each keypoint where more than ten are visible."""
    jitter, miss, inversion = np.zeros(17), np.full(17, 0.10), np.zeros(17)
    jitter[:] = 0.10
    jitter[[1, 2, 3, 4, *UPPER]] = 0.15
    jitter[[*HIPS]] = 0.20
    miss[[*FACE]] = 0.02
    miss[[5, 6, 15, 16]] = 0.05
    inversion[[*FACE]] = 0.01
    inversion[[*UPPER]] = 0.03
    inversion[[*LOWER]] = 0.06
    return np.stack([1 - jitter - miss - inversion, jitter, miss, inversion], 1)


PROBABILITIES = _probabilities()


def disturbed(rng: np.random.Generator, keypoints: F32, factor: float = 1.0) -> F32:
    """COCO's keypoints (N, 17, 2) px with the errors of a detector.

    factor scales the probabilities of errors and, below 1, their distances.
    """
    count = len(keypoints)
    extent = np.ptp(keypoints, axis=1).clip(1)
    area = extent.prod(1)[:, None, None]
    # Object keypoint similarity exp(-d^2 / (2 area (2 sigma)^2)) at distance d.
    radius = np.sqrt(-2 * area * (2 * SIGMAS)[:, None] ** 2 * np.log(SIMILARITY)) * 0.5  # (N, 17, 3)
    chance = PROBABILITIES.copy()
    chance[:, 1:] *= factor
    chance[:, GOOD] = 1 - chance[:, 1:].sum(1)
    kind = (rng.random((count, 17, 1)) > np.cumsum(chance, 1)[None]).sum(-1).clip(0, 3)
    inner = np.where(kind == JITTER, radius[..., 0], np.where(kind == MISS, radius[..., 1], 0))
    outer = np.select([kind == GOOD, kind == JITTER, kind == MISS], [radius[..., k] for k in range(3)], radius[..., 1])
    angle = rng.uniform(0, 2 * np.pi, (count, 17))
    distance = inner + (outer - inner) * np.sqrt(rng.random((count, 17)))
    offset = distance[..., None] * np.stack([np.cos(angle), np.sin(angle)], -1)
    around = np.where((kind == INVERSION)[..., None], keypoints[:, MIRRORED], keypoints)
    return np.asarray(around + min(factor, 1.0) * offset, np.float32)
