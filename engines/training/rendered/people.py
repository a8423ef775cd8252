"""People in random poses, shapes and clothes before random cameras: an endless data set with exact annotations.

Sample number i depends on the seed and on i alone, so that it is the same in every process and after every restart.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engines.body.body import Body
from engines.body.face_parts import face_parts
from engines.body.skinning import Skinner
from engines.body.vertex_normals import VertexNormals
from engines.body.visible_surface import SurfaceFinder, VisibleSurface
from engines.errors import ModelError
from engines.training.body_points import BodyPoints, relative
from engines.training.motion_mix import MotionMix
from engines.training.motion_source import MotionSource
from engines.training.poses.pose_set import PoseSet
from engines.training.rendered.config import LARGEST, SMALLEST, RenderConfig
from engines.training.rendered.outfit import Outfit
from engines.training.rendered.scenery import ImageFolder, add_occluders, procedural_background
from engines.training.rendered.sensor import decoded, expose, jpeg
from engines.training.sample import HIDDEN, SEEN, UNKNOWN, Sample
from meshcast.protocol.rotations import rotmat

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
Rng = np.random.Generator

SHAPES = 10
CUT = 2.5  # largest shape coefficient
SUBSURFACE_M = 0.16  # a joint this far behind the visible surface is hidden by another part of the body
UV_STEPS = 65535  # texture coordinates are multiples of one over this, as they are stored
LAMPS = 2
FARTHEST_OFF_AXIS = 0.45  # tangent of the angle between the optical axis of the whole image and the person
TRAIN, HELD_OUT = 0, 1  # streams of random numbers


@dataclass(frozen=True, slots=True, eq=False)
class EncodedSample:
    """A sample whose image is the bytes of a JPEG file; `sample.image` is what they decode to."""

    sample: Sample
    jpeg: bytes


class RenderedPeople:
    """Samples by their number; see the module.

    Args:
        body: their body, with SMPL's 24 joints and texture coordinates.
        poses: a set of poses; clips that are held out are used when `held_out`, the others otherwise.
        config: what the images look like.
        held_out: poses, shapes and everything random of the test set instead of the training set.
        mix: how motions are mixed and disturbed.

    Raises:
        ModelError: The body or the size of the crops cannot be used.
    """

    def __init__(
        self,
        body: Body,
        poses: PoseSet,
        config: RenderConfig,
        *,
        held_out: bool = False,
        mix: MotionMix | None = None,
    ) -> None:
        if body.uv is None:
            raise ModelError(f"{body.name}: has no texture coordinates (vt, ft); rendered people need them")
        if not SMALLEST <= config.size <= LARGEST:
            raise ModelError(f"a crop of {config.size} px; choose a size of {SMALLEST} to {LARGEST}")
        self.body, self.config = body, config
        self._stream = HELD_OUT if held_out else TRAIN
        self._points = BodyPoints(body)
        self._uv, self._uv_faces = body.uv.coordinates, body.uv.faces
        keep = poses.test if held_out else ~poses.test
        self._motion = MotionSource(poses, keep, mix or MotionMix(), np.random.default_rng(0))
        self._skin = Skinner(body, min(SHAPES, body.shape_dirs.shape[2]))
        self._shapes = min(SHAPES, body.shape_dirs.shape[2])
        self._normals = VertexNormals(body.faces, len(body.v_template))
        self._part = face_parts(body)
        self._surface = SurfaceFinder(body.faces, (config.size, config.size))
        self.images = ImageFolder(config.backgrounds) if config.backgrounds is not None else None

    def __getitem__(self, index: int) -> Sample:
        return self.encoded(index).sample

    def encoded(self, index: int) -> EncodedSample:
        """Sample number `index` with the bytes of its image."""
        rng = np.random.default_rng((self.config.seed, self._stream, index))
        rotations, shape = self._pose(rng)
        vertices, joints = (each[0] for each in self._skin(rotations[None], shape[None, : self._shapes]))
        vertices, joints = vertices - joints[0], joints - joints[0]
        root = _place(rng, self.config)
        K = self._camera(rng, vertices + root)
        surface = self._surface(_project(K, vertices + root))
        painted = self._paint(rng, surface, vertices)
        background = self.images or procedural_background
        image = _over(background(rng, self.config.size), painted, surface.covered)
        occluded = add_occluders(rng, image, self.config.occluded)
        data = jpeg(rng, expose(rng, image, self.config), self.config.jpeg)
        seen = decoded(data)
        assert seen is not None
        points = self._points(vertices, joints)
        uv = surface.mix(self._uv, self._uv_faces)
        uv = (np.round(uv.clip(0, 1) * UV_STEPS) / UV_STEPS).astype(np.float32)
        sample = Sample(
            image=seen,
            name=f"rendered {index}",
            K=K,
            points_2d=self._flagged(_project(K, points + root), surface, occluded),
            points_3d=np.column_stack([relative(points), self._points.known]).astype(np.float32),
            rotations=rotations,
            shape=shape,
            vertices=vertices,
            parts=np.asarray(surface.paint(self._part[surface.face] + np.uint8(1)), np.uint8),
            uv=np.asarray(surface.paint(uv), np.float32),
            silhouette=surface.covered,
            occluded=occluded,
            root=root,
        )
        return EncodedSample(sample, data)

    def _pose(self, rng: Rng) -> tuple[F32, F32]:
        """Local rotations (24, 3, 3), the root's in camera axes, and a shape (10,)."""
        rotations = self._motion.seeded(rng).single_poses(1)[0]
        pitch = rng.uniform(*self.config.pitch_rad)
        roll = rng.normal(0, self.config.roll_rad)
        # The world is Y up; the camera looks along its z, y down. People who face the world's z face the camera.
        if self.config.yaw_rad < math.pi:
            facing = math.atan2(rotations[0, 0, 2], rotations[0, 2, 2])
            turn = rng.uniform(-self.config.yaw_rad, self.config.yaw_rad) - facing
            rotations[0] = rotmat(np.array([0, turn, 0])) @ rotations[0]
        tilt = rotmat(np.array([pitch, 0, 0])) @ np.diag([1.0, -1.0, -1.0]).astype(np.float32)
        rotations[0] = rotmat(np.array([0, 0, roll])) @ tilt @ rotations[0]
        shape = np.zeros(SHAPES, np.float32)
        shape[: self._shapes] = (rng.normal(0, 1, self._shapes) * self.config.shape).clip(-CUT, CUT)
        return rotations.astype(np.float32), shape

    def _camera(self, rng: Rng, vertices: F32) -> F32:
        """K (3, 3) of a square crop around vertices (V, 3) in the camera's axes."""
        config = self.config
        rays = vertices[:, :2] / vertices[:, 2:]
        low, high = rays.min(0).astype(np.float64), rays.max(0).astype(np.float64)
        center, side = (low + high) / 2, float((high - low).max()) * rng.uniform(*config.margin)
        if rng.random() < config.cropped:  # a part of the person: the box of someone at the edge of the image
            side *= rng.uniform(0.4, 0.8)
            center = center + (high - low) * rng.uniform(-0.3, 0.3, 2)
        center = center + side * rng.uniform(-config.shift, config.shift, 2)
        f = config.size / side
        middle = (config.size - 1) / 2
        return np.array([[f, 0, middle - f * center[0]], [0, f, middle - f * center[1]], [0, 0, 1]], np.float32)

    def _paint(self, rng: Rng, surface: VisibleSurface, vertices: F32) -> F32:
        """The lit colors (H, W, 3) of the visible surface."""
        faces = self.body.faces
        rest = surface.mix(self.body.v_template, faces)
        albedo = Outfit(self.body, rng).colors(rest, self._part[surface.face].astype(np.int64))
        normal = surface.mix(self._normals(vertices), faces)
        light = np.full((len(rest), 3), rng.uniform(0.25, 0.6), np.float32)
        light += (rng.uniform(0, 0.25) * (0.5 - 0.5 * normal[:, 1]))[:, None]  # the sky
        for _ in range(LAMPS):
            towards = rng.normal((0, -0.6, -0.8), 1)  # from above and from the camera's side more often
            towards /= np.linalg.norm(towards)
            color = rng.uniform(0.1, 0.75) * (1 + rng.normal(0, 0.08, 3))
            light += (0.15 + 0.85 * (normal @ towards.astype(np.float32))).clip(0)[:, None] * color.astype(np.float32)
        return np.asarray(surface.paint(albedo * light), np.float32)

    def _flagged(self, points: F32, surface: VisibleSurface, occluded: NDArray[np.bool_]) -> F32:
        """x, y and flag (58, 3) of projected points (58, 3): x px, y px, z m."""
        size = self.config.size
        column, row = (np.rint(points[:, k]).clip(-1, size).astype(np.int64) for k in (0, 1))
        inside = (column >= 0) & (column < size) & (row >= 0) & (row < size)
        at = row.clip(0, size - 1), column.clip(0, size - 1)
        seen = inside & ~occluded[at] & (points[:, 2] - surface.depth_m[at] < SUBSURFACE_M)
        flag = np.where(self._points.known, np.where(seen, SEEN, HIDDEN), UNKNOWN)
        return np.column_stack([points[:, :2], flag]).astype(np.float32)


def _place(rng: Rng, config: RenderConfig) -> F32:
    """The pelvis (3,) m before the camera."""
    near, far = config.distance_m
    z = np.exp(rng.uniform(np.log(near), np.log(far)))
    x, y = rng.uniform(-FARTHEST_OFF_AXIS, FARTHEST_OFF_AXIS, 2) * (1, 0.5)
    return np.array([x * z, y * z, z], np.float32)


def _project(K: F32, points: F32) -> F32:
    """x px, y px, z m (N, 3) of points (N, 3) m in camera axes; z as it is."""
    projected = points / points[:, 2:] @ K.T
    projected[:, 2] = points[:, 2]
    return np.asarray(projected, np.float32)


def _over(background: F32, painted: F32, covered: NDArray[np.bool_]) -> F32:
    return np.where(covered[..., None], painted, background)
