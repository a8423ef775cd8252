"""Predictions of a trained method, sample by sample."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from engines.training.batch import collate
from engines.training.methods.base import Method
from engines.training.sample import Sample

F32 = NDArray[np.float32]
BATCH = 16


@dataclass(frozen=True, slots=True, eq=False)
class OnePrediction:
    """One person: vertices (V, 3), points (58, 3) m relative to the pelvis; shape (10,) or None; maps by name."""

    vertices: F32
    points: F32
    shape: F32 | None
    maps: dict[str, NDArray[np.generic]]


def predict_samples(
    trained: Method, samples: Iterable[Sample], size: int, vertices: int
) -> Iterator[tuple[Sample, OnePrediction]]:
    """Each sample, as it was, with its prediction from a crop resized to `size` px."""
    rest = iter(samples)
    while chunk := list(islice(rest, BATCH)):
        batch = collate([resized(sample, size) for sample in chunk], vertices)
        with torch.no_grad():
            made = trained.predict(batch)
        for n, sample in enumerate(chunk):
            maps = {name: value[n].numpy() for name, value in made.maps.items()}
            shape = None if made.shape is None else made.shape[n].numpy()
            yield sample, OnePrediction(made.vertices[n].numpy(), made.points[n].numpy(), shape, maps)


def resized(sample: Sample, size: int) -> Sample:
    """A sample with its image, maps, keypoints and camera for a crop of `size` px."""
    height = sample.image.shape[0]
    if height == size:
        return sample
    scale = size / height
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR

    def nearest(values: NDArray[Any] | None) -> NDArray[Any] | None:
        if values is None:
            return None
        numbers: NDArray[Any] = values.astype(np.uint8) if values.dtype == bool else values
        made = cv2.resize(numbers, (size, size), interpolation=cv2.INTER_NEAREST)
        return np.asarray(made, values.dtype)

    points, K, dense = sample.points_2d, sample.K, sample.dense
    if dense is not None:
        dense = dense.copy()
        dense[:, :2] = (dense[:, :2] + 0.5) * scale - 0.5
    if points is not None:
        points = points.copy()
        points[:, :2] = (points[:, :2] + 0.5) * scale - 0.5
    if K is not None:
        K = K.copy()
        K[:2] *= scale
        K[:2, 2] += 0.5 * scale - 0.5
    return replace(
        sample,
        image=np.asarray(cv2.resize(sample.image, (size, size), interpolation=method), np.uint8),
        points_2d=points,
        K=K,
        dense=dense,
        parts=nearest(sample.parts),
        uv=nearest(sample.uv),
        silhouette=nearest(sample.silhouette),
        occluded=nearest(sample.occluded),
    )
