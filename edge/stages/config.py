"""Settings of the stages: frozen dataclasses that the constructors of the stages take.

A default says where its value comes from: a paper, or a measurement on the clips of this repository ("tuned").
"""

from __future__ import annotations

from dataclasses import dataclass, field

from edge.stages.tracker_config import (
    AppearanceConfig,
    BirthConfig,
    CameraMotionConfig,
    MotionConfig,
    ReidentificationConfig,
    TrackerConfig,
)

__all__ = [
    "AppearanceConfig",
    "BirthConfig",
    "CameraMotionConfig",
    "DetectionConfig",
    "InverseKinematicsConfig",
    "LocalizationConfig",
    "MotionConfig",
    "OneEuroConfig",
    "PipelineConfig",
    "ReidentificationConfig",
    "SmoothingConfig",
    "TrackerConfig",
]


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
class LocalizationConfig:
    """Settings of the root translation. All values are tuned.

    Attributes:
        min_keypoint_score: score, 0..1, below which a keypoint has no weight.
        iterations: rounds of re-weighting.
        outlier_m: residual at the body's depth, m, that halves a keypoint's weight (Geman-McClure).
        min_depth_m: least depth of a root, m.
    """

    min_keypoint_score: float = 0.15
    iterations: int = 3
    outlier_m: float = 0.06
    min_depth_m: float = 0.3


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
    """

    detection: DetectionConfig = field(default_factory=DetectionConfig)
    tracker: TrackerConfig = field(default_factory=TrackerConfig)
    localization: LocalizationConfig = field(default_factory=LocalizationConfig)
    smoothing: SmoothingConfig = field(default_factory=SmoothingConfig)
    inverse_kinematics: InverseKinematicsConfig = field(default_factory=InverseKinematicsConfig)
    smooth: bool = True
    attention: bool = False

    @staticmethod
    def of(
        *, detect_every: int = 8, smooth: bool = True, attention: bool = False, small_people: bool = False
    ) -> PipelineConfig:
        """The default settings with the options of the command line. detect_every: TrackerConfig.interval."""
        return PipelineConfig(
            detection=DetectionConfig(small_people=small_people),
            tracker=TrackerConfig(interval=detect_every),
            smooth=smooth,
            attention=attention,
        )
