"""How the maps of a method change over a training: those of several checkpoints side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.evaluation.explain import write_file
from engines.body.body import Body
from engines.training.batch_predictions import predict_samples
from engines.training.methods.base import Method
from engines.training.prediction_sheet import draw_map
from engines.training.sample import Sample

U8 = NDArray[np.uint8]
CELL_PX = 160


def progression(
    checkpoints: Sequence[tuple[Method, int]], samples: Iterable[Sample], body: Body, out: Path
) -> list[Path]:
    """Writes NNNN-progression.png: below each other the maps of the method, to the right of the image those of each
    checkpoint, the method with the side of its crops. Of the attention of parts, each pixel shows the strongest one.

    Raises OutputError when a file cannot be written.
    """
    people = list(samples)
    predictions = [
        [made.maps for _, made in predict_samples(trained, people, size, len(body.v_template))]
        for trained, size in checkpoints
    ]
    files = []
    for number, sample in enumerate(people):
        shown = np.asarray(cv2.resize(sample.image, (CELL_PX, CELL_PX), interpolation=cv2.INTER_LINEAR), np.uint8)
        names = [name for name in predictions[0][number] if all(name in each[number] for each in predictions)]
        if not names:
            continue
        rows = [
            np.concatenate([shown, *(_over(shown, each[number][name], name) for each in predictions)], 1)
            for name in names
        ]
        path = out / f"{number:04d}-progression.png"
        write_file(path, bytes(cv2.imencode(".png", np.concatenate(rows)[..., ::-1])[1]))
        files.append(path)
    return files


def _over(image: U8, values: NDArray[np.generic], name: str) -> U8:
    """A map; attention, which sums to 1 over the pixels of each part, over the image."""
    if name != "attention":
        return draw_map(values, CELL_PX)
    numbers = values.astype(np.float32)
    strength = (numbers / numbers.max((1, 2), keepdims=True).clip(1e-12)).max(0)
    heat = np.asarray(cv2.resize((255 * strength).astype(np.uint8), image.shape[1::-1]), np.uint8)
    colored = np.asarray(cv2.applyColorMap(heat, cv2.COLORMAP_TURBO)[..., ::-1], np.uint8)
    return np.asarray(cv2.addWeighted(image, 0.4, colored, 0.6, 0), np.uint8)
