"""Colors of people across views: which tracks of different cameras wear the same, whatever the cameras' color casts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edge.room.config import ColorConfig
from edge.room.views import F64, Sight

PARTS, CHANNELS = 2, 3  # trunk and thighs; lightness and two axes of color
COLORS = PARTS * CHANNELS
UNKNOWN = np.full(COLORS, np.nan)


@dataclass(frozen=True, slots=True)
class ViewColors:
    """Colors (N, 6) of the people of a view without the camera's cast, NaN where they are not known; trust: 0..1,
    how well that cast is known."""

    colors: F64
    trust: float


@dataclass(slots=True)
class _Track:
    color: F64
    t_s: float


class RoomColors:
    """Follows the colors of the tracks of all cameras, and the casts of the cameras.

    A cast is the mean difference of a camera's colors from those of the same people in other views.
    """

    def __init__(self, count: int, config: ColorConfig) -> None:
        """
        Args:
            count: number of cameras.
            config: settings.
        """
        self._config = config
        self._casts = np.zeros((count, CHANNELS))
        self._evidence_s = np.zeros(count)
        self._tracks: list[dict[int, _Track]] = [{} for _ in range(count)]
        self._t_s = -np.inf

    def see(self, t_s: float, sights: Sequence[Sight | None]) -> list[ViewColors | None]:
        """Add the colors of a moment; returns those of each view, None where a view has none."""
        return [self._see(t_s, c, sight) for c, sight in enumerate(sights)]

    def learn(self, t_s: float, groups: Sequence[Mapping[int, F64]]) -> None:
        """Learn the casts.

        Args:
            t_s: time of the moment, s.
            groups: the colors (6,) of each person by camera.
        """
        elapsed_s = min(max(t_s - self._t_s, 0.0), 0.5)
        self._t_s = t_s
        off: dict[int, list[F64]] = {}
        for group in groups:
            known = {c: color for c, color in group.items() if np.isfinite(color).any()}
            if len(known) < 2:
                continue
            every = np.stack(list(known.values()))
            for position, c in enumerate(known):
                others = _mean(np.delete(every, position, 0))
                off.setdefault(c, []).append(_mean((every[position] - others).reshape(PARTS, CHANNELS)))
        for c, differences in off.items():
            difference = _mean(np.stack(differences))
            if not np.isfinite(difference).all():
                continue
            self._evidence_s[c] = min(self._evidence_s[c] + elapsed_s, self._config.settle_s)
            # Other cameras move too: each goes half of the way.
            share = 0.5 * elapsed_s / max(self._evidence_s[c], 1e-9)
            self._casts[c] += min(share, 0.5) * difference

    def reset(self) -> None:
        """Forget all tracks; casts are kept."""
        for tracks in self._tracks:
            tracks.clear()

    def _see(self, t_s: float, c: int, sight: Sight | None) -> ViewColors | None:
        tracks = self._tracks[c]
        for identity in [i for i, track in tracks.items() if t_s - track.t_s > self._config.forget_s]:
            del tracks[identity]
        if sight is None or sight.people.colors is None:
            return None
        found = np.empty((len(sight), COLORS))
        for row, identity in enumerate(sight.people.ids.tolist()):
            color = sight.people.colors[row].astype(np.float64)
            track = tracks.setdefault(identity, _Track(color, t_s))
            share = -np.expm1(-max(t_s - track.t_s, 0.0) / self._config.follow_s)
            track.color, track.t_s = followed(track.color, color, share), t_s
            found[row] = track.color
        trust = self._evidence_s[c] / self._config.settle_s
        return ViewColors(found - np.tile(self._casts[c], PARTS), float(trust))


def followed(color: F64, new: F64, share: float) -> F64:
    """A color (6,) moved towards a new one; parts that one of both does not know are those of the other."""
    moved: F64 = np.where(np.isfinite(color), color + share * np.nan_to_num(new - color), new)
    return moved


def color_costs(first: F64, second: F64, trust: float, config: ColorConfig) -> F64:
    """Costs (M, N) of colors (M, 6) and (N, 6): positive where they are rather those of two people, 0 where no part is
    known in both."""
    off = (first[:, None] - second[None]).reshape(len(first), len(second), PARTS, CHANNELS)
    same = np.array([config.lightness[0], config.color[0], config.color[0]])
    different = np.array([config.lightness[1], config.color[1], config.color[1]])
    ratio = np.log(different / same) + np.square(off) * (0.5 / different**2 - 0.5 / same**2)
    total = np.where(np.isfinite(ratio).all(-1), ratio.sum(-1), 0).sum(-1)
    costs: F64 = config.weight * trust * np.clip(-total, -config.most_alike, config.most_different)
    return costs


def _mean(values: F64) -> F64:
    """Means over the first axis of what is known, NaN where nothing is."""
    known = np.isfinite(values)
    mean: F64 = np.where(known, values, 0).sum(0) / np.where(known.any(0), known.sum(0), np.nan)
    return mean
