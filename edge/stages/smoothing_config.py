"""Settings of the filters of bodies and of the foot lock."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OneEuroConfig:
    """A one-euro filter (Casiez et al., CHI 2012).

    Attributes:
        min_cutoff_hz: cut-off frequency at rest, Hz.
        beta: Hz by which the cut-off frequency rises with each unit of speed.
    """

    min_cutoff_hz: float
    beta: float


@dataclass(frozen=True, slots=True)
class SmoothingConfig:
    """Settings of the Smooth stage. All values are tuned; depth is the noisiest quantity and is filtered most.

    Attributes:
        forget_s: time without observation after which a person's filters start again, s.
        bearing: of x/z and y/z of the root; speeds in 1/s.
        depth: of the logarithm of the root's depth; speeds in 1/s.
        shape: of root-relative joints and vertices; speeds in m/s.
    """

    forget_s: float = 1.0
    bearing: OneEuroConfig = OneEuroConfig(3.0, 60.0)
    depth: OneEuroConfig = OneEuroConfig(0.8, 4.0)
    shape: OneEuroConfig = OneEuroConfig(2.0, 15.0)

    @staticmethod
    def strong() -> SmoothingConfig:
        """Steadier and slower than the default."""
        return SmoothingConfig(depth=OneEuroConfig(0.3, 1.0), shape=OneEuroConfig(2.0, 5.0))


@dataclass(frozen=True, slots=True)
class TrackingFilterConfig:
    """A second-order filter: a fading-memory g-h filter whose cut-off frequency adapts.

    Attributes:
        cutoff_hz: cut-off frequency while measurements scatter around the prediction, Hz.
        gain_hz: Hz by which the cut-off rises with each unit of the mean residual above the threshold.
        threshold: mean residual that noise alone has, in the unit of the values.
        residual_hz: cut-off frequency of that mean, Hz.
        speed_s: time constant with which a speed decays that measurements do not confirm, s.
        max_cutoff_hz: highest cut-off frequency, Hz.
        start: the cut-off frequency is at least this over 2 pi times the age of the filter.
    """

    cutoff_hz: float
    gain_hz: float
    threshold: float
    residual_hz: float
    speed_s: float
    max_cutoff_hz: float = 8.0
    start: float = 1.0


@dataclass(frozen=True, slots=True)
class LegOdometryConfig:
    """Settings of the LegOdometry. All values are tuned.

    Attributes:
        enabled: use it; False: depths are filtered alone.
        contact_range: probabilities of contact at which a foot has no weight and full weight.
        min_visibility: visibility of an ankle, 0..1, above which its foot counts.
        speed_s: time constant with which the speed of the depth follows the odometry, s.
    """

    enabled: bool = True
    contact_range: tuple[float, float] = (0.5, 0.6)
    min_visibility: float = 0.5
    speed_s: float = 0.6


@dataclass(frozen=True, slots=True)
class RigSmoothingConfig:
    """Settings of the SmoothRigs stage. All values are tuned against recorded truth.

    Attributes:
        forget_s: time without observation after which a person's filters start again, s.
        min_interval_s: least time between two frames, s.
        rotation: of the local rotations, rad.
        bearing: of x/z and y/z of the root.
        depth: of the logarithm of the root's depth.
        planted_depth: the same while a foot stands and the leg's odometry tells the speed.
        odometry: of the legs.
        position: of the root's position in m, instead of bearing and depth, in a frame without a viewing direction;
            None: bearing and depth.
        full_confidence: confidence, 0..1, of a rotation that is filtered with the cut-off frequency as stated.
        trust_range: least and largest factor of that frequency for other confidences.
    """

    forget_s: float = 1.0
    min_interval_s: float = 1e-3
    rotation: TrackingFilterConfig = TrackingFilterConfig(2.2, 9.0, 0.1, 0.9, 0.33)
    bearing: TrackingFilterConfig = TrackingFilterConfig(2.0, 60.0, 0.01, 0.9, 0.33)
    depth: TrackingFilterConfig = TrackingFilterConfig(0.24, 60.0, 0.019, 0.22, 0.16, 3.0)
    planted_depth: TrackingFilterConfig = TrackingFilterConfig(0.12, 60.0, 0.019, 0.22, 0.16, 3.0)
    odometry: LegOdometryConfig = LegOdometryConfig()
    position: TrackingFilterConfig | None = None
    full_confidence: float = 0.7
    trust_range: tuple[float, float] = (0.2, 1.4)

    @staticmethod
    def strong() -> RigSmoothingConfig:
        """Steadier and slower than the default."""
        return RigSmoothingConfig(
            rotation=TrackingFilterConfig(1.4, 9.0, 0.12, 0.9, 0.33),
            bearing=TrackingFilterConfig(1.4, 60.0, 0.012, 0.9, 0.33),
            depth=TrackingFilterConfig(0.14, 49.0, 0.043, 0.45, 0.16, 3.0),
            planted_depth=TrackingFilterConfig(0.1, 49.0, 0.043, 0.45, 0.16, 3.0),
        )


@dataclass(frozen=True, slots=True)
class FootLockConfig:
    """Settings of the FootLock stage. All values are tuned.

    Attributes:
        enabled: lock planted feet; False leaves the stage out.
        forget_s: time without observation after which a person's feet start again, s.
        min_interval_s: least time between two frames, s.
        start_contact: the head's probability of contact, 0..1, above which a foot is planted.
        stop_contact: the same below which it is released.
        speed_s: time constant of the filter of a foot's velocity, s.
        start_m_s: speed, m/s, below which a foot is planted where the head does not tell.
        stop_m_s: speed, m/s, above which it is released.
        depth_weight: weight, 0..1, of the part along the viewing ray in speeds and distances of a foot.
        confirm_s: time for which a foot has to stand before it is locked, s.
        raised_m: height above the other foot, m, above which a slow foot is not planted.
        follow_s: time constant with which a locked foot follows its observed place, s.
        max_offset_m: distance from the observed place, m, at which a foot is released.
        release_s: time in which a released foot reaches its observed place, s, in at most release_frames frames.
        release_frames: see release_s.
        max_lift_m: height, m, by which a foot is at most lifted onto a known floor.
        least_m: distance, m, below which a leg is not bent.
    """

    enabled: bool = True
    forget_s: float = 1.0
    min_interval_s: float = 1e-3
    start_contact: float = 0.7
    stop_contact: float = 0.4
    speed_s: float = 0.1
    start_m_s: float = 0.3
    stop_m_s: float = 0.4
    depth_weight: float = 0.3
    confirm_s: float = 0.1
    raised_m: float = 0.25
    follow_s: float = 0.85
    max_offset_m: float = 0.12
    release_s: float = 0.1
    release_frames: int = 3
    max_lift_m: float = 0.1
    least_m: float = 1e-4
