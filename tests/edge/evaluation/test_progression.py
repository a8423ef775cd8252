"""Maps of several checkpoints side by side."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from edge.evaluation.progression import CELL_PX, progression
from engines.body.body import open_body
from engines.training.batch import Batch
from engines.training.methods.base import Prediction
from tests.support.rendered import rendered_people


class Looker:
    """A method whose attention is a bright spot in one corner."""

    def __init__(self, corner: int) -> None:
        self._corner = corner

    def predict(self, batch: Batch) -> Prediction:
        maps = torch.zeros(len(batch), 24, 8, 8)
        maps[:, :, self._corner, self._corner] = 1
        return Prediction(batch.vertices, batch.points_3d[..., :3], maps={"attention": maps})


def test_progression_has_the_image_and_a_map_of_each_checkpoint(tmp_path: Path) -> None:
    methods = [(Looker(0), 48), (Looker(7), 64)]
    files = progression(methods, [rendered_people()[0]], open_body(), tmp_path)  # type: ignore[arg-type]
    assert [path.name for path in files] == ["0000-progression.png"]
    image = cv2.imread(str(files[0])).astype(int)
    assert image.shape == (CELL_PX, 3 * CELL_PX, 3)
    first, second = image[:, CELL_PX : 2 * CELL_PX], image[:, 2 * CELL_PX :]
    changed = np.abs(first - second).sum(-1)
    assert changed[:10, :10].mean() > 4 * changed[60:100, 60:100].mean() + 1
    assert changed[-10:, -10:].mean() > 4 * changed[60:100, 60:100].mean() + 1
