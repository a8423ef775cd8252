"""Colors of people."""

from __future__ import annotations

import cv2
import numpy as np

from edge.stages.appearance import appearance_of
from edge.stages.config import AppearanceConfig
from tests.edge.stages.test_tracker import BODY


def test_appearance_of_dressed_person_has_colors_of_parts() -> None:
    image = np.zeros((300, 200, 3), np.uint8)
    image[:150], image[150:] = (200, 60, 30), (40, 180, 40)
    keypoints = (BODY * np.array([120, 290]) + np.array([40, 5]))[None].astype(np.float32)
    scores = np.full((1, 17), 0.8, np.float32)
    seen = appearance_of(image, keypoints, scores, AppearanceConfig(lightness_weight=1.0))
    expected = cv2.cvtColor(np.array([[[200, 60, 30], [40, 180, 40]]], np.uint8), cv2.COLOR_BGR2LAB).ravel()
    np.testing.assert_allclose(seen[0], expected, atol=2)
    scores[:, 11:] = 0.1
    assert np.isnan(appearance_of(image, keypoints, scores, AppearanceConfig())).all()
