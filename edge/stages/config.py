"""Settings of the stages: frozen dataclasses that the constructors of the stages take.

A default says where its value comes from: a paper, or a measurement on the clips of this repository ("tuned").
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from edge.stages.body_config import BodyShapeConfig, PlacementConfig
from edge.stages.refinement_config import RefinementConfig
from edge.stages.smoothing_config import (
    FootLockConfig,
    LegOdometryConfig,
    OneEuroConfig,
    RigSmoothingConfig,
    SmoothingConfig,
    TrackingFilterConfig,
)
from edge.stages.tracker_config import (
    AppearanceConfig,
    BirthConfig,
    CameraMotionConfig,
    IdentityConfig,
    MotionConfig,
    QuietConfig,
    TrackerConfig,
)

__all__ = [
    "AppearanceConfig",
    "BirthConfig",
    "BodyShapeConfig",
    "CameraMotionConfig",
    "CutConfig",
    "DetectionConfig",
    "FootLockConfig",
    "IdentityConfig",
    "InverseKinematicsConfig",
    "LegOdometryConfig",
    "LocalizationConfig",
    "MotionConfig",
    "OneEuroConfig",
    "PipelineConfig",
    "PlacementConfig",
    "PoseConfig",
    "QuietConfig",
    "RefinementConfig",
    "RigSmoothingConfig",
    "SecondOpinionConfig",
    "Smoothing",
    "SmoothingConfig",
    "TrackerConfig",
    "TrackingFilterConfig",
    "UnseenPoseConfig",
    "VisibilityConfig",
]


Smoothing = Literal["off", "light", "strong"]


@dataclass(frozen=True, slots=True)
class DetectionConfig:
    """Settings of the Detect stage.

    Attributes:
        score: lowest score of a box, 0..1. None: that of the model's card.
        nms_iou: intersection over union, 0..1, above which the lower of two boxes is suppressed. From NanoDet.
        small_people: run the detector on tiles of large images too.
        tile_overlap_px: least overlap of two tiles: people up to this size are whole in one of them. Tuned.
        tile_margin_px: distance from the edge of a tile at which a box is cut. Tuned.
        max_tiles: most tiles of an image; larger images get larger tiles. Tuned.
    """

    score: float | None = None
    nms_iou: float = 0.6
    small_people: bool = False
    tile_overlap_px: int = 96
    tile_margin_px: float = 3.0
    max_tiles: int = 40


@dataclass(frozen=True, slots=True)
class CutConfig:
    """The region of the pose model for people whose lower part is outside of the image. All values are tuned.

    Attributes:
        border: height above the lower edge of the image, in heights of the image, at which a box is cut by it.
        max_aspect: largest height of the box inside the image, in widths, of a person who is cut.
        extension: height added below the image, in heights of the box inside it; 0 switches it off. The pose model
            expects people whose hips are near the middle.
    """

    border: float = 0.02
    max_aspect: float = 2.0
    extension: float = 0.4


@dataclass(frozen=True, slots=True)
class PoseConfig:
    """Settings of the Pose stage. All values are tuned.

    Widths are in box lengths: the longer side of the person's box.

    Attributes:
        mask_neighbors: paint over the limbs of other people in a crop.
        most_neighbors: most people painted over in a crop, those whose boxes overlap it most.
        min_keypoint_score: score, 0..1, above which a keypoint is painted over, or kept visible.
        neighbor_fill: color of the painted area, 0..255.
        limb_width: thickness of a painted arm or leg.
        torso_width: thickness of the outline around a painted torso.
        head_width: diameter of a painted head.
        own_width: thickness of the person's own limbs, which stay visible, over that of a neighbor's.
    """

    mask_neighbors: bool = True
    most_neighbors: int = 3
    min_keypoint_score: float = 0.2
    neighbor_fill: float = 114.0
    limb_width: float = 0.10
    torso_width: float = 0.10
    head_width: float = 0.18
    own_width: float = 1.0


@dataclass(frozen=True, slots=True)
class SecondOpinionConfig:
    """Settings of the SecondOpinion. All values are tuned on the clips with 3D truth.

    Attributes:
        interval: frames between two runs of the second model on one person.
        agreement: distance, box lengths, below which both models found the same keypoint.
        min_keypoint_score: score, 0..1, of the second model, above which its keypoint is used.
        excluded: keypoints of the first model that stay as they are: its ankles are better than the second one's.
        weight: weight, 0..1, of the second model in the mean of both.
        gain: share of a new difference of the models taken over, 0..1; the first one is taken over at once.
        decay_s: time constant with which a correction decays between the runs, s.
        forget_s: time without observation after which a person's correction is forgotten, s.
    """

    interval: int = 24
    agreement: float = 0.05
    min_keypoint_score: float = 0.1
    excluded: tuple[str, ...] = ("left_ankle", "right_ankle")
    weight: float = 0.5
    gain: float = 0.6
    decay_s: float = 0.8
    forget_s: float = 1.0


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
        bone_directions: give every limb the direction between the head's joints and the rig's length; False:
            reproduce the vertices alone, which bends a limb that the network made short.
        localize_rig: compute the root's position again from the landmarks of the posed rig; False: keep that of the
            head's surface.
        gpu_people: people of a frame from which on a pipeline on a GPU fits their rotations there. Not measured: on it
            one takes as long as many.
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
    bone_directions: bool = True
    localize_rig: bool = True
    gpu_people: int = 4


@dataclass(frozen=True, slots=True)
class VisibilityConfig:
    """What counts as seen. All values are tuned.

    Attributes:
        mask_keypoints: give keypoints that are not seen the score 0, so that no stage uses them.
        hide_score: score, 0..1, averaged over time, below which a keypoint is no longer seen.
        show_score: score, 0..1, averaged over time, above which it is seen again.
        time_s: time constant of this average, s.
        cut_margin: distance of the hips from the lower edge of the image, in lengths of the trunk in the image, within
            which a person is cut at the hips.
        cut_leg_weight: share, 0..1, of the scores of knees and ankles that counts for such a person.
        fade_s: time in which a visibility goes from 0 to 1 or back, s.
        forget_s: time without observation after which a person starts again, s.
    """

    mask_keypoints: bool = True
    hide_score: float = 0.25
    show_score: float = 0.4
    time_s: float = 0.2
    cut_margin: float = 0.3
    cut_leg_weight: float = 0.5
    fade_s: float = 0.2
    forget_s: float = 1.0


@dataclass(frozen=True, slots=True)
class UnseenPoseConfig:
    """The pose of what is not seen, of bodies with a rig. All values are tuned.

    Attributes:
        rest: rotations that are not seen approach a resting pose; False keeps what the mesh head gives.
        ease_s: time constant of this approach, s.
        straight_hands: hands continue the forearm where the mesh head does not see the image.
        flat_feet: feet that stand are level, where gravity and contacts are known.
        min_contact: contact, 0..1, from which a foot stands.
        forget_s: time without observation after which a person starts again, s.
    """

    rest: bool = True
    ease_s: float = 0.5
    straight_hands: bool = True
    flat_feet: bool = True
    min_contact: float = 0.5
    forget_s: float = 1.0


@dataclass(frozen=True, slots=True)
class PipelineConfig:
    """Settings of all stages of a pipeline.

    Attributes:
        cut: region of the pose model for people whom the lower edge of the image cuts.
        visibility: which keypoints and joints count as seen.
        unseen_pose: the pose of what is not seen.
        attention: keep the attention maps of mesh heads that have them in the bodies.
        smooth: filter the bodies and lock planted feet; False leaves these stages out.
        surface: "rig": bodies are posed rigs with one shape per person, whose limbs keep their lengths, where the body
            has a rig; "network": the mesh head's surface as such.
        refine: move posed rigs towards their keypoints; False leaves the stage out.
        predict_s: time by which the filters extrapolate posed rigs, s: to the moment at which a client shows them.
        size_people: give each person one shape and size; False leaves bodies at the size that the mesh model predicts.
    """

    detection: DetectionConfig = field(default_factory=DetectionConfig)
    tracker: TrackerConfig = field(default_factory=TrackerConfig)
    pose: PoseConfig = field(default_factory=PoseConfig)
    second_opinion: SecondOpinionConfig = field(default_factory=SecondOpinionConfig)
    cut: CutConfig = field(default_factory=CutConfig)
    body_shape: BodyShapeConfig = field(default_factory=BodyShapeConfig)
    localization: LocalizationConfig = field(default_factory=LocalizationConfig)
    smoothing: SmoothingConfig = field(default_factory=SmoothingConfig)
    refinement: RefinementConfig = field(default_factory=RefinementConfig)
    rig_smoothing: RigSmoothingConfig = field(default_factory=RigSmoothingConfig)
    foot_lock: FootLockConfig = field(default_factory=FootLockConfig)
    inverse_kinematics: InverseKinematicsConfig = field(default_factory=InverseKinematicsConfig)
    visibility: VisibilityConfig = field(default_factory=VisibilityConfig)
    unseen_pose: UnseenPoseConfig = field(default_factory=UnseenPoseConfig)
    smooth: bool = True
    size_people: bool = True
    attention: bool = False
    surface: Literal["rig", "network"] = "rig"
    refine: bool = True
    predict_s: float = 0.0

    @staticmethod
    def of(
        *,
        detect_every: int = 8,
        smooth: Smoothing | bool = "light",
        attention: bool = False,
        predict_s: float = 0.0,
        small_people: bool = False,
        body_shape: BodyShapeConfig | None = None,
    ) -> PipelineConfig:
        """The default settings with the options of the command line.

        Args:
            detect_every: TrackerConfig.interval.
            smooth: "light" (True) follows people within a thirtieth of a second, "strong" is steadier and slower, "off"
                (False) leaves smoothing out.
            attention: see PipelineConfig.
            predict_s: see PipelineConfig.
            small_people: see DetectionConfig.
            body_shape: settings of the sizes of people; None: the default.
        """
        strong = smooth == "strong"
        return PipelineConfig(
            detection=DetectionConfig(small_people=small_people),
            tracker=TrackerConfig(interval=detect_every),
            body_shape=body_shape or BodyShapeConfig(),
            smoothing=SmoothingConfig.strong() if strong else SmoothingConfig(),
            rig_smoothing=RigSmoothingConfig.strong() if strong else RigSmoothingConfig(),
            smooth=smooth not in ("off", False),
            attention=attention,
            predict_s=predict_s,
        )
