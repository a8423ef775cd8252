"""Mesh: the people of a frame to root-relative 3D bodies, whatever head makes them."""

from __future__ import annotations

import numpy as np

from calibration.camera import Camera
from edge.stages.crops import Cropper
from edge.stages.localize import weak_perspective_translation
from edge.types import F32, Array, Attention, BodyModel, Frame, Pose2D, RootedBodies, Tracks
from engines.body.lod import lod_of
from engines.body.rig import rig_of
from engines.heads.base import Head, People, RootMesh


class Mesh:
    """(Frame, Tracks, Pose2D, Camera) -> RootedBodies, by a head that looks at keypoints or at crops of the tracks.

    attention: keep the head's attention maps, where it has them. `dropped` counts people that got no body (numbers
    that are not finite, too few points, a camera that sees them behind itself).
    """

    def __init__(self, head: Head, keypoint_names: tuple[str, ...], *, attention: bool = False) -> None:
        self.head = head
        self.dropped = 0
        self._attention = attention
        self._crops = Cropper(head.crops) if head.crops is not None else None
        body = head.body
        self.model = BodyModel(
            name=body.name,
            faces=body.faces,
            rest_vertices=body.v_template,
            parents=body.parents,
            joint_names=head.joint_names,
            keypoint_names=keypoint_names,
            rig=rig_of(body),
            uv=body.uv,
            lod=lod_of(body),
        )

    def __call__(self, frame: Frame, tracks: Tracks, pose: Pose2D, camera: Camera) -> RootedBodies:
        if not len(pose.ids):
            return self._no_people(pose)
        rays = camera.rays(pose.keypoints)
        crops, boxes = None, None
        if self._crops is not None:
            crops, boxes = self._crops(frame.image, _boxes(tracks, pose))
        made = self.head(People(pose.keypoints, pose.scores, rays, crops))
        keep = made.usable
        self.dropped += int(len(keep) - keep.sum())
        translation = None
        if made.cameras is not None and made.root is not None and boxes is not None:
            translation = weak_perspective_translation(made.cameras[keep], boxes[keep], camera) + made.root[keep]
        keypoints = np.concatenate([pose.keypoints, pose.scores[..., None]], -1)
        return RootedBodies(
            ids=pose.ids[keep],
            scores=pose.scores[keep].mean(1),
            keypoints=keypoints[keep],
            rays=rays[keep],
            landmarks=made.landmarks[keep],
            joints=made.joints[keep],
            vertices=made.vertices[keep],
            translation=translation,
            rotations=None if made.rotations is None else made.rotations[keep],
            shape=None if made.shape is None else made.shape[keep],
            attention=self._kept_attention(made, boxes, keep),
        )

    def _no_people(self, pose: Pose2D) -> RootedBodies:
        def rows(*shape: int) -> F32:
            return np.empty((0, *shape), np.float32)

        keypoints = len(self.model.keypoint_names)
        return RootedBodies(
            ids=pose.ids,
            scores=rows(),
            keypoints=rows(keypoints, 3),
            rays=rows(keypoints, 2),
            landmarks=rows(keypoints, 3),
            joints=rows(len(self.model.joint_names), 3),
            vertices=rows(len(self.model.rest_vertices), 3),
        )

    def _kept_attention(self, made: RootMesh, boxes: F32 | None, keep: Array) -> Attention | None:
        if not self._attention or made.attention is None or boxes is None:
            return None
        return Attention(made.attention[keep], boxes[keep])


def _boxes(tracks: Tracks, pose: Pose2D) -> F32:
    """The boxes (N, 4) of the people of a pose, whose ids are some of the tracks'."""
    row = {identity: index for index, identity in enumerate(tracks.ids.tolist())}
    return tracks.boxes[[row[identity] for identity in pose.ids.tolist()]].reshape(-1, 4)
