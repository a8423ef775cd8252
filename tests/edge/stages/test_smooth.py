"""Smooth: less jitter, little lag, people kept apart."""

from __future__ import annotations

import numpy as np

from edge.stages.smooth import Smooth
from edge.types import Bodies


def body(identity: int, where: np.ndarray, points: np.ndarray) -> Bodies:
    placed = (points + where)[None].astype(np.float32)
    return Bodies(
        ids=np.int32([identity]),
        scores=np.float32([1]),
        keypoints=np.zeros((1, 17, 3), np.float32),
        joints=placed[:, :3],
        vertices=placed[:, 3:],
        translation=where[None].astype(np.float32),
    )


POINTS = np.random.default_rng(0).normal(0, 0.3, (10, 3))


def test_smooth_reduces_jitter_at_rest() -> None:
    rng, smooth = np.random.default_rng(1), Smooth()
    raw, calm = [], []
    for k in range(120):
        noisy = body(
            1,
            np.array([0.2, 0.1, 3.0]) + rng.normal(0, [0.005, 0.005, 0.05]),
            POINTS + rng.normal(0, 0.01, POINTS.shape),
        )
        out = smooth(k / 30, noisy)
        raw.append(noisy.vertices[0])
        calm.append(out.vertices[0])
    assert np.std(calm[30:], axis=0).mean() < 0.5 * np.std(raw[30:], axis=0).mean()


def test_smooth_walk_has_little_lag() -> None:
    smooth = Smooth()
    for k in range(90):
        where = np.array([-1.5 + 1.4 * k / 30, 0.0, 4.0])  # 1.4 m/s, walking pace
        out = smooth(k / 30, body(1, where, POINTS))
    assert np.linalg.norm(out.translation[0] - where) < 0.08


def test_smooth_keeps_translation_at_root() -> None:
    smooth, rng = Smooth(), np.random.default_rng(2)
    rooted = POINTS.copy()
    rooted[0] = 0  # joint 0 is the root
    for k in range(20):
        out = smooth(k / 30, body(1, rng.normal([0, 0, 3], 0.1), rooted))
    np.testing.assert_allclose(out.joints[0, 0], out.translation[0], atol=1e-5)


def test_smooth_new_id_or_long_gap_starts_again() -> None:
    smooth = Smooth()
    smooth(0.0, body(1, np.array([0.0, 0, 3]), POINTS))
    far = np.array([1.0, 0, 5])
    np.testing.assert_allclose(smooth(0.03, body(2, far, POINTS)).translation[0], far, atol=1e-6)
    np.testing.assert_allclose(smooth(5.0, body(1, far, POINTS)).translation[0], far, atol=1e-6)


def test_smooth_without_people_gives_no_rows() -> None:
    empty = Bodies(
        np.empty(0, np.int32),
        np.empty(0, np.float32),
        np.empty((0, 17, 3), np.float32),
        np.empty((0, 3, 3), np.float32),
        np.empty((0, 7, 3), np.float32),
        np.empty((0, 3), np.float32),
    )
    assert len(Smooth()(0.0, empty)) == 0
