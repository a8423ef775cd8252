"""Views of a board in several recordings, brought to the same moments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from calibration.boards import View
from calibration.rig.calibrate import BoardViews
from calibration.time_offset import OffsetSearch, TimeOffset, estimate_offset

F64 = NDArray[np.float64]
NEIGHBOR_S = 0.3  # farthest view from which a velocity is taken, s
MOST_USED = 120  # frames of the bundle adjustment
END_S, END_FRAMES = 2.0, 6  # of the beginning and the end that are used in any case
OUT_OF_STEP = 1.0  # offset of recordings of equal length that is believed, in frame intervals
DELAY_SHARE = 0.5  # standard deviation of the moments of one frame's images, in frame intervals


@dataclass(frozen=True, slots=True)
class BoardTrack:
    """Views of a board in one recording.

    Attributes:
        views: by number of the frame.
        times_s: of the frames that were searched, on the recording's own clock.
        interval_s: between frames of the recording.
        frames: of the recording.
        whole: how many corners the whole board has.
    """

    views: Mapping[int, View]
    times_s: Mapping[int, float]
    interval_s: float
    frames: int
    whole: int

    def motion(self, keys: Sequence[tuple[int, int]] | None) -> tuple[F64, F64]:
        """Times (T,) and positions (T, J, 2) of corners with these keys, or of the board's center (T, 1, 2)."""
        frames = sorted(self.times_s)
        positions = np.full((len(frames), 1 if keys is None else len(keys), 2), np.nan)
        for row, frame in enumerate(frames):
            view = self.views.get(frame)
            if view is None:
                continue
            if keys is None:
                if len(view.corners) == self.whole:
                    positions[row, 0] = view.corners.mean(axis=0)
                continue
            seen = dict(zip(map(corner_key, view.points), view.corners, strict=True))
            for column, key in enumerate(keys):
                if key in seen:
                    positions[row, column] = seen[key]
        return np.array([self.times_s[frame] for frame in frames]), positions


def corner_key(point: NDArray[np.floating]) -> tuple[int, int]:
    """A corner's position on the board as whole micrometers."""
    return round(float(point[0]) * 1e6), round(float(point[1]) * 1e6)


def motion_offsets(tracks: Mapping[str, BoardTrack], *, ordered: bool, largest_s: float) -> dict[str, TimeOffset]:
    """The offsets of clocks against that of the first recording, where the board's motion determines them reliably.

    Args:
        tracks: by camera.
        ordered: the corners have identities; else the board's center is used.
        largest_s: largest offset.
    """
    names = list(tracks)
    found: dict[str, TimeOffset] = {names[0]: TimeOffset(0.0, 0.0, 1.0, 1.0)}
    keys = None
    if ordered:
        every = {
            corner_key(point) for track in tracks.values() for view in track.views.values() for point in view.points
        }
        keys = sorted(every)
    motions = {name: track.motion(keys) for name, track in tracks.items()}
    for _ in names:
        for name in names:
            if name in found:
                continue
            options = []
            for known, offset in found.items():
                pair = estimate_offset(*motions[known], *motions[name], OffsetSearch(largest_s=largest_s))
                if pair is not None and pair.reliable:
                    options.append(replace(pair, seconds=pair.seconds + offset.seconds))
            if options:
                found[name] = max(options, key=lambda option: option.correlation)
    return found


def by_frame(tracks: Mapping[str, BoardTrack], turns: Sequence[F64]) -> BoardViews:
    """Views of recordings that run in step: frames with the same number are of one moment."""
    frames = sorted({frame for track in tracks.values() for frame in track.views})
    times = {frame: time for track in tracks.values() for frame, time in track.times_s.items()}
    views = {
        frame: {name: track.views[frame] for name, track in tracks.items() if frame in track.views} for frame in frames
    }
    velocities = {
        (frame, name): velocity for name, track in tracks.items() for frame, velocity in _velocities(track).items()
    }
    return _used(BoardViews(views, turns, velocities, times, _delay(tracks)))


