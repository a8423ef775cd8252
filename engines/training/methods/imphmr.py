"""Training of ImpHMR (Cho et al., CVPR 2023)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engines.body.body import Body
from engines.body.visible_surface import SurfaceFinder
from engines.networks.imphmr import SMALL, TINY, ImphmrOutput, ImphmrSize, build
from engines.training.batch import Batch
from engines.training.losses.common import keypoint_loss_2d
from engines.training.losses.imphmr import ImphmrWeights, consistency_loss, imagination_loss, squared, turn
from engines.training.losses.pare import joint_loss_3d
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


class ImphmrMethod:
    """ImpHMR: the canonical view, an imagined one with its silhouette, and the agreement of two imagined ones."""

    name = "imphmr"

    def __init__(self, body: Body, config: MethodConfig) -> None:
        size = {"tiny": TINY, "resnet18": SMALL}.get(config.backbone) or ImphmrSize(config.backbone)
        self.net = build(size)
        self.body, self._config, self._weights = TorchBody(body), config, ImphmrWeights(**config.weights)
        self._side = 4 * size.view
        self._surface = SurfaceFinder(body.faces, (self._side, self._side))
        self.settings: dict[str, Any] = {"backbone": config.backbone}

    def losses(self, batch: Batch, number: int, done: float) -> Losses:
        """L_reg, L_imag and L_cons; the angles of the cameras are uniform and follow from the batch's number."""
        rng = np.random.default_rng(number)
        device = batch.image.device
        first, second = (
            torch.from_numpy(rng.uniform(-math.pi, math.pi, len(batch))).float().to(device) for _ in range(2)
        )
        zero = torch.zeros(len(batch), device=device)
        with autocast(self._config.bf16, batch.image.device):
            code = self.net.encode(imagenet(batch.image))
            views = [self.net.view(code, angle) for angle in (zero, first, second)]
        canonical, imagined, other = (ImphmrOutput(*(value.float() for value in view)) for view in views)
        weights = self._weights
        truth = batch.points_3d[..., :3]
        joints = self._joints(imagined)
        known = batch.points_3d[..., 3]
        silhouettes, drawn = self._silhouettes(batch, first)
        imagination = imagination_loss(
            joints,
            imagined.pred_pose,
            imagined.pred_shape,
            imagined.silhouette.sigmoid(),
            (truth, batch.rotations, batch.shape, silhouettes),
            (known, batch.has["rotations"], batch.has["shape"], drawn),
            first,
            weights,
        )
        pair = [(view.pred_pose, view.pred_shape) for view in (imagined, other)]
        return {
            **self._regression(batch, canonical),
            "imagined": weights.imagined * imagination,
            "consistency": weights.consistency * consistency_loss(pair[0], pair[1], second - first, weights),
        }

    def _regression(self, batch: Batch, out: ImphmrOutput) -> Losses:
        """L_reg."""
        weights = self._weights
        points = self.body.posed_points(out.pred_pose, out.pred_shape)
        keypoints, seen = weak_keypoints(batch)
        projected = weak_projection(points, out.pred_cam)
        return {
            "joints_2d": weights.joints_2d * keypoint_loss_2d(projected, keypoints, seen),
            "joints_3d": weights.joints_3d * joint_loss_3d(*aligned_joints(points, batch.points_3d)),
            "pose": weights.pose * squared(out.pred_pose, batch.rotations, batch.has["rotations"]),
            "shape": weights.shape * squared(out.pred_shape, batch.shape, batch.has["shape"]),
        }

    def _joints(self, out: ImphmrOutput) -> Tensor:
        """Points (N, 58, 3) relative to the pelvis."""
        points = self.body.posed_points(out.pred_pose, out.pred_shape)
        return points - points[:, :1]

    def _silhouettes(self, batch: Batch, angle: Tensor) -> tuple[Tensor, Tensor]:
        """True silhouettes (N, s, s) of the meshes as cameras at angles (N,) see them, and which of them exist (N,)."""
        has = batch.has["vertices"] & batch.has["K"] & batch.has["root"]
        turned = (batch.vertices @ turn(angle).transpose(1, 2) + batch.root[:, None]).cpu().numpy()
        scale = self._side / batch.size[1]
        drawn = np.zeros((len(batch), self._side, self._side), np.float32)
        for n in torch.nonzero(has).flatten().tolist():
            points = turned[n] / turned[n][:, 2:] @ batch.K[n].cpu().numpy().T
            points = (points + 0.5) * scale - 0.5
            points[:, 2] = turned[n][:, 2]
            drawn[n] = self._surface(np.ascontiguousarray(points, np.float32)).covered
        return torch.from_numpy(drawn).to(has.device), has

    def predict(self, batch: Batch, angle: float = 0.0) -> Prediction:
        """Bodies as a camera at an angle in radians sees them, with silhouettes as maps."""
        with autocast(self._config.bf16, batch.image.device):
            code = self.net.encode(imagenet(batch.image))
            view = self.net.view(code, torch.full((len(batch),), angle, device=batch.image.device))
        out = ImphmrOutput(*(value.float() for value in view))
        vertices, points = posed(self.body, out.pred_pose, out.pred_shape)
        maps = {"silhouette": out.silhouette.sigmoid()}
        return prediction(vertices, points, out.pred_shape, out.pred_cam, maps)
