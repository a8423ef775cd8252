"""Points from the rays of several cameras: weighted by their covariances, robust, with the information in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.room.config import TriangulationConfig
from edge.room.views import F64

FACE = ("nose", "left_eye", "right_eye", "left_ear", "right_ear")
TRUNK = ("left_shoulder", "right_shoulder", "left_hip", "right_hip")
LEAST = 1e-3  # information, 1 / m^2, that keeps directions without any ray solvable
SURE = 0.5  # robust weight from which a ray counts as agreeing


@dataclass(frozen=True, slots=True)
class Rays:
    """Rays of C cameras to the K keypoints of M people.

    centers (C, 3) m; directions (M, C, K, 3) unit vectors; scores (M, C, K), 0 where a camera does not see the person;
    pixel_rad (C,): the angle of a pixel.
    """

    centers: F64
    directions: F64
    scores: F64
    pixel_rad: F64


@dataclass(frozen=True, slots=True)
class Points:
    """K points of M people.

    places (M, K, 3) m; information (M, K, 3, 3) 1 / m^2, of rank 2 where one camera sees a point; weights (M, C, K) in
    0..1, how far each ray agrees; distances (M, C, K) m of the points from the rays, NaN where there is none.
    """

    places: F64
    information: F64
    weights: F64
    distances: F64

    @property
    def views(self) -> F64:
        """Numbers (M, K) of the rays that agree on a point."""
        counts: F64 = np.asarray((self.weights > SURE).sum(1), np.float64)
        return counts

    def precision(self, common_sigma_m: float) -> F64:
        """Triangular roots (M, K, 6) of the information of points that share an error of common_sigma_m, as the
        operator refine_pose takes them; 0 without any ray."""
        information = self.information
        # (C + s^2 I)^-1 for C = W^-1, without the inverse of a singular W.
        eye = np.eye(3)
        shared = np.linalg.solve(eye + common_sigma_m**2 * information, information)
        roots = np.linalg.cholesky((shared + shared.swapaxes(-1, -2)) / 2 + LEAST * eye).swapaxes(-1, -2)
        rows, columns = np.triu_indices(3)
        packed: F64 = roots[..., rows, columns]
        packed[np.trace(information, axis1=-2, axis2=-1) <= 0] = 0
        return packed


class Triangulation:
    """Points of people from rays and from where their bodies are expected."""

    def __init__(self, keypoint_names: tuple[str, ...], config: TriangulationConfig | None = None) -> None:
        self._config = config = config or TriangulationConfig()
        self._sigma_m = np.array(
            [
                config.face_sigma_m
                if name in FACE
                else config.trunk_sigma_m
                if name in TRUNK
                else config.keypoint_sigma_m
                for name in keypoint_names
            ]
        )

    def __call__(self, rays: Rays, expected: F64) -> Points:
        """The points.

        Args:
            rays: to the keypoints.
            expected: (M, K, 3) m, where the points are without the rays; NaN where that is not known.
        """
        config = self._config
        known = np.asarray(np.isfinite(expected).all(-1))
        start = np.where(known[..., None], expected, 0)
        pull = (known / config.body_sigma_m**2 + LEAST)[..., None, None] * np.eye(3)
        across = np.eye(3) - rays.directions[..., :, None] * rays.directions[..., None, :]  # (M, C, K, 3, 3)
        toward = across @ rays.centers[None, :, None, :, None]
        seen = rays.scores >= config.min_score
        # A ray that misses the body by far is doubtful from the beginning: two rays that disagree do not say which.
        off = _distances(across, rays, start) ** 2 / (config.body_sigma_m * config.outlier) ** 2
        at, weights = start, seen / (1 + off * known[:, None]) ** 2
        for _ in range(config.rounds):
            precise = self._precise(rays, at, known) * weights
            at, _ = _solve(across, toward, precise, pull, start)
            known = np.ones_like(known)
            deviation = _distances(across, rays, at) * np.sqrt(self._precise(rays, at, known))
            weights = seen / (1 + (deviation / config.outlier) ** 2) ** 2
        # Without the bodies: they come in again where they are fitted to the points.
        precise = self._precise(rays, at, known) * weights
        at, information = _solve(across, toward, precise, LEAST * np.eye(3), at)
        return Points(at, information, weights, np.where(seen, _distances(across, rays, at), np.nan))

    def _precise(self, rays: Rays, at: F64, placed: NDArray[np.bool_]) -> F64:
        """Inverse variances (M, C, K) 1 / m^2 across the rays to points (M, K, 3), those that are placed (M, K)."""
        config = self._config
        away = at[:, None] - rays.centers[:, None]
        reach = np.sqrt((away * away).sum(-1)) * placed[:, None]
        metric = self._sigma_m**2 / np.maximum(rays.scores, config.min_score)
        variance = metric + (config.pixel_sigma_px * rays.pixel_rad[:, None] * reach) ** 2
        precise: F64 = np.where(rays.scores >= config.min_score, 1 / variance, 0)
        return precise


def _solve(across: F64, toward: F64, precise: F64, pull: F64, start: F64) -> tuple[F64, F64]:
    """Points (M, K, 3) nearest to rays of a precision (M, C, K) and to where they start, and their information."""
    information = (precise[..., None, None] * across).sum(1)
    side = (precise[..., None, None] * toward).sum(1) + pull @ start[..., None]
    at: F64 = np.linalg.solve(information + pull, side)[..., 0]
    return at, information


def _distances(across: F64, rays: Rays, at: F64) -> F64:
    """Distances (M, C, K) m of points (M, K, 3) from the rays."""
    off = (across @ (at[:, None] - rays.centers[:, None])[..., None])[..., 0]
    distances: F64 = np.sqrt((off * off).sum(-1))
    return distances
