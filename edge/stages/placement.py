"""Where a body of variable size stands: its root as a linear function of its shape, from keypoints and the floor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.world import Floor
from edge.stages.body_config import PlacementConfig
from edge.stages.body_skeleton import F64, BodySkeleton
from edge.types import F32
from engines.heads.base import RootMesh

UNSEEN_VARIANCE_M2 = 1e4  # of keypoints that were not seen: they have no influence


@dataclass(frozen=True, slots=True)
class Placements:
    """N people, whose shapes (B,) and roots are unknown; a root is `root + root_dirs @ shape`, with `root_cov`.

    The proportions of the body give normal equations of the shape. The height of each ankle above the one it has when
    the foot stands on the floor is `heights + height_dirs @ shape + height_root @ (t - root(shape))`: positive for a
    raised foot, negative for a foot below the floor. All of them come from one generalized least-squares problem, and
    are statistically independent of each other.

    Attributes:
        root: (N, 3) float64 m. root_dirs: (N, 3, B). root_cov: (N, 3, 3) m^2.
        proportions: (N, B, B + 1) float64, normal equations of the shape: matrix and right side.
        heights: (N, 2) float64 m, NaN without a floor or for an ankle that was not seen. height_dirs: (N, 2, B).
        height_root: (N, 2, 3), derivative by the root. height_var: (N, 2) m^2, of the height for a known root.
    """

    root: F64
    root_dirs: F64
    root_cov: F64
    proportions: F64
    heights: F64
    height_dirs: F64
    height_root: F64
    height_var: F64


def solve_placements(
    skeleton: BodySkeleton,
    mesh: RootMesh,
    rays: F32,
    scores: F32,
    expected: F64,
    floor: Floor | None,
    config: PlacementConfig,
) -> Placements:
    """Generalized least squares over the keypoints of each person.

    A point X + t that lies on the ray (u, v, 1) lies on two planes through the camera's center, whose unit normals are
    (1, 0, -u) and (0, 1, -v) before normalization. X is linear in the shape. The errors of the keypoints are
    independent; those of the bones' directions move all points behind a bone, and a rotation of the whole body moves
    all of them.

    Args:
        skeleton: constants of the body.
        mesh: the people of the frame.
        rays: (N, K, 2), the keypoints as viewing rays.
        scores: (N, K) in 0..1.
        expected: (N, B), shapes with which keypoints that do not fit are recognized.
        floor: the floor in the camera's frame, where it is known.
        config: the standard deviations.
    """
    carried = skeleton.carriers >= 0
    carriers = skeleton.carriers[carried]
    landmarks = mesh.landmarks[:, carried].astype(np.float64)
    scores = scores[:, carried]
    seen = np.isfinite(landmarks).all(-1) & np.isfinite(rays[:, carried]).all(-1)
    seen &= scores >= config.min_keypoint_score
    planes = _planes(np.nan_to_num(rays[:, carried].astype(np.float64)))  # (N, 2 K, 3)
    joints = np.nan_to_num(mesh.joints[:, : skeleton.joints].astype(np.float64))
    offsets = np.where(seen[..., None], landmarks - joints[:, carriers], 0)

    people, count = scores.shape
    ankles = skeleton.ankles
    up = np.zeros(3) if floor is None else floor.up
    normals = np.concatenate([planes, np.broadcast_to(up, (people, len(ankles), 3))], 1)
    ends = np.concatenate([np.repeat(carriers, 2), ankles])
    chains = skeleton.chains[ends]  # (rows, P)
    directions = np.nan_to_num(skeleton.bones(mesh)[0])
    along = np.where(chains, normals @ directions.transpose(0, 2, 1), 0)  # (N, rows, P)
    constant = along @ skeleton.lengths
    constant[:, : 2 * count] += np.einsum("nrc,nrc->nr", planes, np.repeat(offsets, 2, axis=1))
    by_shape = along @ skeleton.length_dirs
    if floor is not None:
        constant[:, 2 * count :] += floor.height_m - skeleton.sole_m
        by_shape[:, 2 * count :] -= skeleton.sole_dirs

    covariance = _direction_covariance(skeleton, normals, chains, directions, joints[:, ends], config)
    sigma = config.keypoint_sigma_m / np.clip(scores, config.min_score_weight, 1)
    noise = np.where(seen, sigma**2, UNSEEN_VARIANCE_M2)
    residual = constant[:, : 2 * count] + np.einsum("nrb,nb->nr", by_shape[:, : 2 * count], expected)
    variance = np.einsum("nrr->nr", covariance)[:, : 2 * count] + np.repeat(noise, 2, axis=1)
    noise = noise * _outlier_inflation(planes, residual, variance, config)
    diagonal = np.arange(2 * count)
    covariance[:, diagonal, diagonal] += np.repeat(noise, 2, axis=1)
    placements = _solve(planes, normals[:, 2 * count :], constant, by_shape, covariance)
    if floor is None:
        placements.heights.fill(np.nan)
    else:
        placements.heights[~_seen_ankles(skeleton, carried, seen & (scores >= config.min_foot_score))] = np.nan
    return placements


def _planes(rays: F64) -> F64:
    """Unit normals (N, 2 K, 3) of two planes through each ray (N, K, 2)."""
    u, v = rays[..., 0], rays[..., 1]
    planes = np.zeros((*rays.shape, 3))
    planes[..., 0, 0], planes[..., 0, 2] = 1, -u
    planes[..., 1, 1], planes[..., 1, 2] = 1, -v
    planes /= np.sqrt(1 + rays * rays)[..., None]
    return planes.reshape(len(rays), 2 * rays.shape[1], 3)


def _direction_covariance(
    skeleton: BodySkeleton,
    normals: F64,
    chains: NDArray[np.bool_],
    directions: F64,
    points: F64,
    config: PlacementConfig,
) -> F64:
    """Covariance (N, rows, rows) m^2 of the equations, from the errors of the bones' and the body's directions.

    A direction that is off by sigma moves the end of its bone across it by sigma lengths, and shortens it by half of
    sigma squared.
    """
    people, rows, _ = normals.shape
    across = skeleton.direction_sigma * skeleton.lengths
    shortened = across * skeleton.direction_sigma / 2
    spread = across[:, None, None] * np.eye(3)
    bones = spread - (across - shortened)[:, None, None] * directions[..., :, None] * directions[..., None, :]
    bones = bones.transpose(0, 2, 1, 3).reshape(people, 3, 3 * len(across))
    moved = (normals @ bones).reshape(people, rows, len(across), 3)
    turned = np.cross(points, normals) * config.turn_sigma_rad
    factor = np.concatenate([np.where(chains[..., None], moved, 0).reshape(people, rows, 3 * len(across)), turned], -1)
    covariance: F64 = factor @ factor.transpose(0, 2, 1)
    return covariance


def _outlier_inflation(planes: F64, residual: F64, variance: F64, config: PlacementConfig) -> F64:
    """Factors (N, K) of the variances of keypoints; those that do not fit the body have large ones (Geman-McClure)."""
    people, rows = residual.shape
    factor = np.ones((people, rows // 2))
    for _ in range(config.outlier_rounds):
        weighted = planes / (variance * np.repeat(factor, 2, axis=1))[..., None]
        normal = planes.transpose(0, 2, 1) @ weighted + 1e-9 * np.eye(3)
        root = -np.linalg.solve(normal, weighted.transpose(0, 2, 1) @ residual[..., None])
        off = (residual + (planes @ root)[..., 0]) ** 2 / variance
        factor = (1 + off.reshape(people, rows // 2, 2).sum(-1) / config.outlier_sigmas**2) ** 2
    return factor


def _solve(planes: F64, ups: F64, constant: F64, by_shape: F64, covariance: F64) -> Placements:
    """Eliminates the root from the equations of the keypoints; the heights of the feet become innovations."""
    rows = planes.shape[1]
    feet = covariance[:, rows:, :rows]
    right = np.concatenate([planes, by_shape[:, :rows], feet.transpose(0, 2, 1)], -1)
    solved = np.linalg.solve(covariance[:, :rows, :rows], right)
    shapes = by_shape.shape[-1]
    of_planes, of_shape, of_feet = np.split(solved, [3, 3 + shapes], axis=-1)
    root_cov = np.linalg.inv(planes.transpose(0, 2, 1) @ of_planes + 1e-9 * np.eye(3))
    gain = -root_cov @ of_planes.transpose(0, 2, 1)
    root, root_dirs = (gain @ constant[:, :rows, None])[..., 0], gain @ by_shape[:, :rows]
    # What remains of the equations without the root.
    left, rest = by_shape[:, :rows] + planes @ root_dirs, constant[:, :rows] + (planes @ root[..., None])[..., 0]
    weighted = of_shape + of_planes @ root_dirs
    matrix = left.transpose(0, 2, 1) @ weighted
    side = -weighted.transpose(0, 2, 1) @ rest[..., None]
    # The part of the feet's errors that the keypoints explain is taken off.
    explained = of_feet.transpose(0, 2, 1)
    height_root = ups - explained @ planes
    height_dirs = by_shape[:, rows:] - explained @ by_shape[:, :rows] + height_root @ root_dirs
    heights = constant[:, rows:] - (explained @ constant[:, :rows, None])[..., 0]
    heights = heights + (height_root @ root[..., None])[..., 0]
    variance = np.einsum("nff->nf", covariance[:, rows:, rows:]) - np.einsum(
        "nfr,nrf->nf", explained, covariance[:, :rows, rows:]
    )
    return Placements(
        root,
        root_dirs,
        root_cov,
        np.concatenate([matrix, side], -1),
        heights,
        height_dirs,
        height_root,
        np.maximum(variance, 0),
    )


def _seen_ankles(skeleton: BodySkeleton, carried: NDArray[np.bool_], seen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether the keypoint of each ankle (N, 2) was seen."""
    everywhere = np.zeros((len(seen), len(carried) + 1), bool)  # the last column stands for keypoints that do not exist
    everywhere[:, :-1][:, carried] = seen
    ankles: NDArray[np.bool_] = everywhere[:, skeleton.ankle_keypoints]
    return ankles
