"""Cameras whose people are where no other camera sees any: bumped so far that nothing matches any more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.room.views import F64, RoomCamera

MARGIN = 0.05  # share of the image's size by which a person must be inside it to be expected in a view
FAR_M = 12.0  # distance beyond which a camera is not expected to see a person


def expects(camera: RoomCamera, roots: F64) -> NDArray[np.bool_]:
    """Whether a camera should see people at roots (M, 3) m of the room, if nothing hides them."""
    places = camera.to_camera(roots)
    ahead = (places[:, 2] > 0.3) & (places[:, 2] < FAR_M)
    inside = camera.camera.project(np.where(ahead[:, None], places, [0, 0, 1.0])) / np.array(camera.camera.size)
    expected: NDArray[np.bool_] = ahead & (inside > MARGIN).all(-1) & (inside < 1 - MARGIN).all(-1)
    return expected


@dataclass(frozen=True, slots=True)
class DisplacementConfig:
    """When a camera is taken for one that was moved far.

    Attributes:
        window_s: time over which people are counted, s.
        least_s: time of people, s, that must not match.
        share: of these in all of a camera's people from which it counts as moved.
        good_share: below which it does not any more.
    """

    window_s: float = 10.0
    least_s: float = 3.0
    share: float = 0.6
    good_share: float = 0.3


class DisplacedCameras:
    """Counts, for each camera, the time of people who match, and of those who do not while other cameras see people
    whom the camera should see, too.

    Attributes:
        moved: cameras that seem to have been moved far; of two cameras, the second one stands for both.
    """

    def __init__(self, cameras: Sequence[RoomCamera], config: DisplacementConfig | None = None) -> None:
        self._cameras, self._config = tuple(cameras), config or DisplacementConfig()
        self._joined, self._apart = np.zeros(len(cameras)), np.zeros(len(cameras))
        self._t_s = -np.inf
        self.moved: frozenset[int] = frozenset()

    def observe(self, t_s: float, roots: F64, seen: NDArray[np.bool_], running: NDArray[np.bool_]) -> None:
        """Add a moment.

        Args:
            t_s: its time, s.
            roots: (M, 3) m, of the people; also of tracks that became none because their camera is not trusted.
            seen: (M, C), which cameras see whom.
            running: (C,), which cameras gave a frame.
        """
        elapsed_s = min(max(t_s - self._t_s, 0.0), 0.5) if np.isfinite(self._t_s) else 0.0
        self._t_s = t_s
        kept = np.exp(-elapsed_s / self._config.window_s)
        self._joined *= kept
        self._apart *= kept
        shared = seen.sum(1) > 1
        self._joined += elapsed_s * (seen & shared[:, None]).sum(0)
        alone = seen & ~shared[:, None]
        if alone.any():
            expected = np.stack([expects(camera, roots) for camera in self._cameras], 1)
            missing: NDArray[np.bool_] = expected & ~seen & running
            alone &= missing.any(1, keepdims=True)
            unmatched = missing & seen.any(1, keepdims=True)
            self._apart += elapsed_s * np.minimum(alone.sum(0), unmatched.sum(0))
        self._decide()

    def _decide(self) -> None:
        config = self._config
        total = self._joined + self._apart
        share = np.where(self._apart > 0, self._apart / np.maximum(total, 1e-9), 0)
        kept = frozenset(c for c in self.moved if share[c] > config.good_share)
        worst = int(share.argmax())
        # Others lose people because of one that was moved: one after the other, the worst first.
        if not kept and share[worst] > config.share and self._apart[worst] > config.least_s:
            equal = np.flatnonzero(share >= share[worst] - 0.05)
            kept = frozenset([int(equal[-1])])
        self.moved = kept
