"""One body for each person of a room: the mean of the views' bodies, moved towards the rays of all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edge.room.config import RoomConfig
from edge.room.rig_points import RigKeypoints
from edge.room.shape import LimbLengths, RoomShape
from edge.room.triangulation import Points, Rays, Triangulation
from edge.room.views import F64, RoomCamera, Sight
from edge.stages.refine import PoseRefiner, turn_sigmas
from edge.stages.rig_pose import keypoint_shares
from edge.stages.small_rotations import small_rotmat, small_rotvec
from edge.types import F32, BodyModel, PosedRigs
from engines.body.body import Body

LEAST_SHARE = 1e-3  # of a view's rotation that moves nothing it sees
FEET = 2
_DIAGONAL = np.diag_indices(3)


@dataclass(slots=True)
class FitState:
    """What the fit remembers of a person.

    shape: of the person; offsets: by camera, how far the person is from where that view alone would be, m; t_s,
    rotations (P, 3, 3) and root (3,): of the frame before.
    """

    shape: RoomShape
    offsets: dict[int, F64]
    t_s: float
    root: F64
    rotations: F64


@dataclass(frozen=True, slots=True)
class PersonViews:
    """A person and the rows of the sights that show the person; -1 for cameras that do not."""

    identity: int
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Fitted:
    """M people as posed rigs in the room, row for row.

    visibility (M, J) and contacts (M, 2) in 0..1, None where no view knows them; scores (M, K) of the keypoints;
    points: where the rays of the keypoints meet; keypoints (M, K, 3) m, those of the rigs.
    """

    posed: PosedRigs
    visibility: F32
    contacts: F32 | None
    scores: F32
    points: Points
    keypoints: F32


class BodyFitter:
    """(t_s, Sights, PersonViews) -> Fitted. Keeps the state of each person that it is asked for, until forget()."""

    def __init__(self, body: Body, model: BodyModel, cameras: Sequence[RoomCamera], config: RoomConfig) -> None:
        self._config = config
        self._centers = np.array([camera.pose.position for camera in cameras])
        self._keypoints = RigKeypoints(body, model)
        self._triangulation = Triangulation(model.keypoint_names, config.triangulation)
        self._lengths = LimbLengths(self._keypoints, model.keypoint_names, config.shape)
        self._refiner = PoseRefiner(body, model, config.fit.refinement)
        self._turns = [turn_sigmas(c, body.joint_names) for c in (config.fit.alone, config.fit.refinement)]
        self._shares = keypoint_shares(self._keypoints.chain, body, model.keypoint_names)
        joints = len(model.parents)
        self._moves = np.zeros((joints, joints), bool)  # [joint, what it moves]
        for joint, children in enumerate(self._keypoints.chain.children):
            self._moves[joint, children if len(children) else joint] = True
        self._joints = len(model.joint_names)
        self._pixel_rad = np.array([1 / camera.focal_px for camera in cameras])
        self._people: dict[int, FitState] = {}

    def forget(self, kept: set[int]) -> None:
        """Forget everybody else."""
        self._people = {i: p for i, p in self._people.items() if i in kept}

    def __call__(self, t_s: float, sights: Sequence[Sight | None], people: Sequence[PersonViews]) -> Fitted:
        """The bodies of the people at a moment."""
        shape = self._shapes(t_s, sights, people)
        rotations, visibility, contacts = self._mean_pose(sights, people)
        own_roots = self._own_roots(sights, people, shape)
        translation = self._mean_roots(t_s, people, own_roots)
        ids = np.array([person.identity for person in people], np.int32)
        rays = self._rays(sights, people)
        expected = self._keypoints(rotations, shape, translation).astype(np.float64)
        points = self._triangulation(rays, expected)
        shared = _shared(points)
        confidence = ((rays.scores * points.weights).max(1) @ self._shares.T).clip(0, 1).astype(np.float32)
        precision = points.precision(self._config.triangulation.common_sigma_m)
        turns = self._turns[0] ** (1 - shared[:, None]) * self._turns[1] ** shared[:, None]
        fit = self._config.fit
        root_sigma = fit.alone.root_along_m ** (1 - shared) * fit.refinement.root_along_m**shared
        prior = PosedRigs(ids, rotations, shape, translation, confidence)
        prior, turns, root_sigma = self._steadied(t_s, people, prior, turns, root_sigma)
        posed = self._refiner.towards_points(
            prior,
            points.places.astype(np.float32),
            precision.astype(np.float32),
            turns.astype(np.float32),
            root_sigma.astype(np.float32),
        )
        self._learn(t_s, sights, people, posed, points, own_roots, shared)
        scores = (rays.scores * (points.weights > 0)).max(1).astype(np.float32)
        keypoints = self._keypoints(posed.rotations, posed.shape, posed.translation)
        return Fitted(posed, visibility, contacts, scores, points, keypoints)

    def _steadied(
        self, t_s: float, people: Sequence[PersonViews], prior: PosedRigs, turns: F64, root_sigma: F64
    ) -> tuple[PosedRigs, F64, F64]:
        """The prior with what is known from the frame before, and its standard deviations (M, P) rad and (M,) m.

        Rays that determine a rotation win over it; where they do not, the person stays calm.
        """
        fit = self._config.fit
        states = [self._people[person.identity] for person in people]
        known = [m for m, state in enumerate(states) if len(state.rotations)]
        if not known:
            return prior, turns, root_sigma
        rotations, root = prior.rotations.astype(np.float64), prior.translation.astype(np.float64)
        turns, root_sigma = turns.copy(), root_sigma.copy()
        change = np.array([max(t_s - states[m].t_s, 1e-3) / fit.steady_s for m in known])
        turning, moving = fit.steady_rad**2 * change[:, None], fit.steady_m**2 * change
        share = turns[known] ** 2 / (turns[known] ** 2 + turning)
        before = np.stack([states[m].rotations for m in known])
        turn = small_rotvec(rotations[known].swapaxes(-1, -2) @ before)
        rotations[known] = rotations[known] @ small_rotmat(share[..., None] * turn)
        turns[known] = np.sqrt(share * turning)
        share = root_sigma[known] ** 2 / (root_sigma[known] ** 2 + moving)
        root[known] += share[:, None] * (np.stack([states[m].root for m in known]) - root[known])
        root_sigma[known] = np.sqrt(share * moving)
        steadied = replace(prior, rotations=rotations.astype(np.float32), translation=root.astype(np.float32))
        return steadied, turns, root_sigma

    def _rays(self, sights: Sequence[Sight | None], people: Sequence[PersonViews]) -> Rays:
        count = len(self._keypoints.known)
        directions = np.zeros((len(people), len(sights), count, 3))
        scores = np.zeros((len(people), len(sights), count))
        for view, sight in enumerate(sights):
            found, rows = _rows(view, sight, people)
            if sight is not None:
                directions[found, view], scores[found, view] = sight.directions[rows], sight.scores[rows]
        return Rays(self._centers, directions, scores * self._keypoints.known, self._pixel_rad)

    def _shapes(self, t_s: float, sights: Sequence[Sight | None], people: Sequence[PersonViews]) -> F32:
        """Shapes (M, B)."""
        shapes = np.zeros((len(people), self._keypoints.shapes), np.float32)
        for m, person in enumerate(people):
            views = self._view_shape(sights, person)
            state = self._people.get(person.identity)
            if state is None:
                start = RoomShape(views, self._config.shape)
                state = FitState(start, {}, t_s, np.zeros(3), np.empty((0, 3, 3)))
                self._people[person.identity] = state
            state.shape.follow(views)
            state.shape.move(t_s)
            shapes[m] = state.shape.shape
        return shapes

    def _view_shape(self, sights: Sequence[Sight | None], person: PersonViews) -> F32:
        shapes = [sight.people.shape[row] for _, sight, row in _views(sights, person)]
        mean: F32 = np.zeros(self._keypoints.shapes, np.float32)
        mean[: len(shapes[0])] = sum(shapes) / np.float32(len(shapes))
        return mean

    def _mean_pose(self, sights: Sequence[Sight | None], people: Sequence[PersonViews]) -> tuple[F32, F32, F32 | None]:
        """Rotations (M, P, 3, 3) of the people, the visibility (M, J) of their joints and their contacts (M, 2)."""
        joints = len(self._shares)
        rotations = np.tile(np.eye(3), (len(people), joints, 1, 1))
        visibility = np.zeros((len(people), self._joints), np.float32)
        total, started = np.zeros((len(people), joints)), np.zeros(len(people), bool)
        planted, feet = np.zeros((len(people), FEET)), np.zeros((len(people), FEET))
        for view, sight in enumerate(sights):
            found, rows = _rows(view, sight, people)
            if sight is None or not len(found):
                continue
            seen = np.ones((len(found), self._joints), np.float32)
            if sight.people.visibility is not None:
                seen = np.nan_to_num(sight.people.visibility[rows])
            weight = np.where(self._moves, seen[:, None, :joints], 0).max(-1) + LEAST_SHARE
            total[found] += weight
            first = ~started[found]
            rotations[found[first]] = sight.rotations[rows[first]]
            started[found] = True
            more, of = found[~first], rows[~first]
            if len(more):
                share = (weight[~first] / total[more])[..., None]
                turn = rotations[more].swapaxes(-1, -2) @ sight.rotations[of]
                rotations[more] = rotations[more] @ small_rotmat(share * small_rotvec(turn))
            visibility[found] = np.maximum(visibility[found], seen)
            if sight.people.contacts is not None:
                contact = sight.people.contacts[rows]
                planted[found] += np.nan_to_num(contact)
                feet[found] += np.isfinite(contact)
        contacts = np.where(feet > 0, planted / np.maximum(feet, 1), np.nan).astype(np.float32)
        return rotations.astype(np.float32), visibility, contacts if feet.any() else None

    def _own_roots(
        self, sights: Sequence[Sight | None], people: Sequence[PersonViews], shape: F32
    ) -> list[dict[int, F64]]:
        """Roots (3,) m of each person by camera, as that view alone sees a person of the room's size."""
        roots: list[dict[int, F64]] = [{} for _ in people]
        statures = self._keypoints.stature(shape)
        for view, sight in enumerate(sights):
            found, rows = _rows(view, sight, people)
            if sight is None or not len(found):
                continue
            sizes = self._keypoints.stature(sight.people.shape[rows])
            placed = sight.center + (sight.roots[rows] - sight.center) * (statures[found] / sizes)[:, None]
            for m, root in zip(found.tolist(), placed, strict=True):
                roots[m][view] = root
        return roots

    def _mean_roots(self, t_s: float, people: Sequence[PersonViews], own_roots: list[dict[int, F64]]) -> F32:
        """Roots (M, 3) m, weighted by how well each view knows them."""
        fit = self._config.fit
        matrices, sides = np.zeros((len(people), 3, 3)), np.zeros((len(people), 3))
        for m, (person, own) in enumerate(zip(people, own_roots, strict=True)):
            state = self._people[person.identity]
            for view, root in own.items():
                at = root
                if len(own) == 1 and view in state.offsets:
                    kept = np.exp(-max(t_s - state.t_s, 0) / fit.handover_s)
                    at = root + kept * state.offsets[view]
                away = root - self._centers[view]
                depth = float(np.sqrt(away @ away))
                across, along = fit.across_sigma_m**-2, (fit.depth_sigma * max(depth, 0.1)) ** -2
                information = np.outer(away, away) * ((along - across) / max(depth * depth, 1e-9))
                information[_DIAGONAL] += across
                matrices[m] += information
                sides[m] += information @ at
        roots: F32 = np.linalg.solve(matrices, sides[..., None])[..., 0].astype(np.float32)
        return roots

    def _learn(
        self,
        t_s: float,
        sights: Sequence[Sight | None],
        people: Sequence[PersonViews],
        posed: PosedRigs,
        points: Points,
        own_roots: list[dict[int, F64]],
        shared: F64,
    ) -> None:
        """Remember what this frame says of the people's shapes and places."""
        for m, (person, own) in enumerate(zip(people, own_roots, strict=True)):
            state = self._people[person.identity]
            kept = float(np.exp(-max(t_s - state.t_s, 0) / self._config.fit.handover_s))
            state.t_s = t_s
            state.rotations = posed.rotations[m].astype(np.float64)
            state.root = posed.translation[m].astype(np.float64)
            if len(own) > 1:
                state.offsets = {c: posed.translation[m].astype(np.float64) - root for c, root in own.items()}
            else:
                state.offsets = {c: offset * kept for c, offset in state.offsets.items()}
            if shared[m] > 0 and state.shape.wants(t_s):
                met = points.views[m] >= 2
                places = np.where(met[:, None], points.places[m], np.nan)
                covariance = np.linalg.inv(points.information[m] + np.eye(3))
                equations = self._lengths.equations(posed.rotations[m], posed.shape[m], places, covariance)
                state.shape.observe(t_s, equations, self._view_shape(sights, person))


def _rows(view: int, sight: Sight | None, people: Sequence[PersonViews]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The people whom a camera sees, and the rows of its sight that show them."""
    rows = np.array([person.rows[view] for person in people], np.intp)
    found = np.flatnonzero(rows >= 0) if sight is not None else np.empty(0, np.intp)
    return found, rows[found]


def _views(sights: Sequence[Sight | None], person: PersonViews) -> list[tuple[int, Sight, int]]:
    """Cameras that see a person: index, sight and row."""
    return [
        (c, sight, row)
        for c, (sight, row) in enumerate(zip(sights, person.rows, strict=True))
        if sight is not None and row >= 0
    ]


def _shared(points: Points) -> F64:
    """Shares (M,) of the people's keypoints with a ray that two or more rays agree on."""
    seen = np.isfinite(points.distances).any(1)
    met = seen & (points.views >= 2)
    shares: F64 = met.sum(-1) / np.maximum(seen.sum(-1), 1)
    return shares
