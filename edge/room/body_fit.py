"""One body for each person of a room: the mean of the views' bodies, moved towards the rays of all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from edge.room.config import RoomConfig
from edge.room.rig_points import RigKeypoints
from edge.room.shape import LimbLengths, RoomShape
from edge.room.triangulation import Points, Rays, Triangulation
from edge.room.views import F64, RoomCamera, Sight
from edge.stages.refine import PoseRefiner, turn_sigmas
from edge.stages.rig_pose import keypoint_shares
from edge.stages.smooth_rigs import small_rotmat, small_rotvec
from edge.types import F32, BodyModel, PosedRigs
from engines.body.body import Body

LEAST_SHARE = 1e-3  # of a view's rotation that moves nothing it sees
FEET = 2


@dataclass(slots=True)
class FitState:
    """What the fit remembers of a person.

    shape: of the person; offsets: by camera, how far the person is from where that view alone would be, m; t_s,
    rotations (P, 3, 3) and root (3,): of the frame before.
    """

    shape: RoomShape
    offsets: dict[int, F64]
    t_s: float
    rotations: F64 | None = None
    root: F64 | None = None


@dataclass(frozen=True, slots=True)
class Seen:
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
    """(t_s, Sights, Seen) -> Fitted. Keeps the state of each person that it is asked for, until forget()."""

    def __init__(self, body: Body, model: BodyModel, cameras: Sequence[RoomCamera], config: RoomConfig) -> None:
        self._config = config
        self._cameras = cameras
        self._keypoints = RigKeypoints(body, model)
        self._triangulation = Triangulation(model.keypoint_names, config.triangulation)
        self._lengths = LimbLengths(self._keypoints, model.keypoint_names, config.shape)
        self._refiner = PoseRefiner(body, model, config.fit.refinement)
        self._turns = [turn_sigmas(c, body.joint_names) for c in (config.fit.alone, config.fit.refinement)]
        self._shares = keypoint_shares(self._keypoints.chain, body, model.keypoint_names)
        self._moved = [children.tolist() or [joint] for joint, children in enumerate(self._keypoints.chain.children)]
        self._joints = len(model.joint_names)
        self._pixel_rad = np.array([1 / camera.focal_px for camera in cameras])
        self._people: dict[int, FitState] = {}

    def forget(self, kept: set[int]) -> None:
        """Forget everybody else."""
        self._people = {i: p for i, p in self._people.items() if i in kept}

    def __call__(self, t_s: float, sights: Sequence[Sight | None], people: Sequence[Seen]) -> Fitted:
        """The bodies of the people at a moment."""
        shape = self._shapes(t_s, sights, people)
        rotations, visibility, contacts = self._mean_pose(sights, people)
        own_roots = self._own_roots(sights, people, shape)
        translation = self._mean_roots(t_s, sights, people, own_roots)
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
        self, t_s: float, people: Sequence[Seen], prior: PosedRigs, turns: F64, root_sigma: F64
    ) -> tuple[PosedRigs, F64, F64]:
        """The prior with what is known from the frame before, and its standard deviations (M, P) rad and (M,) m.

        Rays that determine a rotation win over it; where they do not, the person stays calm.
        """
        fit = self._config.fit
        rotations, root = prior.rotations.astype(np.float64), prior.translation.astype(np.float64)
        turns, root_sigma = turns.copy(), root_sigma.copy()
        for m, person in enumerate(people):
            state = self._people[person.identity]
            if state.rotations is None or state.root is None:
                continue
            change = max(t_s - state.t_s, 1e-3) / fit.steady_s
            turning, moving = fit.steady_rad**2 * change, fit.steady_m**2 * change
            share = turns[m] ** 2 / (turns[m] ** 2 + turning)
            turn = small_rotvec(rotations[m].swapaxes(-1, -2) @ state.rotations)
            rotations[m] = rotations[m] @ small_rotmat(share[:, None] * turn)
            turns[m] = np.sqrt(share * turning)
            share_m = root_sigma[m] ** 2 / (root_sigma[m] ** 2 + moving)
            root[m] += share_m * (state.root - root[m])
            root_sigma[m] = np.sqrt(share_m * moving)
        steadied = replace(prior, rotations=rotations.astype(np.float32), translation=root.astype(np.float32))
        return steadied, turns, root_sigma

    def _rays(self, sights: Sequence[Sight | None], people: Sequence[Seen]) -> Rays:
        centers = np.array([camera.pose.position for camera in self._cameras])
        count = len(self._keypoints.known)
        directions = np.zeros((len(people), len(sights), count, 3))
        scores = np.zeros((len(people), len(sights), count))
        for m, person in enumerate(people):
            for c, sight, row in _views(sights, person):
                directions[m, c], scores[m, c] = sight.directions[row], sight.scores[row]
        return Rays(centers, directions, scores * self._keypoints.known, self._pixel_rad)

    def _shapes(self, t_s: float, sights: Sequence[Sight | None], people: Sequence[Seen]) -> F32:
        """Shapes (M, B)."""
        shapes = np.zeros((len(people), self._keypoints.shapes), np.float32)
        for m, person in enumerate(people):
            views = self._view_shape(sights, person)
            state = self._people.get(person.identity)
            if state is None:
                state = self._people[person.identity] = FitState(RoomShape(views, self._config.shape), {}, t_s)
            state.shape.follow(views)
            state.shape.move(t_s)
            shapes[m] = state.shape.shape
        return shapes

    def _view_shape(self, sights: Sequence[Sight | None], person: Seen) -> F32:
        shapes = [sight.people.shape[row] for _, sight, row in _views(sights, person)]
        mean: F32 = np.mean(shapes, axis=0)
        return np.pad(mean, (0, self._keypoints.shapes - len(mean)))

    def _mean_pose(self, sights: Sequence[Sight | None], people: Sequence[Seen]) -> tuple[F32, F32, F32 | None]:
        """Rotations (M, P, 3, 3) of the people, the visibility (M, J) of their joints and their contacts (M, 2)."""
        joints = len(self._moved)
        rotations = np.tile(np.eye(3), (len(people), joints, 1, 1))
        visibility = np.zeros((len(people), self._joints), np.float32)
        contacts = np.full((len(people), FEET), np.nan, np.float32)
        for m, person in enumerate(people):
            total = np.zeros(joints)
            planted, feet = np.zeros(FEET), np.zeros(FEET)
            for _, sight, row in _views(sights, person):
                seen = np.ones(self._joints, np.float32)
                if sight.people.visibility is not None:
                    seen = sight.people.visibility[row]
                weight = np.array([seen[moved].max() for moved in self._moved]) + LEAST_SHARE
                total = total + weight
                turn = rotations[m].swapaxes(-1, -2) @ sight.rotations[row]
                rotations[m] = rotations[m] @ small_rotmat((weight / total)[:, None] * small_rotvec(turn))
                visibility[m] = np.maximum(visibility[m], seen)
                if sight.people.contacts is not None:
                    known = np.isfinite(sight.people.contacts[row])
                    planted += np.where(known, sight.people.contacts[row], 0)
                    feet += known
            contacts[m] = np.where(feet > 0, planted / np.maximum(feet, 1), np.nan)
        known_contacts = contacts if np.isfinite(contacts).any() else None
        return rotations.astype(np.float32), visibility, known_contacts

    def _own_roots(self, sights: Sequence[Sight | None], people: Sequence[Seen], shape: F32) -> list[dict[int, F64]]:
        """Roots (3,) m of each person by camera, as that view alone sees a person of the room's size."""
        roots = []
        statures = self._keypoints.stature(shape)
        for m, person in enumerate(people):
            own: dict[int, F64] = {}
            for c, sight, row in _views(sights, person):
                given = sight.people.shape[row]
                size = float(self._keypoints.stature(np.pad(given, (0, self._keypoints.shapes - len(given)))))
                own[c] = sight.center + (sight.roots[row] - sight.center) * (statures[m] / size)
            roots.append(own)
        return roots

    def _mean_roots(
        self, t_s: float, sights: Sequence[Sight | None], people: Sequence[Seen], own_roots: list[dict[int, F64]]
    ) -> F32:
        """Roots (M, 3) m, weighted by how well each view knows them."""
        fit = self._config.fit
        roots = np.zeros((len(people), 3), np.float32)
        for m, (person, own) in enumerate(zip(people, own_roots, strict=True)):
            matrix, side = np.zeros((3, 3)), np.zeros(3)
            state = self._people[person.identity]
            for c, root in own.items():
                sight = sights[c]
                assert sight is not None
                at = root + (state.offsets.get(c, np.zeros(3)) if len(own) == 1 else 0)
                away = root - sight.center
                depth = float(np.sqrt(away @ away))
                ray = np.outer(away, away) / max(depth * depth, 1e-9)
                information = ray / (fit.depth_sigma * depth) ** 2 + (np.eye(3) - ray) / fit.across_sigma_m**2
                matrix += information
                side += information @ at
            roots[m] = np.linalg.solve(matrix, side)
        return roots

    def _learn(
        self,
        t_s: float,
        sights: Sequence[Sight | None],
        people: Sequence[Seen],
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


def _views(sights: Sequence[Sight | None], person: Seen) -> list[tuple[int, Sight, int]]:
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
