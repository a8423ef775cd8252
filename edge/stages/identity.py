"""Identity: which observed people are which tracks, by place, appearance and size.

Each pair of a track and an observation gets the log odds that they are the same person: a prior, and for every feature
the logarithm of the ratio of two normal densities, that of differences within one person and that between people.
Where a track is expected becomes less certain with the time since it was seen, so that the same odds follow people from
frame to frame and recognize those who were lost.
"""

from __future__ import annotations

import numpy as np

from edge.stages.observation import Observations
from edge.stages.track import TrackTable
from edge.stages.tracker_config import IdentityConfig
from edge.types import F32, Array


def log_odds(
    tracks: TrackTable,
    found: Observations,
    t_s: float,
    image_size: tuple[int, int],
    config: IdentityConfig,
    min_score: float,
) -> F32:
    """Log odds (N, M) that the tracks and the observations are the same people; -inf where they are too far apart.

    Args:
        tracks: all tracks.
        found: what the pose stage found.
        t_s: time of the frame.
        image_size: width and height, px.
        config: spreads and priors.
        min_score: score, 0..1, above which a keypoint is compared.
    """
    waited = np.maximum(t_s - tracks.seen_s, 0)
    at_once, more, most = config.place
    spreads, lengths = np.minimum(at_once + more * waited, most), tracks.lengths
    apart = tracks.center_distances(found.centers) / lengths[:, None]
    at, of = np.nonzero(apart < (config.reach[0] + config.reach[1] * spreads)[:, None])
    errors = tracks.motion_errors(at, found, of, min_score)
    area = np.maximum(np.prod(image_size) / np.square(lengths), 4.0)  # of the image, in squared box lengths
    precision = 0.5 / np.square(spreads)
    entering = config.entering * (_at_edge(found, image_size, config.edge)[of] & tracks.lost[at])
    prior = np.where(tracks.lost, config.prior, config.sight_prior) - config.prior_decay * waited
    place = np.log(area * precision / np.pi)
    pairs = (prior + place)[at] - entering - np.square(errors) * precision[at]
    pairs += config.own_crop * (tracks.ids[at] == found.ids[of])
    pairs += _tolerant(_ratio(np.log(found.lengths[of] / lengths[at]), *config.length), config.exceptions)
    pairs += _appearance(tracks.appearances[at] - found.appearances[of], config)
    odds = np.full((len(tracks), len(found)), -np.inf, np.float32)
    odds[at, of] = pairs
    return odds


def _appearance(off: F32, config: IdentityConfig) -> F32:
    """Log-likelihood ratios (P,) of differences (P, 6) of appearances; 0 for parts that are not visible."""
    lightness, color = _ratio(off[:, ::3], *config.lightness), _ratio(off, *config.color)
    parts = _tolerant(lightness + color[:, 1::3] + color[:, 2::3], config.exceptions)
    parts = np.where(np.isfinite(parts), parts, 0)
    total: F32 = parts[:, 0] + parts[:, 1]
    return total


def _at_edge(found: Observations, image_size: tuple[int, int], margin: float) -> Array:
    """Whether boxes are within a margin, in box lengths, of the edge of the image, (M,) bool."""
    boxes, wide = found.boxes, margin * found.lengths[:, None]
    beyond = np.concatenate([boxes[:, :2] <= wide, boxes[:, 2:] >= image_size - wide], axis=1)
    edge: Array = beyond[:, 0] | beyond[:, 1] | beyond[:, 2] | beyond[:, 3]
    return edge


def _ratio(off: F32, same: float, different: float) -> F32:
    """Log ratio of two normal densities of differences."""
    ratio: F32 = np.log(different / same) + np.square(off) * (0.5 / different**2 - 0.5 / same**2)
    return ratio


def _tolerant(ratio: F32, exceptions: float) -> F32:
    """The log ratio if a share of the measurements of one person is as different as those of two people."""
    mixed: F32 = np.log((1 - exceptions) * np.exp(ratio) + exceptions)
    return mixed
