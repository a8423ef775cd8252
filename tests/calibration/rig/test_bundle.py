"""Derivatives of the bundle adjustment, and robust least squares."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from calibration.rig.board_poses import inverse
from calibration.rig.bundle import LENS, POSE, Layout
from calibration.rig.robust_fit import robust_fit
from calibration.rig.solve import solve
from tests.support.rigs import ring, simulate, without_poses


def test_jacobian_equals_numeric_derivatives() -> None:
    scene = simulate(ring(3), frames=8, two_sided=True)
    solution, _, _ = solve(without_poses(scene.cameras), scene.views, (np.eye(4),))
    bundle, seen = solution.bundle, solution.seen
    seen = type(seen)(seen.camera, seen.frame, seen.points, seen.pixels, np.full_like(seen.pixels, 30.0))
    layout = Layout(3, len(bundle.boards), (1,), len(bundle.delays_s), 0.05)
    rng = np.random.default_rng(0)
    at = rng.normal(0, 0.02, layout.size)
    analytic = layout.jacobian(bundle, at, seen, 1.0, 1.0).toarray()[: 2 * len(seen.camera)]
    chosen = [*range(2 * POSE + POSE), *range(layout.poses_end, layout.poses_end + LENS + 3)]
    for parameter in chosen:
        step = np.zeros(layout.size)
        step[parameter] = 1e-6
        high, low = (layout.apply(bundle, at + sign * step).residuals(seen).ravel() for sign in (1, -1))
        numeric = (high - low) / 2e-6
        np.testing.assert_allclose(analytic[:, parameter], numeric, atol=1e-3 * max(1, np.abs(numeric).max()))


def test_robust_fit_ignores_outliers() -> None:
    rng = np.random.default_rng(1)
    x = np.linspace(0, 1, 200)
    y = 3 * x - 1 + rng.normal(0, 0.01, 200)
    y[::10] += 50
    design = csr_matrix(np.stack([x, np.ones(200)], axis=1) / 0.03)
    found = robust_fit(lambda p: design @ p - y / 0.03, lambda p: design, np.zeros(2))
    np.testing.assert_allclose(found, [3, -1], atol=0.02)


def test_inverse_undoes_a_transform() -> None:
    scene = simulate(ring(2), frames=4, two_sided=True)
    boards = np.stack(list(scene.boards.values()))
    np.testing.assert_allclose(inverse(boards) @ boards, np.tile(np.eye(4), (len(boards), 1, 1)), atol=1e-12)
