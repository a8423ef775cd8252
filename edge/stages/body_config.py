"""Settings of the estimation of body shapes and of the placement of bodies of known size."""

from __future__ import annotations

from dataclasses import dataclass, field

from engines.body.given_shapes import GivenShapes


@dataclass(frozen=True, slots=True)
class PlacementConfig:
    """Errors that the placement of a body of known size expects. All values are tuned.

    Attributes:
        min_keypoint_score: score, 0..1, below which a keypoint is not used.
        min_foot_score: score, 0..1, below which an ankle is not compared with the floor.
        keypoint_sigma_m: standard deviation of a keypoint with score 1 across its ray, m at the body's depth; it is
            inversely proportional to the score.
        min_score_weight: score, 0..1, below which that standard deviation does not rise further.
        turn_sigma_rad: standard deviation of the direction of the whole body, rad.
        outlier_sigmas: distance, in standard deviations, that doubles the standard deviation of a keypoint
            (Geman-McClure).
        outlier_rounds: rounds of re-weighting.
    """

    min_keypoint_score: float = 0.15
    min_foot_score: float = 0.3
    keypoint_sigma_m: float = 0.025
    min_score_weight: float = 0.3
    turn_sigma_rad: float = 0.06
    outlier_sigmas: float = 4.0
    outlier_rounds: int = 2


@dataclass(frozen=True, slots=True)
class BodyShapeConfig:
    """Settings of the BodyShapes stage. All values are tuned on synthetic people with recorded motion.

    Attributes:
        height_m: stature of all people, m; None: unknown.
        shapes: shapes that are given for all people or for some; None: all are estimated.
        floor: use the height of the feet above a known floor.
        proportions: use the proportions of the limbs.
        directions: number of shape directions that are estimated, the first ones.
        settle_s: time of evidence of each kind after which it is complete, s.
        interval_s: least time between two frames that are used, s.
        max_interval_s: time between two used frames, s, beyond which more does not count.
        correlation_s: time after which the errors of a frame are independent of earlier ones, s.
        max_independent: number of independent frames for which any number of frames counts at most.
        height_sigma_m: standard deviation of a given stature, m.
        sole_sigma_m: standard deviation of the height of the ankle of a foot that stands on the floor, m.
        raised_foot_m: height of the lower foot above the floor, m, that halves its weight twice (Geman-McClure).
        sunk_foot_m: the same for a foot below the floor, which only errors cause.
        foot_rounds: rounds of re-weighting.
        max_foot_samples: number of heights of feet that are kept.
        max_shape: largest deviation from the neutral figure, standard deviations.
        move_time_s: time constant with which the shape approaches the estimate, s.
        move_end: largest difference of an entry from the estimate, standard deviations, that is removed at once.
        forget_s: time without observation after which the shape of a person is forgotten, s.
        max_people: number of people whose shapes are kept.
        placement: errors that the evidence expects.
    """

    height_m: float | None = None
    shapes: GivenShapes | None = None
    floor: bool = True
    proportions: bool = True
    directions: int = 10
    settle_s: float = 1.5
    interval_s: float = 0.06
    max_interval_s: float = 0.5
    correlation_s: float = 1.5
    max_independent: float = 2.0
    height_sigma_m: float = 0.01
    sole_sigma_m: float = 0.025
    raised_foot_m: float = 0.07
    sunk_foot_m: float = 0.15
    foot_rounds: int = 5
    max_foot_samples: int = 64
    max_shape: float = 4.0
    move_time_s: float = 0.15
    move_end: float = 0.02
    forget_s: float = 60.0
    max_people: int = 256
    placement: PlacementConfig = field(default_factory=PlacementConfig)
