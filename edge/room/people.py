"""One id for each person of a room, held while cameras lose and find the person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linear_sum_assignment

from edge.room.body_fit import Fitted, PersonViews
from edge.room.colors import UNKNOWN, RoomColors, ViewColors, color_costs, followed
from edge.room.config import MatchConfig
from edge.room.displaced import expects
from edge.room.matching import APART, cluster, costs_of_bodies
from edge.room.views import F64, RoomCamera, Sight

HABIT = 1.0  # by which the cost of a track that belongs to the person already is lower
SPEED_S = 0.3  # time constant of a person's velocity
SOON_S = 0.3  # time after which a person who is not seen is only looked for by place


@dataclass(slots=True)
class RoomPerson:
    """A person: the track of each camera, the keypoints (K, 3) m and root (3,) m where the person was seen last, with
    the velocity (3,) m/s, and how many cameras saw the person then."""

    identity: int
    tracks: dict[int, int]
    t_s: float
    keypoints: F64
    root: F64
    speed: F64 = field(default_factory=lambda: np.zeros(3))
    views: int = 1
    color: F64 = field(default_factory=UNKNOWN.copy)

    def at(self, t_s: float) -> tuple[F64, F64]:
        """Where keypoints and root are expected."""
        moved = self.speed * min(t_s - self.t_s, SOON_S)
        return self.keypoints + moved, self.root + moved


class RoomPeople:
    """Assigns the tracks of all cameras to the people of the room.

    Each camera's tracks are assigned to the known people (Hungarian method); what is left is grouped over all views.
    A group becomes the person who was lost near by, or a new one. A track of one camera alone waits for confirm_s where
    another camera should see it too.
    """

    def __init__(self, cameras: Sequence[RoomCamera], config: MatchConfig | None = None) -> None:
        self._cameras = cameras
        self._config = config or MatchConfig()
        self._colors = RoomColors(len(cameras), self._config.colors)
        self._seen_colors: list[ViewColors | None] = [None] * len(cameras)
        self._people: dict[int, RoomPerson] = {}
        self._waiting: dict[tuple[int, int], float] = {}  # tracks without a person, since when
        self._next = 0
        self.distrusted: frozenset[int] = frozenset()
        self.untrusted: list[tuple[int, F64]] = []

    @property
    def known(self) -> set[int]:
        """Ids of the people that are remembered."""
        return set(self._people)

    def assign(self, t_s: float, sights: Sequence[Sight | None]) -> list[PersonViews]:
        """The people of a moment, with the row of each camera that sees them; moments come in order."""
        config = self._config
        self._people = {i: p for i, p in self._people.items() if t_s - p.t_s <= config.forget_s}
        self._seen_colors = self._colors.see(t_s, sights)
        rows: dict[int, dict[int, int]] = {}
        for c, sight in enumerate(sights):
            if sight is not None:
                for identity, row in self._known_people(t_s, c, sight).items():
                    rows.setdefault(identity, {})[c] = row
        self._merge(t_s, sights, rows)
        self.untrusted = []
        for identity in [i for i, found in rows.items() if self._is_untrusted(found, sights)]:
            self._add_untrusted(rows.pop(identity), sights)
        self._add_new(t_s, sights, rows)
        count = len(sights)
        seen = []
        for identity in sorted(rows):
            found = rows[identity]
            self._people[identity].tracks = {
                c: int(sight.people.ids[row]) for c, row in found.items() if (sight := sights[c]) is not None
            }
            seen.append(PersonViews(identity, tuple(found.get(c, -1) for c in range(count))))
        return seen

    def observe(self, t_s: float, seen: Sequence[PersonViews], fitted: Fitted) -> None:
        """Remember where the people are."""
        keypoints = fitted.keypoints.astype(np.float64)
        for m, one in enumerate(seen):
            person = self._people[one.identity]
            root = fitted.posed.translation[m].astype(np.float64)
            elapsed_s = t_s - person.t_s
            if elapsed_s > 0:
                share = -np.expm1(-elapsed_s / SPEED_S)
                person.speed = person.speed + share * ((root - person.root) / elapsed_s - person.speed)
            person.t_s, person.root, person.keypoints = t_s, root, keypoints[m]
            person.views = sum(row >= 0 for row in one.rows)
            for color in self._colors_of(dict(enumerate(one.rows))).values():
                person.color = followed(person.color, color, self._config.colors.person_share)
        self._colors.learn(t_s, [self._colors_of(dict(enumerate(one.rows))) for one in seen])

    def reset(self) -> None:
        """Forget all people; their ids are not used again."""
        self._people.clear()
        self._waiting.clear()
        self._colors.reset()

    def _colors_of(self, rows: Mapping[int, int]) -> dict[int, F64]:
        """Colors (6,) by camera of a person who is in these rows."""
        return {
            c: colors.colors[row]
            for c, row in rows.items()
            if row >= 0 and (colors := self._seen_colors[c]) is not None
        }

    def _known_people(self, t_s: float, c: int, sight: Sight) -> dict[int, int]:
        """Rows of the people that this camera sees, by id."""
        config = self._config
        people = [p for p in self._people.values() if t_s - p.t_s <= SOON_S]
        if not people or not len(sight):
            return {}
        where = [person.at(t_s) for person in people]
        spread = np.array([config.ray_sigma_m + config.reach_m_s * 0.5 * (t_s - p.t_s) for p in people])
        costs = costs_of_bodies(
            np.array([points for points, _ in where]), np.array([root for _, root in where]), spread, sight, config
        )
        colors = self._seen_colors[c]
        if colors is not None:
            worn = np.array([p.color for p in people])
            costs += color_costs(worn, colors.colors, colors.trust, config.colors)
        own = np.array([[p.tracks.get(c) == i for i in sight.people.ids.tolist()] for p in people])
        allowed = costs < np.where(own, config.keep_limit, config.limit)
        chosen = np.where(allowed, costs - HABIT * own, APART)
        pairs = zip(*linear_sum_assignment(chosen), strict=True)
        return {people[i].identity: int(row) for i, row in pairs if allowed[i, row]}

    def _merge(self, t_s: float, sights: Sequence[Sight | None], rows: dict[int, dict[int, int]]) -> None:
        """Join people whom different cameras see and who are the same: the older one stays."""
        config = self._config
        seen = sorted(rows)
        for position, older in enumerate(seen):
            for younger in seen[position + 1 :]:
                if older not in rows or younger not in rows or set(rows[older]) & set(rows[younger]):
                    continue
                one, two = self._people[older], self._people[younger]
                if np.abs(one.root - two.root).max() > 1.0:
                    continue
                # The body that more cameras see is where it seems to be; rays of the others must meet it.
                pairs = [(one, younger, len(rows[older])), (two, older, len(rows[younger]))]
                most = max(count for *_, count in pairs)
                costs = [
                    float(costs_of_bodies(p.at(t_s)[0][None], p.at(t_s)[1][None], self._spread, sight, config)[0, row])
                    for p, other, count in pairs
                    if count == most
                    for c, row in rows[other].items()
                    if (sight := sights[c]) is not None
                ]
                if np.mean(costs) < config.limit / 2:
                    rows[older] |= rows.pop(younger)
                    del self._people[younger]

    @property
    def _spread(self) -> F64:
        return np.array([self._config.ray_sigma_m])

    def _add_new(self, t_s: float, sights: Sequence[Sight | None], rows: dict[int, dict[int, int]]) -> None:
        taken = {(c, row) for found in rows.values() for c, row in found.items()}
        left = [
            np.array([row for row in range(len(sight)) if (c, row) not in taken], np.intp)
            if sight is not None
            else np.empty(0, np.intp)
            for c, sight in enumerate(sights)
        ]
        waiting: dict[tuple[int, int], float] = {}
        groups = cluster(sights, left, self._config, self._seen_colors)
        groups.sort(key=len, reverse=True)
        for group in groups:
            tracks = {(c, int(sight.people.ids[row])) for c, row in group.items() if (sight := sights[c]) is not None}
            since_s = min(self._waiting.get(track, t_s) for track in tracks)
            known = [(self._owner(track), track) for track in tracks]
            returning = [identity for identity, _ in known if identity is not None and identity not in rows]
            if self._is_untrusted(group, sights):
                self._add_untrusted(group, sights)
                continue
            alone = len(group) == 1 and self._expected_elsewhere(group, sights)
            if alone and t_s - since_s < self._config.confirm_s:
                waiting |= dict.fromkeys(tracks, since_s)
                continue
            root = np.mean([sight.roots[row] for c, row in group.items() if (sight := sights[c]) is not None], axis=0)
            identity = returning[0] if returning else self._lost_near(t_s, root, self._colors_of(group), rows)
            if identity is None:
                identity = self._new(t_s, root)
            if identity is not None:
                rows[identity] = group
        self._waiting = waiting

    def _is_untrusted(self, group: Mapping[int, int], sights: Sequence[Sight | None]) -> bool:
        """Whether only a camera that is not trusted sees a person whom others should see."""
        return len(group) == 1 and set(group) <= self.distrusted and self._expected_elsewhere(group, sights)

    def _add_untrusted(self, group: Mapping[int, int], sights: Sequence[Sight | None]) -> None:
        self.untrusted += [(c, sight.roots[row]) for c, row in group.items() if (sight := sights[c]) is not None]

    def _owner(self, track: tuple[int, int]) -> int | None:
        """The person who had this track of a camera last."""
        c, number = track
        return next((p.identity for p in self._people.values() if p.tracks.get(c) == number), None)

    def _lost_near(
        self, t_s: float, root: F64, colors: Mapping[int, F64], rows: dict[int, dict[int, int]]
    ) -> int | None:
        """The lost person who is nearest and wears the same, if the way from there can be walked."""
        config = self._config
        best, least = None, np.inf
        for person in self._people.values():
            if person.identity in rows:
                continue
            way = float(np.linalg.norm((root - person.root)[:2]))
            cost = way + self._color_cost(person, colors)
            if cost < least and way < config.reach_m + config.reach_m_s * (t_s - person.t_s):
                best, least = person.identity, cost
        return best

    def _color_cost(self, person: RoomPerson, colors: Mapping[int, F64]) -> float:
        """Cost that tracks with these colors are a person."""
        costs = [
            float(color_costs(person.color[None], color[None], view.trust, self._config.colors)[0, 0])
            for c, color in colors.items()
            if (view := self._seen_colors[c]) is not None
        ]
        return sum(costs) / max(len(costs), 1)

    def _new(self, t_s: float, root: F64) -> int | None:
        """A new person's id; None where there are too many people."""
        if len(self._people) >= self._config.max_people:
            return None
        identity, self._next = self._next, self._next + 1
        self._people[identity] = RoomPerson(identity, {}, t_s, np.full((1, 3), np.nan), root)
        return identity

    def _expected_elsewhere(self, group: Mapping[int, int], sights: Sequence[Sight | None]) -> bool:
        """Whether another camera that is running should see a person too."""
        ((own, row),) = group.items()
        sight = sights[own]
        assert sight is not None
        root = sight.roots[row][None]
        return any(
            c != own and sights[c] is not None and c not in self.distrusted and expects(camera, root)[0]
            for c, camera in enumerate(self._cameras)
        )
