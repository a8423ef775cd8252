"""Lens models: both ways, against OpenCV, to the edge of wide lenses."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from calibration.lens import LensModel, distort, undistort, widest_radius

PINHOLE = np.array([-0.30, 0.12, 0.001, -0.002, -0.02])
FISHEYE = np.array([0.05, -0.02, 0.01, -0.003, 0.0])


def directions(widest_deg: float) -> np.ndarray:
    rng = np.random.default_rng(0)
    radius = np.tan(np.radians(rng.uniform(0, widest_deg, 500)))
    angle = rng.uniform(0, 2 * np.pi, 500)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], -1)


def test_distort_pinhole_equals_opencv() -> None:
    points = directions(40)
    expected, _ = cv2.projectPoints(
        np.column_stack([points, np.ones(500)]), np.zeros(3), np.zeros(3), np.eye(3), PINHOLE
    )
    np.testing.assert_allclose(distort(points, PINHOLE, "pinhole"), expected[:, 0], atol=1e-9)


def test_distort_fisheye_equals_opencv() -> None:
    points = directions(75)
    expected = cv2.fisheye.distortPoints(points[None], np.eye(3), FISHEYE[:4])
    np.testing.assert_allclose(distort(points, FISHEYE, "fisheye"), expected[0], atol=1e-9)


@pytest.mark.parametrize(
    ("model", "coefficients", "widest_deg"),
    [
        ("pinhole", PINHOLE, 40),
        ("pinhole", np.array([0.15, 0.0, 0.0, 0.0, 0.0]), 60),
        ("pinhole", np.array([-0.05, 0.01, 0.0, 0.0, 0.0]), 60),
        ("pinhole", np.zeros(5), 60),
        ("fisheye", FISHEYE, 84),
        ("fisheye", np.zeros(5), 84),
    ],
)
def test_undistort_inverts_distort(model: LensModel, coefficients: np.ndarray, widest_deg: float) -> None:
    points = directions(widest_deg)
    back = undistort(distort(points, coefficients, model), coefficients, model)
    np.testing.assert_allclose(back, points, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("model", ["pinhole", "fisheye"])
def test_undistort_of_any_position_is_finite_and_on_its_side(model: LensModel) -> None:
    far = np.random.default_rng(1).uniform(-50, 50, (2000, 2))
    found = undistort(far, PINHOLE if model == "pinhole" else FISHEYE, model)
    assert np.isfinite(found).all()
    if model == "fisheye":
        assert ((found * far).sum(-1) >= 0).all()


@pytest.mark.parametrize(("model", "coefficients"), [("pinhole", PINHOLE), ("fisheye", np.array([0, -0.2, 0, 0, 0.0]))])
def test_widest_radius_is_where_the_model_stops_rising(model: LensModel, coefficients: np.ndarray) -> None:
    widest = widest_radius(coefficients, model)
    inside, outside = (distort(np.array([[widest * f, 0.0]]), coefficients, model)[0, 0] for f in (0.98, 1.05))
    at = distort(np.array([[widest, 0.0]]), coefficients, model)[0, 0]
    assert inside < at
    assert outside < at + 1e-3
    assert widest < 3


def test_widest_radius_of_a_lens_that_always_rises_is_85_degrees_off_axis() -> None:
    assert widest_radius(np.zeros(5), "pinhole") == pytest.approx(np.tan(np.radians(85)))
    assert widest_radius(np.zeros(5), "fisheye") == pytest.approx(np.tan(np.radians(85)))
