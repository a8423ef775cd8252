"""Samples as tensors, with masks of what is annotated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from engines.body.dense_correspondence import SurfaceIndex
from engines.training.iuv_refinement import refine
from engines.training.sample import MOST_DENSE, POINTS, Sample, finite


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Batch:
    """N samples with images of one size; what a sample lacks is 0, and False in `has`.

    Attributes:
        image: (N, 3, H, W) float32, RGB 0..255.
        K: (N, 3, 3) float32, px.
        points_2d: (N, 58, 3) float32, x px, y px, flag; UNKNOWN where there is none.
        points_3d: (N, 58, 4) float32, m relative to the pelvis, and 1 where known.
        rotations: (N, 24, 3, 3) float32.
        shape: (N, 10) float32.
        vertices: (N, V, 3) float32, m relative to the pelvis.
        parts: (N, H, W) int64.
        uv: (N, 2, H, W) float32.
        silhouette: (N, H, W) float32 of 0 and 1.
        root: (N, 3) float32, m.
        dense: (N, MOST_DENSE, 8) float32, as in Sample; weights of 0 where there is none.
        has: (N,) bool of each annotation by the name of its field.
    """

    image: Tensor
    K: Tensor
    points_2d: Tensor
    points_3d: Tensor
    rotations: Tensor
    shape: Tensor
    vertices: Tensor
    parts: Tensor
    uv: Tensor
    silhouette: Tensor
    root: Tensor
    dense: Tensor
    has: dict[str, Tensor]

    def __len__(self) -> int:
        return len(self.image)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the images."""
        return int(self.image.shape[2]), int(self.image.shape[3])

    def to(self, device: torch.device) -> Batch:
        """The batch on a device."""
        moved = {field.name: getattr(self, field.name) for field in fields(self)}
        has = {name: mask.to(device) for name, mask in self.has.items()}
        tensors = {name: value.to(device) for name, value in moved.items() if name != "has"}
        return Batch(**tensors, has=has)


def collate(samples: Sequence[Sample], vertices: int) -> Batch:
    """A batch of samples with images of one size, for a body with that many vertices.

    Values that are not finite count as missing: single points, else the whole annotation.
    """
    height, width = samples[0].image.shape[:2]
    usable = [finite(sample) for sample in samples]
    missing: dict[str, np.ndarray] = {
        "K": np.zeros((3, 3), np.float32),
        "points_2d": np.zeros((len(POINTS), 3), np.float32),
        "points_3d": np.zeros((len(POINTS), 4), np.float32),
        "rotations": np.zeros((24, 3, 3), np.float32),
        "shape": np.zeros(10, np.float32),
        "vertices": np.zeros((vertices, 3), np.float32),
        "parts": np.zeros((height, width), np.int64),
        "uv": np.zeros((height, width, 2), np.float32),
        "silhouette": np.zeros((height, width), np.float32),
        "root": np.zeros(3, np.float32),
        "dense": np.zeros((MOST_DENSE, 8), np.float32),
    }
    tensors, has = {}, {}
    for name, nothing in missing.items():
        found = [getattr(sample, name) for sample in usable]
        has[name] = torch.tensor([value is not None for value in found])
        rows = [_filled(nothing, value) for value in found]
        tensors[name] = torch.from_numpy(np.stack(rows))
    tensors["uv"] = tensors["uv"].permute(0, 3, 1, 2).contiguous()
    image = torch.from_numpy(np.stack([sample.image for sample in samples])).permute(0, 3, 1, 2).float()
    return Batch(image=image, **tensors, has=has)


def _filled(nothing: np.ndarray, value: np.ndarray | None) -> np.ndarray:
    """A value of the shape of `nothing`; lists of points are filled up with it."""
    if value is None:
        return nothing
    if value.shape == nothing.shape:
        same: np.ndarray = np.asarray(value, nothing.dtype)
        return same
    filled: np.ndarray = nothing.copy()
    filled[: len(value)] = value[: len(nothing)]
    return filled


@dataclass(frozen=True, slots=True, eq=False)
class DenseKeypoints:
    """D dense keypoints of each of N images.

    xy (N, D, 2) px; vertices (N, D, 3) int64 and weights (N, D, 3) of phi; valid (N, D) bool.
    """

    xy: Tensor
    vertices: Tensor
    weights: Tensor
    valid: Tensor


def dense_keypoints(batch: Batch, surface: SurfaceIndex, seed: int, most: int = MOST_DENSE) -> DenseKeypoints:
    """Up to `most` pixels of each IUV map, at random, after its refinement by the visible keypoints; of samples with
    annotated dense keypoints those."""
    shape = (len(batch), most)
    xy, vertices, weights = (
        np.zeros((*shape, 2), np.float32),
        np.zeros((*shape, 3), np.int64),
        np.zeros((*shape, 3), np.float32),
    )
    valid = np.zeros(shape, np.bool_)
    rng = np.random.default_rng(seed)
    for n in torch.nonzero(batch.has["dense"]).flatten().tolist():
        given = batch.dense[n].cpu().numpy()[:most]
        count = len(given)
        xy[n, :count], vertices[n, :count], weights[n, :count] = given[:, :2], given[:, 2:5], given[:, 5:]
        valid[n, :count] = weights[n, :count].sum(1) > 0
    for n in torch.nonzero(batch.has["uv"] & batch.has["parts"] & ~batch.has["dense"]).flatten().tolist():
        parts = batch.parts[n].cpu().numpy().astype(np.uint8)
        kept = (parts > 0) & refine(parts, batch.points_2d[n].cpu().numpy())
        rows, columns = np.nonzero(kept)
        chosen = rng.permutation(len(rows))[:most]
        rows, columns = rows[chosen], columns[chosen]
        found = surface(parts[rows, columns], batch.uv[n].cpu().numpy()[:, rows, columns].T)
        count = len(rows)
        xy[n, :count, 0], xy[n, :count, 1] = columns, rows
        vertices[n, :count], weights[n, :count], valid[n, :count] = found.vertices, found.weights, found.found
    return DenseKeypoints(*(torch.from_numpy(each).to(batch.parts.device) for each in (xy, vertices, weights, valid)))
