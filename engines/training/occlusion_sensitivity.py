"""Occlusion sensitivity of a method (Kocabas et al., PARE, ICCV 2021, supplement, section 3; after Zeiler and Fergus).

A gray square slides over the crop. Where it hides something that a joint is read off, the joint's error grows: MPJPE
without Procrustes alignment, joint by joint.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from engines.body.body import Body
from engines.body.visible_surface import SurfaceFinder
from engines.errors import ModelError
from engines.training.batch import Batch, collate
from engines.training.batch_predictions import resized
from engines.training.methods.base import Method
from engines.training.sample import SMPL, Sample

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
GRAY = 127.0
BATCH = 16
JOINTS = 24


@dataclass(frozen=True, slots=True)
class OccluderConfig:
    """The sliding occluder, in shares of the crop's side.

    Attributes:
        side: of the square. Default: 40 of 224 px.
        positions: rows and columns of positions; the outermost centers lie on the crop's border. Default: 14.
    """

    side: float = 40 / 224
    positions: int = 14


def occlusion_errors(trained: Method, sample: Sample, size: int, vertices: int, config: OccluderConfig) -> F32:
    """The error (R, R, 24) in mm of each joint, relative to the pelvis, with the occluder at R x R positions.

    Raises ModelError for a sample without 3D joints.
    """
    if sample.points_3d is None or not sample.points_3d[SMPL, 3].all():
        raise ModelError(f"{sample.name}: has no 3D joints; occlusion sensitivity needs them")
    batch = collate([resized(sample, size)], vertices)
    truth = batch.points_3d[:, SMPL, :3]
    centers = np.linspace(0, size - 1, config.positions)
    half = config.side * size / 2
    places = [(row, column) for row in centers for column in centers]
    errors = []
    for first in range(0, len(places), BATCH):
        some = places[first : first + BATCH]
        image = batch.image.repeat(len(some), 1, 1, 1)
        for n, (row, column) in enumerate(some):
            rows = slice(max(round(row - half), 0), max(round(row + half), 0))
            image[n, :, rows, max(round(column - half), 0) : max(round(column + half), 0)] = GRAY
        with torch.no_grad():
            made = trained.predict(_repeated(batch, image))
        errors.append((made.points[:, SMPL] - truth).norm(dim=-1).numpy() * 1e3)
    grid = np.concatenate(errors).reshape(config.positions, config.positions, JOINTS)
    return np.asarray(grid, np.float32)


def _repeated(batch: Batch, image: torch.Tensor) -> Batch:
    count = len(image)
    kept = (
        "K",
        "points_2d",
        "points_3d",
        "rotations",
        "shape",
        "vertices",
        "parts",
        "uv",
        "silhouette",
        "root",
        "dense",
    )
    fields = {name: getattr(batch, name).expand(count, *getattr(batch, name).shape[1:]) for name in kept}
    return replace(batch, image=image, has={k: v.expand(count) for k, v in batch.has.items()}, **fields)


class OcclusionMesh:
    """The occlusion sensitivity mesh: errors at the pixels of people, collected at the vertices that they show."""

    def __init__(self, body: Body) -> None:
        self._body = body
        self._sum: F64 = np.zeros((len(body.v_template), JOINTS))
        self._count: F64 = np.zeros(len(body.v_template))

    def add(self, sample: Sample, errors: F32) -> None:
        """Adds a sample's errors (R, R, 24); a sample without mesh or camera adds nothing."""
        if sample.vertices is None or sample.root is None or sample.K is None:
            return
        height, width = sample.image.shape[:2]
        points = sample.vertices + sample.root
        projected = (points / points[:, 2:] @ sample.K.T).astype(np.float32)
        projected[:, 2] = points[:, 2]
        seen = SurfaceFinder(self._body.faces, (width, height))(projected)
        shown = self._body.faces[seen.face, seen.weights.argmax(1)]
        steps = np.array(errors.shape[:2]) - 1
        at = np.column_stack([seen.row / (height - 1), seen.column / (width - 1)]) * steps
        np.add.at(self._sum, shown, bilinear(errors, at))
        np.add.at(self._count, shown, 1)

    def errors(self) -> F64:
        """The mean error (V, 24) in mm at each vertex, NaN at vertices that no sample showed."""
        with np.errstate(invalid="ignore"):
            return np.asarray(self._sum / self._count[:, None])


def bilinear(grid: F32, at: F64) -> F64:
    """Values (P, C) of a grid (R, S, C) at rows and columns (P, 2) within it."""
    low = np.minimum(np.floor(at).astype(np.int64), np.array(grid.shape[:2]) - 2).clip(0)
    down, right = (at - low).T[..., None]
    row, column = low.T
    upper = (1 - right) * grid[row, column] + right * grid[row, column + 1]
    lower = (1 - right) * grid[row + 1, column] + right * grid[row + 1, column + 1]
    mixed: F64 = (1 - down) * upper + down * lower
    return mixed
