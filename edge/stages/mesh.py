"""Mesh: 2D keypoints of people to root-relative 3D bodies."""

from __future__ import annotations

import numpy as np

from calibration.camera import Camera
from edge.types import BodyModel, Pose2D, RootedBodies
from engines.pose2mesh_head import Pose2MeshHead


class Mesh:
    """Runs a keypoint-driven mesh head. `dropped` counts people that it could give no body (NaN, too few points)."""

    def __init__(self, head: Pose2MeshHead) -> None:
        self.head = head
        self.dropped = 0
        body = head.body
        self.model = BodyModel(
            name=body.name,
            faces=body.faces,
            rest_vertices=body.v_template,
            parents=body.parents,
            joint_names=head.joint_names,
            keypoint_names=body.coco_names,
        )

    def __call__(self, pose: Pose2D, camera: Camera) -> RootedBodies:
        rays = camera.rays(pose.keypoints)
        made = self.head(rays, pose.scores)
        keep = made.usable
        self.dropped += int(len(keep) - keep.sum())
        keypoints = np.concatenate([pose.keypoints, pose.scores[..., None]], -1)
        return RootedBodies(
            ids=pose.ids[keep],
            scores=pose.scores[keep].mean(1),
            keypoints=keypoints[keep],
            rays=rays[keep],
            landmarks=made.landmarks[keep],
            joints=made.joints[keep],
            vertices=made.vertices[keep],
        )
