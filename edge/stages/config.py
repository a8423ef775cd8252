"""Settings of the stages: frozen dataclasses that the constructors of the stages take.

A default says where its value comes from: a paper, or a measurement on the clips of this repository ("tuned").
"""

from __future__ import annotations

from dataclasses import dataclass, field

from edge.stages.body_config import BodyShapeConfig, PlacementConfig

__all__ = [
    "AppearanceConfig",
    "BodyShapeConfig",
    "DetectionConfig",
    "InverseKinematicsConfig",
    "LocalizationConfig",
    "MotionConfig",
    "OneEuroConfig",
    "PipelineConfig",
    "PlacementConfig",
    "SmoothingConfig",
    "TrackerConfig",
]


@dataclass(frozen=True, slots=True)
class DetectionConfig:
    """Settings of the Detect stage.

    Attributes:
        score: lowest score of a box, 0..1. None: that of the model's card.
        nms_iou: intersection over union, 0..1, above which the lower of two boxes is suppressed. From NanoDet.
    """

    score: float | None = None
    nms_iou: float = 0.6


@dataclass(frozen=True, slots=True)
class MotionConfig:
    """Motion and box model of one track. All values are tuned.

    Attributes:
        min_keypoint_score: score, 0..1, above which a keypoint is used.
        min_keypoints: number of used keypoints from which a box is computed.
        box_margins: left, top, right and bottom margin of a box around its keypoints, in longer sides of their extent,
            as the detector draws its boxes.
        size_gain: share of a new box size taken over in a frame; the center follows at once.
        velocity_time_s: time constant of the velocity filter, s.
        coast_time_s: time constant with which the velocity of an unobserved track decays, s.
        appearance_gain: share of a new appearance taken over in a frame.
    """

    min_keypoint_score: float = 0.20
    min_keypoints: int = 5
    box_margins: tuple[float, float, float, float] = (0.06, 0.09, 0.06, 0.08)
    size_gain: float = 0.35
    velocity_time_s: float = 0.25
    coast_time_s: float = 1.0
    appearance_gain: float = 0.1


@dataclass(frozen=True, slots=True)
class AppearanceConfig:
    """Color descriptor of people. All values are tuned.

    Attributes:
        min_keypoint_score: score, 0..1, above which the keypoints of a body part count as visible.
        lightness_weight: weight of lightness against color, 0..1: shadows change lightness most.
    """

    min_keypoint_score: float = 0.25
    lightness_weight: float = 0.5


@dataclass(frozen=True, slots=True)
class TrackerConfig:
    """Settings of the Tracker. The two detection thresholds are those of ByteTrack's method; all values are tuned.

    Distances are in box lengths: the longer side of the track's box.

    Attributes:
        interval: frames between two detector passes while all people are in sight.
        high_threshold: detection score, 0..1, that starts a track.
        low_threshold: detection score, 0..1, that confirms a track.
        min_keypoint_score: mean keypoint score, 0..1, of a person who is not confirmed yet.
        min_confirmed_keypoint_score: the same for a confirmed person.
        max_low_score_frames: consecutive frames with rejected keypoints after which a track is lost.
        max_lost_s: time after which a lost track expires, s.
        max_gap_s: time between two frames, s, beyond which the detector runs.
        duplicate_similarity: object keypoint similarity, 0..1, above which two tracks are on one person.
        min_iou: least overlap, 0..1, of a detection and the track that it confirms.
        detection_gain: share by which a detection moves the box of a track in sight.
        search_radius: distance at which a lost person is searched: at once, more per second, at most.
        max_length_ratio: largest ratio of the lengths of a lost person's box and a detection.
        max_jump: distance of keypoints from the prediction that makes them another person's: at once, more per second.
        evident_difference: difference in motion error, box lengths, that identifies the duplicate of two tracks.
        appearance_check_distance: motion error, box lengths, beyond which the appearance must match too.
        max_appearance_distance: distance of appearances, weighted CIE Lab units, of one person.
        max_missed_detections: detector passes that miss a track with poor keypoints before it is lost.
        poor_keypoint_score: mean keypoint score, 0..1, below which keypoints are poor in this sense.
        scene_change: mean absolute difference of thumbnails, 0..255, that is another scene.
        motion: motion and box model of the single tracks.
        appearance: color descriptor of people.
    """

    interval: int = 8
    high_threshold: float = 0.45
    low_threshold: float = 0.30
    min_keypoint_score: float = 0.25
    min_confirmed_keypoint_score: float = 0.20
    max_low_score_frames: int = 3
    max_lost_s: float = 1.5
    max_gap_s: float = 0.4
    duplicate_similarity: float = 0.8
    min_iou: float = 0.25
    detection_gain: float = 0.3
    search_radius: tuple[float, float, float] = (0.4, 0.8, 1.2)
    max_length_ratio: float = 1.6
    max_jump: tuple[float, float] = (0.30, 0.50)
    evident_difference: float = 0.05
    appearance_check_distance: float = 0.12
    max_appearance_distance: float = 25.0
    max_missed_detections: int = 6
    poor_keypoint_score: float = 0.35
    scene_change: float = 45.0
    motion: MotionConfig = field(default_factory=MotionConfig)
    appearance: AppearanceConfig = field(default_factory=AppearanceConfig)


