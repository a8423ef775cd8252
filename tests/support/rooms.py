"""Rooms with people who walk through the views of several cameras, as their pipelines would report them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from calibration.camera import Camera
from calibration.world import WorldPose
from edge.room.rig_points import RigKeypoints
from edge.room.views import RoomCamera, ViewPeople
from edge.sources.synthetic.walk_cycle import gait
from edge.types import BodyModel
from engines.body.body import SurfaceBody, open_body
from engines.body.rig import rig_of
from engines.joint_sets import COCO17
from meshcast.protocol.rotations import rotmat

SIZE = (1280, 720)
BODY_TO_ROOM = np.array([[0, 0, 1], [1, 0, 0], [0, 1, 0]], np.float32)  # y up, facing +z: to z up, facing x
NOISE_M = 0.025  # of keypoints
DRIFT_S = 0.12  # time constant of their errors
LIMBS = slice(5, 17)
HIPS = [11, 12]
HIDDEN_S = 0.5  # a track that is hidden for longer gets another id


@functools.cache
def body_and_model() -> tuple[SurfaceBody, BodyModel]:
    """The bundled body with COCO's keypoints."""
    body = open_body()
    rig = rig_of(body)
    names = COCO17.joint_names
    return body, BodyModel(body.name, body.faces, body.v_template, body.parents, body.joint_names, names, rig)


def look_at(position: Sequence[float], target: Sequence[float], focal_px: float = 900.0) -> Camera:
    """A camera of SIZE at a position of the room (m) that looks at a target, upright."""
    forward = np.array(target, np.float64) - position
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, [0, 0, 1.0])
    right /= np.linalg.norm(right)
    rotation = np.stack([right, np.cross(forward, right), forward])
    K = np.array([[focal_px, 0, SIZE[0] / 2], [0, focal_px, SIZE[1] / 2], [0, 0, 1]])
    world = WorldPose(rotation, -rotation @ np.array(position, np.float64))
    return Camera(SIZE, K, np.array([-0.05, 0.02, 0, 0, 0.0]), world=world)


def room_camera(name: str, camera: Camera) -> RoomCamera:
    """The camera of a room."""
    return RoomCamera.of(name, camera)


def around(count: int, radius_m: float = 5.0, height_m: float = 2.4) -> list[RoomCamera]:
    """Cameras around the middle of a room."""
    angles = 2 * np.pi * np.arange(count) / count + 0.3
    return [
        room_camera(f"cam{c}", look_at((radius_m * np.cos(a), radius_m * np.sin(a), height_m), (0, 0, 0.9)))
        for c, a in enumerate(angles)
    ]


def turned(camera: RoomCamera, degrees: float) -> RoomCamera:
    """The camera with a pose that is off by a turn about its own vertical axis."""
    turn = rotmat(np.radians([0.0, degrees, 0.0])).astype(np.float64)
    center = camera.pose.position
    rotation = turn @ camera.pose.rotation
    return RoomCamera(camera.name, camera.camera, WorldPose(rotation, -rotation @ center))


@dataclass
class Walker:
    """A person who walks between random places of the room.

    shape: (B,); speed: m/s; path: (W, 2) m, corners that are rounded.
    """

    shape: np.ndarray
    speed: float
    path: np.ndarray
    phase: float

    def at(self, t_s: float) -> tuple[np.ndarray, np.ndarray]:
        """Rotations (P, 3, 3) and root (3,) m in the room."""
        steps = np.linalg.norm(np.diff(self.path, axis=0), axis=1)
        lengths = np.concatenate([[0], np.cumsum(steps)])
        way = (t_s * self.speed + self.phase) % lengths[-1]
        ahead = [np.interp((way + d) % lengths[-1], lengths, self.path[:, a]) for d in (-0.4, 0, 0.4) for a in (0, 1)]
        place = np.array(ahead).reshape(3, 2).mean(0)
        heading = np.arctan2(ahead[5] - ahead[1], ahead[4] - ahead[0])
        rotations = gait(t_s * self.speed / 1.3 + self.phase).astype(np.float32)
        rotations[0] = rotmat(np.array([0, 0, heading])).astype(np.float32) @ BODY_TO_ROOM @ rotations[0]
        return rotations, np.array([*place, 0.0])


