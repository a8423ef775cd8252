"""Re-identification: which new people are people who were lost, by appearance, size and place.

Each pair of a lost and a new person gets the log odds that they are the same: a prior, and for every feature the
logarithm of the ratio of two normal densities, that of differences within one person and that between people.
"""

from __future__ import annotations

import numpy as np

from edge.stages.association import assign
from edge.stages.track import TrackTable
from edge.stages.tracker_config import ReidentificationConfig
from edge.types import F32, Array


def reidentify(
    lost: TrackTable, found: TrackTable, t_s: float, image_size: tuple[int, int], config: ReidentificationConfig
) -> tuple[Array, Array]:
    """Pairs (rows of lost, rows of found) of the same people. image_size: width and height, px."""
    odds = log_odds(lost, found, t_s, image_size, config)
    rows, columns = assign(odds, config.min_evidence)
    # A person whom another lost one resembles nearly as much is a new person, unless that one is found elsewhere.
    others = np.ones(len(lost), bool)
    others[rows] = False
    rivals = odds[others].max(axis=0, initial=-np.inf)[columns]
    clear = odds[rows, columns] - rivals >= config.min_margin
    return rows[clear], columns[clear]


def log_odds(
    lost: TrackTable, found: TrackTable, t_s: float, image_size: tuple[int, int], config: ReidentificationConfig
) -> F32:
    """Log odds (L, N) that the lost tracks and the found ones are the same people."""
    waited = np.maximum(t_s - lost.seen_s, 0)[:, None]
    lengths = lost.lengths[:, None]
    prior = config.prior - config.prior_decay * waited - config.entering * _at_edge(found, image_size, config.edge)
    appearance = _appearance(lost.appearances[:, None] - found.appearances[None], config)
    length = _tolerant(_ratio(np.log(found.lengths[None] / lengths), *config.length), config.exceptions)
    at_once, more, most = config.place
    spread = np.minimum(at_once + more * waited, most)
    squared = np.square((found.centers[None] - lost.centers[:, None]) / lengths[..., None]).sum(axis=-1)
    area = np.maximum(np.prod(image_size) / np.square(lengths), 4.0)  # of the image, in squared box lengths
    place = np.log(area / (2 * np.pi * np.square(spread))) - squared / (2 * np.square(spread))
    odds: F32 = (prior + appearance + length + place).astype(np.float32)
    return odds


def _appearance(off: F32, config: ReidentificationConfig) -> F32:
    """Log-likelihood ratios (L, N) of differences (L, N, 6) of appearances; 0 for parts that are not visible."""
    lightness, color = _ratio(off[..., ::3], *config.lightness), _ratio(off, *config.color)
    parts = _tolerant(lightness + color[..., 1::3] + color[..., 2::3], config.exceptions)
    total: F32 = np.where(np.isfinite(parts), parts, 0).sum(axis=-1)
    return total


def _at_edge(found: TrackTable, image_size: tuple[int, int], margin: float) -> Array:
    """Whether boxes are within a margin, in box lengths, of the edge of the image, (N,) bool."""
    boxes, wide = found.boxes, margin * found.lengths[:, None]
    edge: Array = np.any(boxes[:, :2] <= wide, axis=1) | np.any(boxes[:, 2:] >= image_size - wide, axis=1)
    return edge


def _ratio(off: F32, same: float, different: float) -> F32:
    """Log ratio of two normal densities of differences."""
    ratio: F32 = np.log(different / same) + np.square(off) * (0.5 / different**2 - 0.5 / same**2)
    return ratio


def _tolerant(ratio: F32, exceptions: float) -> F32:
    """The log ratio if a share of the measurements of one person is as different as those of two people."""
    mixed: F32 = np.log((1 - exceptions) * np.exp(ratio) + exceptions)
    return mixed