@dataclass(frozen=True, slots=True)
class LocalizationConfig:
    """Settings of the root translation. All values are tuned.

    Attributes:
        min_keypoint_score: score, 0..1, below which a keypoint has no weight.
        iterations: rounds of re-weighting.
        outlier_m: residual at the body's depth, m, that halves a keypoint's weight (Geman-McClure).
        min_depth_m: least depth of a root, m.
        floor: use the height of the lower foot above a known floor.
        planted_sigma_m: standard deviation of the height of the ankle of a foot that stands on the floor, m.
        raised_foot_m: height of the lower foot above the floor, m, that doubles that standard deviation.
        floor_rounds: rounds of re-weighting.
    """

    min_keypoint_score: float = 0.15
    iterations: int = 3
    outlier_m: float = 0.06
    min_depth_m: float = 0.3
    floor: bool = True
    planted_sigma_m: float = 0.03
    raised_foot_m: float = 0.06
    floor_rounds: int = 3


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


@dataclass(frozen=True, slots=True)
class InverseKinematicsConfig:
    """Settings of the RigFitter. All values are tuned.

    Attributes:
        forget_s: time without observation after which a person starts again, s.
        max_vertices: approximate number of vertices used, of a body without a coarser mesh.
        stiffness_m2_s: cost of a rotation's deviation from the previous frame, times the time between the frames,
            m^2 s / rad^2: rotations lag by the same time at any frame rate, up to 10 ms where vertices determine them
            well (an elbow), longer where they do not (the twist of a hand).
        min_interval_s: least time between two frames in that product, s.
        start_stiffness_m2: the same cost for a new person, from the head's rotations or the rest pose, m^2 / rad^2.
        shapes: number of fitted shape directions, the first ones; more would fit noise.
        ridge_m2: cost of a unit of shape, m^2.
        max_shape: largest shape entry, standard deviations.
        learn_frames: frames of a person after which the shape stays constant.
        first_rounds: alternations of pose and shape for a new person.
    """

    forget_s: float = 1.0
    max_vertices: int = 1700
    stiffness_m2_s: float = 1.5e-6
    min_interval_s: float = 1 / 120
    start_stiffness_m2: float = 1e-6
    shapes: int = 10
    ridge_m2: float = 1e-7
    max_shape: float = 5.0
    learn_frames: int = 60
    first_rounds: int = 2


@dataclass(frozen=True, slots=True)
class PipelineConfig:
    """Settings of all stages of a pipeline.

    Attributes:
        attention: keep the attention maps of mesh heads that have them in the bodies.
        smooth: filter the bodies; False leaves the stage out.
        size_people: give each person one shape and size; False leaves bodies at the size that the mesh model predicts.
    """

    detection: DetectionConfig = field(default_factory=DetectionConfig)
    tracker: TrackerConfig = field(default_factory=TrackerConfig)
    body_shape: BodyShapeConfig = field(default_factory=BodyShapeConfig)
    localization: LocalizationConfig = field(default_factory=LocalizationConfig)
    smoothing: SmoothingConfig = field(default_factory=SmoothingConfig)
    inverse_kinematics: InverseKinematicsConfig = field(default_factory=InverseKinematicsConfig)
    smooth: bool = True
    size_people: bool = True
    attention: bool = False

    @staticmethod
    def of(
        *,
        detect_every: int = 8,
        smooth: bool = True,
        attention: bool = False,
        body_shape: BodyShapeConfig | None = None,
    ) -> PipelineConfig:
        """The default settings with the options of the command line. detect_every: TrackerConfig.interval."""
        return PipelineConfig(
            tracker=TrackerConfig(interval=detect_every),
            body_shape=body_shape or BodyShapeConfig(),
            smooth=smooth,
            attention=attention,
        )
