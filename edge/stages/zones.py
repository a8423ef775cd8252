"""Zones of the image in which people are ignored: reflections, screens, posters, a street behind a window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.types import F32, Detections, Pose2D, TrackedFrame, Tracks

MOST_CORNERS = 64
EDGE = 1e-6  # points on the lower and right edge of the image are inside of a zone that reaches it


@dataclass(frozen=True, slots=True)
class Zone:
    """A polygon in fractions of the image: (0, 0) is its top left corner and (1, 1) its bottom right one.

    Attributes:
        corners: three or more points (x, y), from 0 to 1.
    """

    corners: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        """Raises ValueError for corners that are no polygon in the image."""
        if not 3 <= len(self.corners) <= MOST_CORNERS:
            raise ValueError(f"a zone has 3 to {MOST_CORNERS} corners, not {len(self.corners)}")
        points = np.array(self.corners, np.float64)
        if not (np.isfinite(points).all() and (points >= 0).all() and (points <= 1).all()):
            raise ValueError("the corners of a zone are fractions of the image, from 0 to 1")
        x, y = points.T
        if abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) < 1e-9:
            raise ValueError("the corners of a zone are on one line")

    def contains(self, points: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Whether points (N, 2), fractions of the image, are inside: (N,), by the even-odd rule."""
        x, y = points.T[..., None]
        ax, ay = np.array(self.corners, np.float64).T
        bx, by = np.roll(ax, -1), np.roll(ay, -1)
        crosses = (ay > y) != (by > y)
        with np.errstate(divide="ignore", invalid="ignore"):
            at = ax + (y - ay) / (by - ay) * (bx - ax)
        inside: NDArray[np.bool_] = (crosses & (x < at)).sum(1) % 2 == 1
        return inside


class IgnoredZones:
    """Leaves out people who stand in a zone, or whose middle is in one.

    Attributes:
        zones: may be replaced while frames are processed.
    """

    def __init__(self, zones: Sequence[Zone] = ()) -> None:
        self.zones = tuple(zones)

    def ignored(self, boxes: F32, size: tuple[int, int]) -> NDArray[np.bool_]:
        """Whether people are ignored.

        Args:
            boxes: (N, 4) xyxy px. The middle of the lower edge, or the center, decides; parts outside of the image
                do not count.
            size: width and height of the image, px.

        Returns:
            (N,) bool.
        """
        zones = self.zones
        inside = np.zeros(len(boxes), bool)
        if not zones or not len(boxes):
            return inside
        scale = np.array([*size, *size], np.float64)
        left, top, right, bottom = np.clip((boxes + 0.5) / scale, 0, 1 - EDGE).T
        middle = (left + right) / 2
        for points in (np.stack([middle, bottom], 1), np.stack([middle, (top + bottom) / 2], 1)):
            for zone in zones:
                inside |= zone.contains(points)
        return inside

    def detections(self, found: Detections, size: tuple[int, int]) -> Detections:
        """The detections that are not ignored."""
        kept = ~self.ignored(found.boxes, size)
        return found if kept.all() else Detections(found.boxes[kept], found.scores[kept])

    def people(self, tracked: TrackedFrame) -> TrackedFrame:
        """The frame without the people who are ignored; their tracks go on, so that they keep their ids."""
        height, width = tracked.frame.pixels.shape[:2]
        tracks, pose = tracked.tracks, tracked.pose
        kept = ~self.ignored(tracks.boxes, (width, height))
        if kept.all():
            return tracked
        seen = np.isin(pose.ids, tracks.ids[kept])
        keypoints = None if tracks.keypoints is None else tracks.keypoints[kept]
        return TrackedFrame(
            tracked.frame,
            tracked.camera,
            Tracks(tracks.ids[kept], tracks.boxes[kept], tracks.scores[kept], keypoints),
            Pose2D(pose.ids[seen], pose.keypoints[seen], pose.scores[seen]),
        )
