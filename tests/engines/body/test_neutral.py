"""The neutral figure."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engines.body.body import open_body
from engines.body.neutral import neutral_shape


def test_neutral_shape_of_the_bundled_body_is_170_cm_tall() -> None:
    vertices, _ = open_body().rest(neutral_shape(open_body())[None])
    assert np.ptp(vertices[0, :, 1]) == pytest.approx(1.70, abs=0.01)


def test_neutral_shape_of_the_bundled_body_has_a_flatter_chest_than_the_mean() -> None:
    body = open_body()
    depths = []
    for shape in (np.zeros(10, np.float32), neutral_shape(body)):
        vertices, joints = body.rest(shape[None])
        chest = np.abs(vertices[0, :, 1] - joints[0, 9, 1] + 0.02) < 0.03
        aside = np.abs(np.abs(vertices[0, :, 0]) - 0.09) < 0.03
        middle = np.abs(vertices[0, :, 0]) < 0.015
        depths.append(vertices[0, chest & aside, 2].max() - vertices[0, chest & middle, 2].max())
    assert depths[1] < depths[0] - 0.005


def test_neutral_shape_of_another_body_is_zero() -> None:
    other = replace(open_body(), v_template=open_body().v_template * 1.01)
    assert not neutral_shape(other).any()
