"""Sparse robust least squares: Levenberg-Marquardt steps with a soft L1 loss (iteratively re-weighted)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.sparse import csr_matrix, diags_array

F64 = NDArray[np.float64]
FIRST_DAMPING, LEAST_DAMPING, MOST_DAMPING = 1e-4, 1e-9, 1e9
DONE = 1e-6  # relative decrease of the cost of a step
TINY = 1e-12  # of the largest diagonal entry, for parameters that nothing determines


def robust_fit(values: Callable[[F64], F64], jacobian: Callable[[F64], csr_matrix], start: F64, steps: int = 50) -> F64:
    """The parameters (P,) with the smallest soft L1 loss 2 (sqrt(1 + r^2) - 1), summed over the residuals.

    The normal equations of a bundle have some hundred unknowns: solving them by a dense Cholesky decomposition takes a
    tenth of the time of scipy.optimize.least_squares, which solves sparse problems by conjugate gradients.

    Args:
        values: residuals (R,) of parameters, in units of the scale of the loss.
        jacobian: their derivatives (R, P).
        start: initial parameters.
        steps: largest number of steps.
    """
    current, damping = start, FIRST_DAMPING
    residuals = values(current)
    cost = _cost(residuals)
    for _ in range(steps):
        derivative = jacobian(current)
        weight = 1 / np.sqrt(1 + np.square(residuals))
        weighted = derivative.T @ diags_array(weight)
        hessian = np.asarray((weighted @ derivative).todense())
        gradient = weighted @ residuals
        diagonal = np.diag(hessian).copy()
        diagonal = np.maximum(diagonal, TINY * diagonal.max(initial=1e-300))
        before = cost
        while damping < MOST_DAMPING:
            try:
                step = -cho_solve(cho_factor(hessian + np.diag(damping * diagonal)), gradient)
            except LinAlgError:
                damping *= 10
                continue
            tried = values(current + step)
            tried_cost = _cost(tried)
            if tried_cost < cost:
                current, residuals, cost = current + step, tried, tried_cost
                damping = max(damping / 10, LEAST_DAMPING)
                break
            damping *= 10
        if before - cost <= DONE * before:
            break
    return current


def _cost(residuals: F64) -> float:
    cost = float((np.sqrt(1 + np.square(residuals)) - 1).sum())
    return cost if np.isfinite(cost) else np.inf
