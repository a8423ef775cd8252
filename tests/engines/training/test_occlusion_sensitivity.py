"""Occlusion sensitivity of a method that is known to look at one place."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

from torch import nn

from engines.body.body import open_body
from engines.errors import ModelError
from engines.training.batch import Batch
from engines.training.methods.base import Losses, Prediction
from engines.training.occlusion_sensitivity import GRAY, OccluderConfig, OcclusionMesh, bilinear, occlusion_errors
from engines.training.sample import PELVIS, Sample
from tests.support.rendered import rendered_people

BODY = open_body()
ROW, COLUMN = 20, 40
WRIST, ERROR_M = 20, 0.1


class Looker:
    """Predicts the truth, and the left wrist 10 cm off when the pixel that it looks at is gray."""

    name, net = "looker", nn.Identity()

    @property
    def settings(self) -> dict[str, Any]:
        return {}

    def losses(self, batch: Batch, number: int, done: float) -> Losses:
        return {}

    def predict(self, batch: Batch) -> Prediction:
        points = batch.points_3d[..., :3].clone()
        hidden = (batch.image[:, :, ROW, COLUMN] == GRAY).all(1)
        points[hidden, WRIST, 0] += ERROR_M
        return Prediction(batch.vertices, points)


def test_occlusion_errors_are_where_the_method_looks_and_of_that_joint() -> None:
    config = OccluderConfig(side=10 / 64, positions=9)
    errors = occlusion_errors(Looker(), rendered_people()[0], 64, len(BODY.v_template), config)
    assert errors.shape == (9, 9, 24)
    centers = np.linspace(0, 63, 9)
    rows, columns = np.nonzero(errors[..., WRIST] > 1)
    assert len(rows) in range(1, 5)
    assert np.abs(centers[rows] - ROW).max() <= 6
    assert np.abs(centers[columns] - COLUMN).max() <= 6
    np.testing.assert_allclose(errors[rows, columns, WRIST], 1000 * ERROR_M, rtol=1e-4)
    assert np.delete(errors, WRIST, axis=2).max() < 1e-3


def test_occlusion_errors_without_3d_joints_are_refused() -> None:
    with pytest.raises(ModelError, match="has no 3D joints"):
        occlusion_errors(Looker(), Sample(image=np.zeros((8, 8, 3), np.uint8)), 8, 5, OccluderConfig())


def test_occlusion_mesh_collects_the_errors_at_visible_vertices() -> None:
    sample = rendered_people(occluded=0.0)[0]
    mesh = OcclusionMesh(BODY)
    rows = np.linspace(0, 63, 5)[:, None, None] * np.ones((1, 5, 24))
    mesh.add(sample, rows.astype(np.float32))  # the error is the row of the pixel
    mesh.add(replace(sample, vertices=None), rows.astype(np.float32))
    errors = mesh.errors()
    shown = np.isfinite(errors[:, PELVIS])
    assert 100 < shown.sum() < 6890 / 2 + 500
    points = sample.vertices[shown] + sample.root
    pixel_rows = (points / points[:, 2:] @ sample.K.T)[:, 1]
    assert np.abs(errors[shown, 0] - pixel_rows).max() < 2.5  # a vertex stands for the pixels around it
    assert errors.shape == (6890, 24)


def test_bilinear_is_exact_on_a_plane_and_at_the_border() -> None:
    r, c = np.indices((4, 5)).astype(np.float32)
    grid = np.stack([2 * r + c, r * 0 + 1], -1)
    at = np.array([[0, 0], [3, 4], [1.25, 2.5], [2.999, 0.5]])
    np.testing.assert_allclose(bilinear(grid, at)[:, 0], 2 * at[:, 0] + at[:, 1], atol=1e-6)