@dataclass
class Room:
    """People in a room and its cameras.

    Attributes:
        cameras: true cameras.
        fps, offset_s: of each camera's frames.
        gaps: (camera, from s, to s) in which a camera gives nothing.
        noise: factor of all errors.
        clothes: people wear different colors, which every camera sees with its own cast; else views have none.
        stay_s: time for which people are in the room, and then out of it for as long; 0: they stay.
    """

    cameras: Sequence[RoomCamera]
    people: int
    seed: int = 0
    radius_m: float = 2.2
    fps: Sequence[float] = ()
    offset_s: Sequence[float] = ()
    gaps: Sequence[tuple[int, float, float]] = ()
    noise: float = 1.0
    clothes: bool = False
    stay_s: float = 0.0
    walkers: list[Walker] = field(default_factory=list)

    def __post_init__(self) -> None:
        rng = np.random.default_rng(self.seed)
        body, model = body_and_model()
        self.rig = RigKeypoints(body, model)
        self._chain = self.rig.chain
        assert model.rig is not None
        self._rest, self._dirs = model.rig.rest_joints, model.rig.joint_shape_dirs
        self._ankles = [body.joint_names.index(f"{side}_ankle") for side in ("left", "right")]
        self._sole = float(self._rest[self._ankles, 1].min() - body.v_template[:, 1].min())
        self.fps = self.fps or [30.0] * len(self.cameras)
        self.offset_s = self.offset_s or [0.0] * len(self.cameras)
        for index in range(self.people):
            radius, angle = self.radius_m * np.sqrt(rng.random(9)), rng.uniform(0, 2 * np.pi, 9)
            path = np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1)
            shape = rng.normal(0, 0.8, self.rig.shapes).astype(np.float32)
            self.walkers.append(Walker(shape, rng.uniform(0.5, 1.1), np.concatenate([path, path[:1]]), 3.0 * index))
        self._latest: tuple[float, tuple[np.ndarray, np.ndarray, np.ndarray]] | None = None
        self._seers = [_Seer(self, c, np.random.default_rng((self.seed, c))) for c in range(len(self.cameras))]

    def truth(self, t_s: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Keypoints (N, K, 3) and roots (N, 3) m of all people, and their rotations (N, P, 3, 3)."""
        if self._latest is None or self._latest[0] != t_s:
            self._latest = t_s, self._truth(t_s)
        return self._latest[1]

    def _truth(self, t_s: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        rotations, roots = zip(*(walker.at(t_s) for walker in self.walkers), strict=True)
        shape = np.stack([walker.shape for walker in self.walkers])
        turned_, root = np.stack(rotations), np.stack(roots).astype(np.float32)
        rest = (self._rest + np.tensordot(shape, self._dirs, (1, 2))).astype(np.float32)
        positions = self._chain.positions(self._chain.orientations(turned_), self._chain.bones(rest))
        root[:, 2] = self._sole - positions[:, self._ankles, 2].min(1)
        return self.rig(turned_, shape, root).astype(np.float64), root, turned_

    def present(self, t_s: float) -> np.ndarray:
        """Which people (N,) are in the room."""
        if not self.stay_s:
            return np.ones(self.people, bool)
        begin_s = 2 * self.stay_s * np.arange(self.people) / max(self.people, 1)
        return np.asarray((t_s + begin_s) % (2 * self.stay_s) < self.stay_s)

    def moments(
        self, seconds: float, fps: float = 30.0, corrections_s: Callable[[], Sequence[float]] | None = None
    ) -> Iterator[tuple[float, list[ViewPeople | None]]]:
        """What the cameras report at common times (each at its own, if it has an offset that is not corrected)."""
        for frame in range(round(seconds * fps)):
            t_s = frame / fps
            shift = corrections_s() if corrections_s is not None else [0.0] * len(self.cameras)
            yield t_s, [self.view(c, t_s - self.offset_s[c] + shift[c]) for c in range(len(self.cameras))]

    def view(self, camera: int, t_s: float) -> ViewPeople | None:
        """What a camera reports of a time; times increase. None in a gap."""
        if any(c == camera and start <= t_s < end for c, start, end in self.gaps):
            return None
        return self._seers[camera].see(t_s)


class _Seer:
    """The pipeline of one camera: noisy keypoints, tracks that end, bodies at a wrong depth."""

    def __init__(self, room: Room, camera: int, rng: np.random.Generator) -> None:
        self._room, self._camera, self._rng = room, room.cameras[camera], rng
        people, keypoints = room.people, len(COCO17.joint_names)
        self._bias = rng.normal(0, 0.4, (people, keypoints, 2))
        self._drift = rng.normal(0, 1, (people, keypoints, 2))
        self._depth = rng.normal(0, 1, people)
        self._tilt = rng.normal(0, 1, (people, 24, 3))
        self._ids = np.arange(people)
        # Lightness (of half weight) and two axes of color, of trunk and thighs.
        spread = np.tile([20.0, 10.0, 10.0], 2)
        self._worn = np.random.default_rng((room.seed, 99)).normal(0, 1, (people, 6)) * spread
        self._cast = np.tile(np.random.default_rng((room.seed, camera, 99)).normal(0, [8.0, 5.0, 5.0]), 2)
        self._light = np.random.default_rng((room.seed, camera, 98))
        self._seen_s = np.full(people, -np.inf)
        self._next, self._t_s = people, -np.inf

    def see(self, t_s: float) -> ViewPeople:
        room, camera, rng = self._room, self._camera, self._rng
        points, roots, rotations = room.truth(t_s)
        elapsed_s = min(t_s - self._t_s, 1.0) if np.isfinite(self._t_s) else 1.0
        self._t_s = t_s
        for state, constant_s in ((self._drift, DRIFT_S), (self._depth, 1.0), (self._tilt, 1.0)):
            kept = np.exp(-elapsed_s / constant_s)
            state *= kept
            state += np.sqrt(1 - kept**2) * rng.normal(0, 1, state.shape)
        local = camera.to_camera(points)
        place = camera.to_camera(roots)
        pixels = camera.camera.project(np.where(local[..., 2:] > 0.2, local, [0, 0, 1.0]))
        inside = (local[..., 2] > 0.2) & (pixels >= 0).all(-1) & (pixels < SIZE).all(-1)
        scale_px = (NOISE_M * room.noise * camera.focal_px / np.maximum(place[:, 2], 0.3))[:, None, None]
        error = self._bias + 0.75 * self._drift + 0.45 * rng.normal(0, 1, pixels.shape)
        pixels = pixels + scale_px * error
        scores = np.where(inside, rng.uniform(0.55, 0.9, inside.shape), 0.05)
        present = room.present(t_s)
        hidden = self._hidden(place, present)
        scores[hidden | ~present] *= 0.15
        seen = (scores > 0.3).mean(1) > 0.5
        for person in np.flatnonzero(seen):
            if t_s - self._seen_s[person] > HIDDEN_S and np.isfinite(self._seen_s[person]):
                self._ids[person] = self._next
                self._next += 1
            self._seen_s[person] = t_s
        rows = rng.permutation(np.flatnonzero(seen))
        tilt = rotmat(0.12 * room.noise * self._tilt[rows]).astype(np.float32)
        turned_ = rotations[rows] @ tilt
        turned_[:, 0] = camera.pose.rotation.astype(np.float32) @ turned_[:, 0]
        depth = (1 + 0.05 * room.noise * self._depth[rows])[:, None]
        return ViewPeople(
            ids=self._ids[rows].astype(np.int32),
            keypoints=np.concatenate([pixels, scores[..., None]], -1)[rows].astype(np.float32),
            rotations=turned_.astype(np.float32),
            shape=np.zeros((len(rows), room.rig.shapes), np.float32),
            translation=(place[rows] * depth).astype(np.float32),
            visibility=np.ones((len(rows), 24), np.float32),
            colors=self._colors(rows) if room.clothes else None,
        )

    def _colors(self, rows: np.ndarray) -> np.ndarray:
        noise = self._light.normal(0, np.tile([6.0, 3.0, 3.0], 2), (len(rows), 6))
        return np.asarray(self._worn[rows] + self._cast + noise, np.float32)

    def _hidden(self, place: np.ndarray, present: np.ndarray) -> np.ndarray:
        """People behind another one who is present, of places (N, 3) in the camera's frame."""
        bearing = place[:, 0] / np.maximum(place[:, 2], 0.3)
        near = np.abs(bearing[:, None] - bearing[None]) < 0.2 / np.maximum(place[None, :, 2], 0.3)
        behind = place[:, None, 2] > place[None, :, 2] + 0.2
        return np.asarray((near & behind & present).any(1))
