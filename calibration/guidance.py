"""What views of a board still lack, and which views of a live camera are worth keeping."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from calibration.boards import View, homography_of

F64 = NDArray[np.float64]
LEAST_TILT = 0.08  # change of depth across the board that counts as tilted, as a share of its distance
NEW_PLACE = 0.05  # mean distance of the corners to those of a kept view, as a share of the image's longer side
NEW_TILT = 0.075  # change of the tilt that makes a view new at the same place
FIRST_VIEWS = 12  # among which smaller differences count, so that there is an estimate early
FIRST_SHARE = 0.4  # of these differences
STEADY_PER_S = 0.08  # speed of the corners in longer sides of the image: 2 px of blur at 1/60 s and 1280 px

Edge = Literal["right", "left", "bottom", "top"]
Verdict = Literal["kept", "known", "moving"]
_EDGES: tuple[tuple[int, int, Edge], ...] = ((0, 1, "right"), (0, -1, "left"), (1, 1, "bottom"), (1, -1, "top"))


@dataclass(frozen=True, slots=True)
class Step:
    """Something that views of a board have to show.

    Attributes:
        text: what to do.
        region: column and row of the third of the image in which the board has to be seen; None: of no matter.
        away: the edge of the board that has to be farther away; None: of no matter.
        done: whether a view shows it.
    """

    text: str
    region: tuple[int, int] | None
    away: Edge | None
    done: bool


def steps(views: Sequence[View], size: tuple[int, int]) -> tuple[Step, ...]:
    """All that is needed: corners in each ninth of the image, and tilts to four sides.

    Args:
        views: so far.
        size: of the images, (width, height) px.
    """
    thirds = np.array(size) / 3
    seen = {(int(x), int(y)) for view in views for x, y in view.corners // thirds}
    needed = []
    for row, vertical in enumerate(("top", "middle", "bottom")):
        for column, horizontal in enumerate(("left", "middle", "right")):
            where = "the middle" if vertical == horizontal == "middle" else f"the {vertical} {horizontal}"
            text = f"move the board to {where} of the image"
            needed.append(Step(text, (column, row), None, (column, row) in seen))
    tilts = np.array([tilt for tilt in (_tilt(view) for view in views) if tilt is not None]).reshape(-1, 2)
    for axis, sign, edge in _EDGES:
        tilted = bool((sign * tilts[:, axis] > LEAST_TILT).any())
        needed.append(Step(f"tilt the board, its {edge} edge away from the camera", None, edge, tilted))
    return tuple(needed)


def guidance(views: Sequence[View], size: tuple[int, int]) -> str:
    """What to show next, in a few words; "" when the views suffice."""
    if not views:
        return "show the board"
    return next((step.text for step in steps(views, size) if not step.done), "")


class ViewCollector:
    """Keeps the views of a live camera that are sharp and differ from those before.

    Attributes:
        views: that were kept.
    """

    def __init__(self, size: tuple[int, int]) -> None:
        """size: of the images, (width, height) px."""
        self.views: list[View] = []
        self._side = float(max(size))
        self._before: tuple[View, float] | None = None

    def offer(self, view: View | None, t_s: float) -> Verdict | None:
        """Take the view of the next image.

        Args:
            view: None where the image shows no board.
            t_s: time of the image, s.

        Returns:
            What became of the view.
        """
        before, self._before = self._before, None if view is None else (view, t_s)
        if view is None:
            return None
        if before is None or not _distance(view, before[0]) <= STEADY_PER_S * (t_s - before[1]) * self._side:
            return "moving"
        if not all(self._is_new(view, kept) for kept in self.views):
            return "known"
        self.views.append(view)
        return "kept"

    def _is_new(self, view: View, kept: View) -> bool:
        share = FIRST_SHARE if len(self.views) < FIRST_VIEWS else 1.0
        if not _distance(view, kept) <= share * NEW_PLACE * self._side:
            return True
        tilt, before = _tilt(view), _tilt(kept)
        return tilt is not None and before is not None and bool(np.abs(tilt - before).max() > share * NEW_TILT)


def _distance(view: View, other: View) -> float:
    """Mean distance of the corners that both views show, px; not a number where there are none."""
    first = {tuple(point): corner for point, corner in zip(view.points.tolist(), view.corners, strict=True)}
    pairs = [
        (first[tuple(point)], corner)
        for point, corner in zip(other.points.tolist(), other.corners, strict=True)
        if tuple(point) in first
    ]
    if not pairs:
        return float("nan")
    return float(np.mean([np.hypot(*(one - another)) for one, another in pairs]))


def _tilt(view: View) -> F64 | None:
    """How the board's distance changes along the image's x and y, over its extent, as a share of the distance.

    For a plane, the homography's last row is proportional to the distance, as a function of the position on the board;
    the chain rule gives its change along the image.
    """
    homography = homography_of(view)
    if homography is None:
        return None
    center = np.append(view.points[:, :2].mean(axis=0), 1.0)
    x, y, depth = homography @ center
    jacobian = (homography[:2, :2] * depth - np.outer([x, y], homography[2, :2])) / depth**2
    if abs(np.linalg.det(jacobian)) < 1e-12:
        return None
    per_px: F64 = np.linalg.inv(jacobian).T @ homography[2, :2] / depth
    return np.asarray(per_px * np.ptp(view.corners, axis=0))