def by_time(tracks: Mapping[str, BoardTrack], turns: Sequence[F64], offsets_s: Mapping[str, float]) -> BoardViews:
    """Views of recordings with their own clocks, moved to the moments of the frames of the slowest recording.

    Args:
        tracks: by camera.
        turns: the board's symmetries.
        offsets_s: by which each recording's clock is ahead of the first one's.
    """
    velocities = {name: _velocities(track) for name, track in tracks.items()}
    slowest = max(tracks, key=lambda name: tracks[name].interval_s)
    ticks = {frame: time - offsets_s[slowest] for frame, time in tracks[slowest].times_s.items()}
    views: dict[int, dict[str, View]] = {frame: {} for frame in ticks}
    moving: dict[tuple[int, str], F64] = {}
    for name, track in tracks.items():
        numbers = sorted(track.views)
        times = np.array([track.times_s[number] - offsets_s[name] for number in numbers])
        for frame, time in ticks.items() if numbers else ():
            at = int(np.abs(times - time).argmin())
            late = float(times[at] - time)
            velocity = velocities[name][numbers[at]]
            if abs(late) > track.interval_s * 1.01 or (not velocity.any() and abs(late) > 0.51 * track.interval_s):
                continue
            view = track.views[numbers[at]]
            views[frame][name] = replace(view, corners=(view.corners - velocity * late).astype(np.float32))
            moving[frame, name] = velocity
    views = {frame: seen for frame, seen in views.items() if seen}
    return _used(BoardViews(views, turns, moving, ticks, _delay(tracks)))


def _delay(tracks: Mapping[str, BoardTrack]) -> float:
    return DELAY_SHARE * max(track.interval_s for track in tracks.values())


def _used(seen: BoardViews) -> BoardViews:
    """About MOST_USED frames: those that several cameras share, evenly for every set of cameras, and some of the
    beginning and the end, where the board may lie still."""
    if len(seen.views) <= MOST_USED:
        return seen
    groups: dict[tuple[str, ...], list[int]] = {}
    for frame, entry in seen.views.items():
        groups.setdefault(tuple(sorted(entry)), []).append(frame)
    shared = {group: frames for group, frames in groups.items() if len(group) > 1}
    chosen: set[int] = set()
    for group, frames in sorted(shared.items(), key=lambda entry: len(entry[1])):
        share = max(4, (MOST_USED - len(chosen)) // max(1, sum(not set(other) <= chosen for other in shared.values())))
        chosen.update(frames[index] for index in np.unique(np.linspace(0, len(frames) - 1, share).astype(int)))
        del group
    alone = [frame for group, frames in groups.items() if len(group) == 1 for frame in frames]
    left = max(0, MOST_USED - len(chosen))
    if alone and left:
        chosen.update(alone[index] for index in np.unique(np.linspace(0, len(alone) - 1, left).astype(int)))
    chosen.update(_ends(seen))
    return replace(seen, views={frame: entry for frame, entry in seen.views.items() if frame in chosen})


def _ends(seen: BoardViews) -> list[int]:
    """Frames of the first and the last END_S in which several cameras see the board."""
    shared = [frame for frame, entry in sorted(seen.views.items()) if len(entry) > 1 and frame in seen.times_s]
    if not shared:
        return []
    times = np.array([seen.times_s[frame] for frame in shared])
    ends = (np.flatnonzero(times <= times[0] + END_S), np.flatnonzero(times >= times[-1] - END_S))
    return [
        shared[index] for end in ends for index in end[np.unique(np.linspace(0, len(end) - 1, END_FRAMES).astype(int))]
    ]


def _velocities(track: BoardTrack) -> dict[int, F64]:
    """How fast the corners (N, 2) of each view move, px per second: differences to the views before and after it; 0
    where it has no neighbors."""
    numbers = sorted(track.times_s)
    place = {number: index for index, number in enumerate(numbers)}
    found = {}
    for number, view in track.views.items():
        velocity = np.zeros((len(view.corners), 2))
        found[number] = velocity
        at, time = place[number], track.times_s[number]
        near = [
            other
            for other in numbers[max(0, at - 1) : at + 2]
            if other in track.views and abs(track.times_s[other] - time) <= NEIGHBOR_S
        ]
        if len(near) < 2:
            continue
        corners = {other: _like(view, track.views[other]) for other in near}
        for row, key in enumerate(map(corner_key, view.points)):
            having = [other for other in near if key in corners[other]]
            if len(having) > 1:
                first, last = having[0], having[-1]
                step = corners[last][key] - corners[first][key]
                velocity[row] = step / (track.times_s[last] - track.times_s[first])
    return found


def _like(view: View, other: View) -> dict[tuple[int, int], NDArray[np.float32]]:
    """The corners of a view of the same board a moment later, by the keys of the first: a chessboard's may be counted
    from its other end there."""
    keys = list(map(corner_key, other.points))
    if len(view.corners) == len(other.corners):
        forward = np.linalg.norm(other.corners - view.corners, axis=1).mean()
        backward = np.linalg.norm(other.corners[::-1] - view.corners, axis=1).mean()
        if backward < forward:
            return dict(zip(keys, other.corners[::-1], strict=True))
    return dict(zip(keys, other.corners, strict=True))
