"""The offset between two streams, from points that move in both."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from calibration.time_offset import OffsetSearch, estimate_offset

F64 = NDArray[np.float64]
JOINTS = 12


def motion(times: F64, seed: int = 0, *, periodic: bool = False) -> F64:
    """Smooth motion (T, J, 3) m of points: sums of a few oscillations."""
    rng = np.random.default_rng(seed)
    rates = np.full(8, 1.0) if periodic else rng.uniform(0.2, 1.6, 8)
    amplitude = rng.normal(0, 0.12, (8, JOINTS, 3)) / rates[:, None, None]
    phase = np.zeros((8, JOINTS, 3)) if periodic else rng.uniform(0, 2 * np.pi, (8, JOINTS, 3))
    angle = 2 * np.pi * rates[:, None, None, None] * times[None, :, None, None] + phase[:, None]
    return np.asarray((amplitude[:, None] * np.sin(angle)).sum(0) + rng.normal(0, 0.4, (JOINTS, 3)))


def seen(points: F64, yaw_deg: float, roll_deg: float, seed: int, noise_px: float = 3.0) -> F64:
    """Pixels (T, J, 2) of points in a camera 4 m away, with noise, some of them missing and some of them wrong."""
    rng = np.random.default_rng(seed)
    yaw, roll = np.radians([yaw_deg, roll_deg])
    turn = np.array([[np.cos(yaw), -np.sin(yaw), 0], [0, 0, -1], [np.sin(yaw), np.cos(yaw), 0]])
    twist = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    camera = points @ (twist @ turn).T + [0, 0, 4.0]
    pixels = 900 * camera[..., :2] / camera[..., 2:] + rng.normal(0, noise_px, (*points.shape[:2], 2))
    pixels[rng.random(points.shape[:2]) < 0.1] = np.nan
    pixels[rng.random(points.shape[:2]) < 0.01] += 200
    return np.asarray(pixels)


@pytest.mark.parametrize("offset", [-0.417, -0.0071, 0.0, 0.0333, 0.25])
@pytest.mark.parametrize(("yaw", "roll"), [(60, 0), (170, 0), (90, 90)])
def test_offset_is_found_to_a_fraction_of_a_frame(offset: float, yaw: float, roll: float) -> None:
    first, second = np.arange(0, 10, 1 / 30), 100.0 + np.arange(0.013, 10, 1 / 25)  # rates differ, and so do clocks
    a, b = seen(motion(first), 0, 0, 1), seen(motion(second - 100.0 - offset), yaw, roll, 2)
    found = estimate_offset(first, a, second - 100.0, b)
    assert found is not None
    assert found.reliable
    assert found.seconds == pytest.approx(offset, abs=0.02)
    assert abs(found.seconds - offset) < 5 * found.std_s + 0.001
    assert found.std_s < 0.015


def test_offset_of_many_seconds_is_found() -> None:
    first, second = np.arange(0, 60, 1 / 15), np.arange(0, 50, 1 / 15)
    a, b = seen(motion(first), 0, 0, 1), seen(motion(second + 7.3), 70, 0, 2)
    found = estimate_offset(first, a, second, b, OffsetSearch(largest_s=20))
    assert found is not None
    assert found.reliable
    assert found.seconds == pytest.approx(-7.3, abs=0.01)


def test_offset_of_slow_streams_is_found() -> None:
    first, second = np.arange(0, 20, 1 / 6), np.arange(0.05, 20, 1 / 6)
    a, b = seen(motion(first), 0, 0, 1), seen(motion(second - 0.1), 50, 20, 2)
    found = estimate_offset(first, a, second, b)
    assert found is not None
    assert found.seconds == pytest.approx(0.1, abs=0.02)


def test_offset_outside_of_the_range_is_not_reliable() -> None:
    times = np.arange(0, 10, 1 / 30)
    found = estimate_offset(times, seen(motion(times), 0, 0, 1), times, seen(motion(times + 2.6), 60, 0, 2))
    assert found is None or not found.reliable


def test_offset_of_different_motions_is_not_reliable() -> None:
    times = np.arange(0, 10, 1 / 30)
    found = estimate_offset(times, seen(motion(times, 3), 0, 0, 1), times, seen(motion(times, 4), 60, 0, 2))
    assert found is not None
    assert not found.reliable


def test_offset_of_periodic_motion_is_not_reliable() -> None:
    times = np.arange(0, 10, 1 / 30)
    a, b = seen(motion(times, periodic=True), 0, 0, 1), seen(motion(times, periodic=True), 60, 0, 2)
    found = estimate_offset(times, a, times, b, OffsetSearch(largest_s=1.5))
    assert found is not None
    assert not found.reliable


def test_offset_without_motion_is_not_estimated() -> None:
    times = np.arange(0, 10, 1 / 30)
    still = np.repeat(motion(times)[:1], len(times), axis=0)
    assert estimate_offset(times, seen(motion(times), 0, 0, 1), times, seen(still, 60, 0, 2, 0.0)[:, :0]) is None
    exact = 900 * still[..., :2] / 4
    assert estimate_offset(times, exact, times, exact) is None
    assert estimate_offset(times[:3], exact[:3], times, exact) is None
    unseen = np.full_like(exact, np.nan)
    assert estimate_offset(times, unseen, times, exact) is None
