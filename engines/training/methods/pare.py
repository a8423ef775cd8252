"""Training of PARE (Kocabas et al., ICCV 2021)."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from engines.body.body import Body
from engines.networks.pare import PareOutput, build_for_training
from engines.training.batch import Batch
from engines.training.losses.common import keypoint_loss_2d
from engines.training.losses.pare import PareWeights, camera_loss, joint_loss_3d, part_loss, smpl_loss
from engines.training.methods.base import (
    Losses,
    MethodConfig,
    Prediction,
    aligned_joints,
    autocast,
    imagenet,
    posed,
    prediction,
    weak_keypoints,
)
from engines.training.torch_body import TorchBody, weak_projection


class PareMethod:
    """PARE, or with `attend` false the same network with global pooling."""

    name = "pare"

    def __init__(self, body: Body, config: MethodConfig) -> None:
        self.net = build_for_training(config.backbone, attend=config.attend)
        self.body, self._config = TorchBody(body), config
        self._weights = PareWeights(**config.weights)
        self.settings: dict[str, Any] = {"backbone": config.backbone, "attend": str(config.attend)}

    def losses(self, batch: Batch, number: int, done: float) -> Losses:
        """The losses of the paper; the part segmentation is not supervised after a part of the training."""
        out, weights = self._run(batch.image), self._weights
        points = self.body.posed_points(out.pred_pose, out.pred_shape)
        keypoints, seen = weak_keypoints(batch)
        parts = weights.parts if done < weights.parts_until else 0.0
        has = batch.has["rotations"] & batch.has["shape"]
        smpl = smpl_loss(out.pred_pose, out.pred_shape, batch.rotations, batch.shape, has, weights.shape)
        return {
            "joints_3d": weights.joints_3d * joint_loss_3d(*aligned_joints(points, batch.points_3d)),
            "joints_2d": weights.joints_2d * keypoint_loss_2d(weak_projection(points, out.pred_cam), keypoints, seen),
            "smpl": weights.smpl * smpl,
            "parts": parts * part_loss(out.pred_segm_mask, batch.parts, batch.has["parts"]),
            "camera": weights.camera * camera_loss(out.pred_cam),
        }

    def predict(self, batch: Batch) -> Prediction:
        """Bodies with the attention of each part and the part segmentation as maps."""
        out = self._run(batch.image)
        vertices, points = posed(self.body, out.pred_pose, out.pred_shape)
        maps = {"attention": out.part_attention, "parts": out.pred_segm_mask.argmax(1)}
        return prediction(vertices, points, out.pred_shape, out.pred_cam, maps)

    def _run(self, image: Tensor) -> PareOutput:
        with autocast(self._config.bf16, image.device):
            out = self.net(imagenet(image))
        return PareOutput(*(value.float() for value in out))
