"""Settings of the fusion of several cameras: frozen dataclasses that its stages take."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from edge.stages.refinement_config import RefinementConfig
from edge.stages.smoothing_config import FootLockConfig, RigSmoothingConfig, TrackingFilterConfig

# Tuned on annotated clips; around these values errors change little.
TOGETHER = RefinementConfig(
    steps=3,
    outlier=3.0,
    root_rad=0.5,
    trunk_rad=0.15,
    shoulder_rad=0.6,
    elbow_rad=0.4,
    hip_rad=0.35,
    knee_rad=0.5,
    root_across_m=0.3,
    root_along_m=0.3,
)
ALONE = RefinementConfig(root_across_m=0.05, root_along_m=0.05)
SMOOTHING = RigSmoothingConfig(
    rotation=TrackingFilterConfig(2.1, 9.0, 0.1, 0.9, 0.33),
    position=TrackingFilterConfig(1.4, 30.0, 0.03, 0.9, 0.5),
)
FOOT_LOCK = FootLockConfig(depth_weight=1.0, max_offset_m=0.06, start_contact=0.85, stop_contact=0.6, follow_s=1.5)


@dataclass(frozen=True, slots=True)
class TriangulationConfig:
    """Errors of keypoints and rays. All values are tuned on recorded and synthetic people.

    Attributes:
        min_score: score, 0..1, below which a keypoint has no ray.
        keypoint_sigma_m: standard deviation of a keypoint with score 1 across its ray, m; it falls with the root of the
            score.
        face_sigma_m: the same for nose, eyes and ears.
        trunk_sigma_m: the same for shoulders and hips, which detectors and bodies define differently.
        pixel_sigma_px: standard deviation of a keypoint in the image, px, which counts far away.
        common_sigma_m: standard deviation of what all views have in common, m: more views do not reduce it.
        body_sigma_m: standard deviation of the expected points, with which outliers are recognized, m.
        outlier: distance from a ray, in standard deviations, at which its weight is a quarter (Geman-McClure).
        rounds: rounds of re-weighting.
    """

    min_score: float = 0.35
    keypoint_sigma_m: float = 0.03
    face_sigma_m: float = 0.05
    trunk_sigma_m: float = 0.02
    pixel_sigma_px: float = 1.5
    common_sigma_m: float = 0.015
    body_sigma_m: float = 0.12
    outlier: float = 2.5
    rounds: int = 2


@dataclass(frozen=True, slots=True)
class ColorConfig:
    """What the colors of people say about who is who in different views. All values are tuned on synthetic rooms.

    Attributes:
        weight: cost of a unit of log-likelihood; 0: colors are not used.
        lightness: spreads of the lightness of a body part between views of one person, and between people.
        color: the same of the two color axes.
        most_alike: largest log-likelihood ratio for one person that counts.
        most_different: the same for two people.
        settle_s: time of people in common after which the color cast of a camera is known, s.
        follow_s: time constant of a track's color, s.
        forget_s: time for which the color of a track that is not seen is kept, s.
        person_share: share of a view's color that a person takes over in a moment.
    """

    weight: float = 0.4
    lightness: tuple[float, float] = (10.0, 20.0)
    color: tuple[float, float] = (6.0, 12.0)
    most_alike: float = 2.0
    most_different: float = 5.0
    settle_s: float = 3.0
    follow_s: float = 0.5
    forget_s: float = 2.0
    person_share: float = 0.02


@dataclass(frozen=True, slots=True)
class MatchConfig:
    """Which tracks of different cameras are one person. All values are tuned on synthetic rooms.

    Attributes:
        min_score: score, 0..1, below which a keypoint is not compared.
        min_keypoints: keypoints that two views must have in common.
        ray_sigma_m: standard deviation of the distance of two rays to the same keypoint, m.
        depth_sigma: standard deviation of the depth of a single view's body, as a share of it.
        root_sigma_m: standard deviation of its root across the ray, m.
        limit: cost at which two tracks are as likely the same person as not.
        keep_limit: the same for a track that belongs to a person already.
        confirm_s: time after which a track that one camera alone sees becomes a person, s, where another camera could
            see it too.
        forget_s: time for which a person who is not seen keeps the id, s.
        reach_m_s: speed, m/s, at which a person may walk while no camera sees them.
        reach_m: distance, m, from where a person was seen last, besides that way.
        max_people: number of people that are kept.
        colors: appearance, where views have it.
    """

    min_score: float = 0.3
    min_keypoints: int = 4
    ray_sigma_m: float = 0.06
    depth_sigma: float = 0.08
    root_sigma_m: float = 0.08
    limit: float = 3.0
    keep_limit: float = 6.0
    confirm_s: float = 0.25
    forget_s: float = 5.0
    reach_m_s: float = 1.5
    reach_m: float = 0.4
    max_people: int = 256
    colors: ColorConfig = field(default_factory=ColorConfig)


@dataclass(frozen=True, slots=True)
class ShapeConfig:
    """The shape of a person from the lengths of limbs between triangulated keypoints. All values are tuned.

    Attributes:
        settle_s: time of evidence after which the shape is constant, s.
        interval_s: least time between two frames that are used, s.
        length_sigma_m: standard deviation of what all frames have in common in a length, m.
        correlation_s: time after which the errors of a frame are independent of earlier ones, s.
        prior_sigma: standard deviation of the views' shapes, standard deviations of people.
        max_shape: largest entry of a shape, standard deviations.
        move_s: time constant with which a shape approaches the estimate, s.
    """

    settle_s: float = 3.0
    interval_s: float = 0.06
    length_sigma_m: float = 0.015
    correlation_s: float = 0.5
    prior_sigma: float = 0.35
    max_shape: float = 4.0
    move_s: float = 0.3


@dataclass(frozen=True, slots=True)
class FitConfig:
    """The body of a person. All values are tuned.

    Attributes:
        min_visibility: visibility, 0..1, from which a view's rotation counts fully.
        depth_sigma: standard deviation of the depth of a single view's body, as a share of it.
        across_sigma_m: the same across the ray, m.
        steady_rad: standard deviation of the change of a joint's rotation within steady_s, rad.
        steady_m: standard deviation of the change of the root within steady_s, m.
        steady_s: see steady_rad; the variance grows with the time.
        handover_s: time constant with which a person seen by one camera moves to that camera's own depth, s.
        refinement: of the mean of the views towards points that two or more views see.
        alone: the same for a person whom one camera sees.
    """

    min_visibility: float = 0.5
    depth_sigma: float = 0.08
    across_sigma_m: float = 0.04
    handover_s: float = 1.5
    steady_rad: float = 0.083
    steady_m: float = 0.03
    steady_s: float = 1 / 60
    refinement: RefinementConfig = field(default_factory=lambda: TOGETHER)
    alone: RefinementConfig = field(default_factory=lambda: ALONE)


@dataclass(frozen=True, slots=True)
class RoomConfig:
    """Settings of the fusion.

    Attributes:
        match: people across views.
        triangulation: rays to points.
        shape: sizes of people.
        fit: bodies.
        smoothing: filter of rotations and positions in the room.
        foot_lock: planted feet; all directions count alike.
        smooth: filter bodies and lock planted feet.
    """

    match: MatchConfig = field(default_factory=MatchConfig)
    triangulation: TriangulationConfig = field(default_factory=TriangulationConfig)
    shape: ShapeConfig = field(default_factory=ShapeConfig)
    fit: FitConfig = field(default_factory=FitConfig)
    smoothing: RigSmoothingConfig = field(default_factory=lambda: SMOOTHING)
    foot_lock: FootLockConfig = field(default_factory=lambda: FOOT_LOCK)
    smooth: bool = True

    @staticmethod
    def of(*, smooth: str = "light", sized: bool = False) -> RoomConfig:
        """The default settings with the options of the command line.

        Args:
            smooth: "light", "strong", which is steadier and slower, or "off".
            sized: the sizes of people are given, and not estimated.
        """
        config = RoomConfig(smooth=smooth != "off")
        if smooth == "strong":
            steady = replace(RigSmoothingConfig.strong(), position=TrackingFilterConfig(0.8, 20.0, 0.04, 0.9, 0.5))
            config = replace(config, smoothing=steady)
        return replace(config, shape=replace(config.shape, settle_s=0.0)) if sized else config
