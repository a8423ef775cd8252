"""How well the people of several views go together: rays against bodies, rays against rays, and depths."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from edge.room.colors import ViewColors, color_costs
from edge.room.config import MatchConfig
from edge.room.views import F64, Sight

APART = 1e6  # cost of what cannot be the same person
CAP = 2.0  # in limits: a keypoint that is further away counts as this, so that single outliers do not decide
PARALLEL = 0.1  # sine of the angle between two rays below which their distance says little
DEPTH_SHARE = 0.5  # weight of the depth, the least certain measure, beside the rays


def costs_of_bodies(points: F64, roots: F64, spread_m: F64, sight: Sight, config: MatchConfig) -> F64:
    """Costs (M, N) that the people of a view are M bodies: mean distance of rays from the bodies' keypoints, and of the
    depths, in standard deviations.

    Args:
        points: (M, K, 3) m, keypoints of the bodies; NaN where there are none.
        roots: (M, 3) m.
        spread_m: (M,), standard deviations of the distances, m.
        sight: the view.
        config: settings.
    """
    if not len(points) or not len(sight):
        return np.zeros((len(points), len(sight)))
    away = points[:, None] - sight.center  # (M, 1, K, 3)
    along = (away * sight.directions).sum(-1)
    square = (away * away).sum(-1) - along * along
    used = (sight.scores >= config.min_score) & np.isfinite(along)
    distance = np.sqrt(np.maximum(np.where(used, square, 0), 0)) / spread_m[:, None, None]
    mean, count = _mean(np.where(along > 0, distance, np.inf), used, config)
    toward = roots[:, None] - sight.center
    depth = np.sqrt((toward * toward).sum(-1))
    off = (sight.depths - depth) / np.hypot(config.depth_sigma * depth, spread_m[:, None])
    costs = np.hypot(mean, DEPTH_SHARE * off)
    return np.where(count >= config.min_keypoints, costs, APART)


def costs_of_views(first: Sight, second: Sight, config: MatchConfig) -> F64:
    """Costs (N1, N2) that people of two views are the same: distances of the rays to the same keypoints, and of the
    roots of the views' own bodies, in standard deviations."""
    if not len(first) or not len(second):
        return np.zeros((len(first), len(second)))
    one, two = first.directions[:, None], second.directions[None]
    baseline = second.center - first.center
    normal = np.cross(one, two)
    sine = np.sqrt((normal * normal).sum(-1))
    distance = np.abs(normal @ baseline) / np.maximum(sine, PARALLEL)
    # Where the rays are nearest to each other must be in front of both cameras.
    cosine, a, b = (one * two).sum(-1), one @ baseline, two @ baseline
    reach = np.stack([a - cosine * b, cosine * a - b]) / np.maximum(sine, PARALLEL) ** 2
    ahead = (reach > 0).all(0) | (sine < PARALLEL)
    used = np.minimum(first.scores[:, None], second.scores[None]) >= config.min_score
    mean, count = _mean(np.where(ahead, distance / config.ray_sigma_m, np.inf), used, config)
    away = first.roots[:, None] - second.roots[None]
    covariance = _root_covariances(first, config)[:, None] + _root_covariances(second, config)[None]
    off = np.sqrt(np.einsum("nma,nma->nm", away, np.linalg.solve(covariance, away[..., None])[..., 0]))
    costs = np.hypot(mean, DEPTH_SHARE * off)
    return np.where(count >= config.min_keypoints, costs, APART)


def cluster(
    sights: Sequence[Sight | None],
    rows: Sequence[NDArray[np.intp]],
    config: MatchConfig,
    colors: Sequence[ViewColors | None] = (),
) -> list[dict[int, int]]:
    """Groups of tracks that are one person, each as row by camera, with at most one track of a camera.

    Pairs are joined from the best one on, as long as all tracks of both groups agree on average: the groups are
    consistent over all views.

    Args:
        sights: of all cameras.
        rows: the rows of each sight that are grouped.
        config: settings.
        colors: of all cameras' people; none: they are not used.
    """
    tracks = [(c, int(row)) for c, chosen in enumerate(rows) for row in chosen]
    index = {track: i for i, track in enumerate(tracks)}
    costs = np.full((len(tracks), len(tracks)), APART)
    for a, b in combinations(range(len(sights)), 2):
        one, two = sights[a], sights[b]
        if one is None or two is None or not len(rows[a]) or not len(rows[b]):
            continue
        found = costs_of_views(one, two, config)
        if colors and (first := colors[a]) is not None and (second := colors[b]) is not None:
            trust = min(first.trust, second.trust)
            found += color_costs(first.colors, second.colors, trust, config.colors)
        for row in rows[a]:
            for other in rows[b]:
                i, j = index[a, int(row)], index[b, int(other)]
                costs[i, j] = costs[j, i] = found[row, other]
    groups = [[i] for i in range(len(tracks))]
    group_of = list(range(len(tracks)))
    order = np.argsort(costs, axis=None)
    for flat in order:
        i, j = divmod(int(flat), len(tracks))
        if costs[i, j] >= config.limit:
            break
        one_group, two_group = groups[group_of[i]], groups[group_of[j]]
        if i > j or group_of[i] == group_of[j]:
            continue
        cameras = [tracks[k][0] for k in (*one_group, *two_group)]
        if len(set(cameras)) == len(cameras) and costs[np.ix_(one_group, two_group)].mean() < config.limit:
            kept, gone = group_of[i], group_of[j]
            one_group.extend(two_group)
            for k in two_group:
                group_of[k] = kept
            groups[gone] = []
    return [dict(tracks[i] for i in group) for group in groups if group]


def _mean(distance: F64, used: NDArray[np.bool_], config: MatchConfig) -> tuple[F64, F64]:
    """Means (N, M) of capped distances (N, M, K) over those that are used, and their numbers."""
    count = np.broadcast_to(used, distance.shape).sum(-1)
    capped = np.where(used, np.minimum(distance, CAP * config.limit), 0)
    return capped.sum(-1) / np.maximum(count, 1), count.astype(np.float64)


def _root_covariances(sight: Sight, config: MatchConfig) -> F64:
    """Covariances (N, 3, 3) m^2 of the roots of a view's own bodies."""
    away = sight.roots - sight.center
    square = (away * away).sum(-1)[:, None, None]
    ray = away[:, :, None] * away[:, None] / np.maximum(square, 1e-9)
    covariance: F64 = ray * (config.depth_sigma**2 * square) + np.eye(3) * config.root_sigma_m**2
    return covariance
