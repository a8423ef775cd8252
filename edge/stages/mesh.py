"""Root-relative 3D meshes of the people of a frame, by any mesh head."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edge.stages.crops import Cropper
from edge.types import F32, BodyModel, TrackedFrame
from engines.body.lod import lod_of
from engines.body.rig import rig_of
from engines.heads.base import Head, People, RootMesh


class Mesh:
    """TrackedFrame -> RootMesh and the regions (N, 4) xyxy px of the crops, by a head that uses keypoints or crops.

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

    def __call__(self, tracked: TrackedFrame) -> tuple[RootMesh, F32 | None]:
        """Meshes of the people of `tracked.pose`, and the regions that their crops show, None without crops."""
        pose = tracked.pose
        if not len(pose.ids):
            return self._no_people(), None
        crops, regions = None, None
        if self._crops is not None:
            crops, regions = self._crops(tracked.frame.pixels, tracked.boxes())
        floor = tracked.camera.floor
        people = People(
            pose.keypoints,
            pose.scores,
            tracked.camera.rays(pose.keypoints),
            crops,
            ids=pose.ids,
            t_s=tracked.frame.t_s,
            up=None if floor is None else floor.up.astype(np.float32),
            regions=regions,
        )
        made = self.head(people)
        self.dropped += int(len(made.usable) - made.usable.sum())
        return (made if self._attention else replace(made, attention=None)), regions

    def reset(self) -> None:
        """Forget all people, as before the first frame."""
        self.head.reset()

    def _no_people(self) -> RootMesh:
        def rows(*shape: int) -> F32:
            return np.empty((0, *shape), np.float32)

        return RootMesh(
            usable=np.empty(0, bool),
            landmarks=rows(len(self.model.keypoint_names), 3),
            joints=rows(len(self.model.joint_names), 3),
            vertices=rows(len(self.model.rest_vertices), 3),
        )
