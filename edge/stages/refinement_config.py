"""Settings of the refinement of posed rigs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RefinementConfig:
    """Settings of the PoseRefiner. All values are tuned, on recorded and synthetic people; around them errors change
    little.

    Standard deviations of rotations say how far the keypoints may turn a joint from the pose that the mesh head gave.

    Attributes:
        steps: Gauss-Newton steps.
        min_keypoint_score: score, 0..1, below which a keypoint has no weight.
        keypoint_sigma: standard deviation of a keypoint with score 1, as a share of the longer side of the person's
            box; it falls with the root of the score.
        face_sigma: the same for nose, eyes and ears.
        shoulder_sigma: the same for shoulders, which detectors and bodies define differently.
        outlier: distance in standard deviations at which a keypoint's weight is a quarter (Geman-McClure).
        root_rad: standard deviation of the orientation of the whole body.
        trunk_rad: of each joint of the spine and the collar bones.
        head_rad: of neck and head.
        shoulder_rad: of the shoulders.
        elbow_rad: of the elbows.
        hip_rad: of the hips.
        knee_rad: of the knees.
        end_rad: of all other joints: ankles, feet, wrists, hands and fingers.
        sigma_range: factor by which a mesh head's own standard deviations may change these, both ways; 1: not at all.
        root_across_m: standard deviation of the root across its ray, m.
        root_along_m: the same along the ray; small, because keypoints say little about depth.
        limit_rad: standard deviation of a turn beyond a joint's limit.
    """

    steps: int = 3
    min_keypoint_score: float = 0.2
    keypoint_sigma: float = 0.0175
    face_sigma: float = 0.035
    shoulder_sigma: float = 0.035
    outlier: float = 2.5
    root_rad: float = 0.12
    trunk_rad: float = 0.1
    head_rad: float = 0.2
    shoulder_rad: float = 0.5
    elbow_rad: float = 0.2
    hip_rad: float = 0.3
    knee_rad: float = 0.15
    end_rad: float = 0.05
    sigma_range: float = 2.0
    root_across_m: float = 0.05
    root_along_m: float = 0.02
    limit_rad: float = 0.05
