"""Mesh models on data sets of crops: predictions of a head, of a checkpoint or of a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.body.body import Body
from engines.cards.types import Input
from engines.errors import ModelError
from engines.files.npz import read_npz
from engines.heads.base import Head, People
from engines.training.sample import COCO, SEEN, Sample

F32 = NDArray[np.float32]
SEEN_SCORE, HIDDEN_SCORE = 0.9, 0.3  # of true keypoints, for heads that take scores
Shapes = F32 | None


def head_predictions(head: Head, samples: Iterator[Sample]) -> Iterator[tuple[Sample, F32 | None, Shapes]]:
    """Each sample with the vertices (V, 3) and shape of a mesh head; None where it gives no valid person.

    Heads on keypoints get the true ones, of a low score where they are hidden.
    """
    for number, sample in enumerate(samples):
        if sample.points_2d is None or sample.K is None:
            yield sample, None, None
            continue
        head.reset()
        keypoints = np.ascontiguousarray(sample.points_2d[None, COCO, :2])
        scores = np.where(sample.points_2d[None, COCO, 2] == SEEN, SEEN_SCORE, HIDDEN_SCORE).astype(np.float32)
        rays = (keypoints - sample.K[:2, 2]) / sample.K[[0, 1], [0, 1]]
        crops = None if head.crops is None else network_input(sample.image, head.crops.input)[None]
        people = People(keypoints, scores, rays.astype(np.float32), crops, ids=np.array([number], np.int32))
        made = head(people)
        if not made.usable[0]:
            yield sample, None, None
        else:
            yield sample, made.vertices[0], None if made.shape is None else made.shape[0]


def network_input(image: NDArray[np.uint8], given: Input) -> F32:
    """A crop (H, W, 3) RGB as a network's input (3, h, w), resized and normalized as its card says."""
    height, width = (int(side) for side in given.shape[2:])
    method = cv2.INTER_AREA if image.shape[0] > height else cv2.INTER_LINEAR
    resized = cv2.resize(image, (width, height), interpolation=method)
    ordered = resized if given.color == "rgb" else resized[..., ::-1]
    normal = (ordered.astype(np.float32) - np.array(given.mean, np.float32)) / np.array(given.std, np.float32)
    return np.ascontiguousarray(normal.transpose(2, 0, 1), np.float32)


def checkpoint_predictions(
    path: Path, body: Body, samples: Sequence[Sample] | Iterator[Sample]
) -> Iterator[tuple[Sample, F32 | None, Shapes]]:
    """Each sample with the prediction of a checkpoint of `meshcast train METHOD --data`."""
    from engines.training.batch_predictions import predict_samples
    from engines.training.restore_method import load_method

    trained, size = load_method(path, body)
    for sample, made in predict_samples(trained, samples, size, len(body.v_template)):
        yield sample, made.vertices, made.shape


def recorded_predictions(
    path: Path, counts: tuple[int, int], samples: Iterator[tuple[int, Sample]]
) -> Iterator[tuple[Sample, F32 | None, Shapes]]:
    """Each sample with its number's row of the recorded `vertices` (N, V, 3) and, where the file has them, `shape`
    (N, 10); None where a row is not finite.

    N is one of `counts`: the samples that are used, and all of the data set. Raises ModelError when it is neither.
    """
    arrays = read_npz(path, "a file of predictions", only=("vertices", "shape"))
    vertices, shape = arrays.get("vertices"), arrays.get("shape")
    if vertices is None or vertices.ndim != 3 or vertices.shape[2] != 3 or vertices.dtype.kind != "f":
        found = "missing" if vertices is None else f"{vertices.shape} {vertices.dtype}"
        raise ModelError(f"{path}: vertices: {found}; expected numbers (N, V, 3) in m")
    if len(vertices) not in counts:
        raise ModelError(
            f"{path}: holds {len(vertices)} predictions for {counts[0]} samples; --samples chooses their number"
        )
    if shape is not None and (shape.shape != (len(vertices), 10) or shape.dtype.kind != "f"):
        raise ModelError(f"{path}: shape: {shape.shape} {shape.dtype}; expected numbers ({len(vertices)}, 10)")
    for number, sample in samples:
        made = vertices[number].astype(np.float32)
        given = None if shape is None else shape[number].astype(np.float32)
        valid = np.isfinite(made).all() and (given is None or np.isfinite(given).all())
        yield sample, made if valid else None, given
