"""What live views of a board still lack for a rig, and when they suffice."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from calibration.boards import View
from calibration.guidance import ViewCollector, guidance

F64 = NDArray[np.float64]
TOGETHER_S = 0.06  # largest difference between the times of two views that count as common
WANTED = 15  # common views of a pair at different places
NEW_PLACE = 0.05  # change of the board's place or size that makes a view new, as a share of the image's longer side
STILL_PLACE = 0.003  # largest change of a board that lies still, as a share of the same
STILL_S = 3.0  # time for which it has to lie still at the end
RECENT = 8  # views of a camera that wait for those of others


@dataclass(slots=True)
class _Camera:
    side: float
    collector: ViewCollector | None
    size: tuple[int, int]
    recent: deque[tuple[float, F64]] = field(default_factory=lambda: deque(maxlen=RECENT))
    place: F64 | None = None
    still_s: float = np.inf
    seen_s: float = -np.inf
    advice: str = ""


class RigProgress:
    """Takes the views of all cameras as they are found; says what to do next.

    Attributes:
        shared: numbers of common views at different places, by pair of cameras.
    """

    def __init__(self, sizes: Mapping[str, tuple[int, int]], solved: Sequence[str]) -> None:
        """
        Args:
            sizes: (width, height) px by name of the camera.
            solved: names of cameras whose intrinsics are solved from the same views.
        """
        self._cameras = {
            name: _Camera(float(max(size)), ViewCollector(size) if name in solved else None, size)
            for name, size in sizes.items()
        }
        for name in solved:
            self._cameras[name].advice = guidance([], sizes[name])
        self._places: dict[tuple[str, str], list[F64]] = {pair: [] for pair in combinations(sizes, 2)}

    @property
    def shared(self) -> dict[tuple[str, str], int]:
        return {pair: len(places) for pair, places in self._places.items()}

    def offer(self, name: str, view: View | None, t_s: float) -> None:
        """Take what a camera saw at a time (s, common to all cameras); None: no board."""
        camera = self._cameras[name]
        collector = camera.collector
        if collector is not None and camera.advice and collector.offer(view, t_s) == "kept":
            camera.advice = guidance(collector.views, camera.size)
        if view is None:
            return
        place = np.concatenate([view.corners.mean(0), view.corners.std(0)]).astype(np.float64) / camera.side
        if camera.place is None or np.abs(place - camera.place).max() > STILL_PLACE:
            camera.place, camera.still_s = place, t_s
        camera.seen_s = t_s
        camera.recent.append((t_s, place))
        for other, entry in self._cameras.items():
            if other == name or not entry.recent:
                continue
            late_s, matching = min((abs(time_s - t_s), index) for index, (time_s, _) in enumerate(entry.recent))
            if late_s <= TOGETHER_S:
                theirs = entry.recent[matching][1]
                pair, both = ((name, other), (place, theirs))
                if pair not in self._places:
                    pair, both = (other, name), (theirs, place)
                self._add(self._places[pair], np.concatenate(both))

    def lies_still(self, now_s: float) -> bool:
        """Whether two cameras see the board lying still since STILL_S."""
        still = [
            camera
            for camera in self._cameras.values()
            if now_s - camera.seen_s < 1.0 and camera.seen_s - camera.still_s >= STILL_S
        ]
        return len(still) >= 2

    @property
    def advice(self) -> str:
        """What to show next, in a few words; "" when the views suffice but for the floor."""
        pair = self._unconnected()
        if pair is not None:
            return f"show the board to {pair[0]} and {pair[1]} together ({len(self._places[pair])} of {WANTED} places)"
        return next((f"{name}: {camera.advice}" for name, camera in self._cameras.items() if camera.advice), "")

    @staticmethod
    def _add(places: list[F64], place: F64) -> None:
        if len(places) < WANTED and all(np.abs(place - other).max() > NEW_PLACE for other in places):
            places.append(place)

    def _unconnected(self) -> tuple[str, str] | None:
        """The pair that is nearest to connecting the first camera's group with another camera."""
        group = {next(iter(self._cameras))}
        while True:
            between = [pair for pair in self._places if len(group & set(pair)) == 1]
            if not between:
                return None
            best = max(between, key=lambda pair: len(self._places[pair]))
            if len(self._places[best]) < WANTED:
                return best
            group |= set(best)
