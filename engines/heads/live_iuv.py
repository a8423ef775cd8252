"""IUV maps of people in their crops, drawn from a mesh that keypoints already gave (for DCT's second branch)."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from engines.body.body import Body
from engines.body.face_parts import face_parts
from engines.body.visible_surface import SurfaceFinder
from engines.errors import ModelError
from engines.heads.base import Head, People

F32 = NDArray[np.float32]
F64: TypeAlias = "NDArray[np.float64]"
PARTS = 24
BACKGROUND = -1.0
LEAST_SCORE = 0.2
LEAST_KEYPOINTS = 3
LEAST_SPREAD = 1e-6  # of squared rays: keypoints in one place do not say where the image is


class LiveIuv:
    """Draws the IUV maps (N, 3, h, w) of people as DCT takes them: part / 24, U and V, each in [-1, 1]; background -1.

    Args:
        mesh: the head that gives the meshes; its body needs texture coordinates and 24 joints.
        size: (h, w) of the maps.
    """

    def __init__(self, mesh: Head, size: tuple[int, int]) -> None:
        body: Body = mesh.body
        if body.uv is None or len(body.parents) != PARTS:
            raise ModelError(f"{body.name}: needs texture coordinates and {PARTS} joints for an IUV map")
        self._mesh, self._size = mesh, size
        self._faces, self._uv = body.faces, body.uv
        self._part = face_parts(body)
        self._surface = SurfaceFinder(body.faces, (size[1], size[0]))

    def __call__(self, people: People) -> F32:
        """The maps; of background alone where there is no mesh, or where keypoints do not say where it stands."""
        assert people.regions is not None
        maps = np.full((len(people), 3, *self._size), BACKGROUND, np.float32)
        made = self._mesh(people)
        for n in np.flatnonzero(made.usable).tolist():
            seen = (people.scores[n] >= LEAST_SCORE) & np.isfinite(made.landmarks[n]).all(1)
            rays = people.rays[n][seen].astype(np.float64)
            if seen.sum() < LEAST_KEYPOINTS or rays.var(0).min() < LEAST_SPREAD:
                continue
            root = root_of(made.landmarks[n][seen].astype(np.float64), rays)
            to_px = lens_of(rays, people.keypoints[n][seen].astype(np.float64))
            vertices = made.vertices[n].astype(np.float64) + root
            if root[2] > 0:
                maps[n] = self._drawn(vertices, to_px, people.regions[n])
        return maps

    def reset(self) -> None:
        """Forget all people."""
        self._mesh.reset()

    def _drawn(self, vertices: F64, to_px: F64, region: F32) -> F32:
        height, width = self._size
        left, top, right, bottom = region.astype(np.float64)
        pixels = vertices[:, :2] / vertices[:, 2:] * to_px[0] + to_px[1]
        points = np.empty((len(vertices), 3), np.float32)
        points[:, 0] = (pixels[:, 0] - left) * (width / (right - left))
        points[:, 1] = (pixels[:, 1] - top) * (height / (bottom - top))
        points[:, 2] = vertices[:, 2]
        seen = self._surface(points)
        iuv = np.column_stack([(self._part[seen.face] + 1) / PARTS, seen.mix(self._uv.coordinates, self._uv.faces)])
        painted = seen.paint((2 * iuv - 1).astype(np.float32), BACKGROUND)
        return np.asarray(painted.transpose(2, 0, 1), np.float32)


def root_of(landmarks: F64, rays: F64) -> F64:
    """The translation (3,) m that brings landmarks (K, 3) onto their rays (K, 2) best, in the plane at depth 1."""
    rows = np.zeros((2 * len(rays), 3))
    rows[::2, 0] = rows[1::2, 1] = 1
    rows[:, 2] = -rays.ravel()
    right = rays.ravel() * np.repeat(landmarks[:, 2], 2) - landmarks[:, :2].ravel()
    return np.asarray(np.linalg.lstsq(rows, right, rcond=None)[0], np.float64)


def lens_of(rays: F64, keypoints: F64) -> F64:
    """Focal lengths and principal point (2, 2) px of keypoints (K, 2) px and their rays (K, 2), axis by axis.

    Of a lens with distortion, those that are right around the person.
    """
    lens = np.empty((2, 2))
    for axis in (0, 1):
        columns = np.column_stack([rays[:, axis], np.ones(len(rays))])
        lens[:, axis] = np.linalg.lstsq(columns, keypoints[:, axis], rcond=None)[0]
    return lens
