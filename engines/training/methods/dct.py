"""Training of DCT (Rong et al., Delving Deep Into Hybrid Annotations, ICCV 2019)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from engines.body.body import Body
from engines.body.dense_correspondence import body_surface_index
from engines.body.mean_parameters import MeanParameters
from engines.networks.dct import build
from engines.training.batch import Batch, dense_keypoints
from engines.training.losses import dct as loss
from engines.training.losses.dct import DctWeights
from engines.training.methods.base import (
    Losses,
    MethodConfig,
    Prediction,
    aligned_joints,
    autocast,
    posed,
    prediction,
    weak_keypoints,
)
from engines.training.sample import PARTS
from engines.training.torch_body import TorchBody, rodrigues, to_unit, weak_projection


class DctMethod:
    """DCT with one branch, the image, or two, image and IUV map."""

    name = "dct"

    def __init__(self, body: Body, config: MethodConfig) -> None:
        self.net = build(config.branches, config.backbone)
        self.body, self._config = TorchBody(body), config
        self._surface = body_surface_index(body)
        self._weights = DctWeights(**config.weights)
        mean = MeanParameters.upright()
        self._mean = torch.cat([torch.from_numpy(each).flatten() for each in (mean.camera, mean.pose, mean.shape)])
        self.settings: dict[str, Any] = {"backbone": config.backbone, "branches": config.branches}

    def losses(self, batch: Batch, number: int, done: float) -> Losses:
        """Eq. 5, each term for the samples that have its annotation."""
        camera, rotations, shape = self._run(batch)
        weights = self._weights
        points = self.body.posed_points(rotations, shape)
        keypoints, seen = weak_keypoints(batch)
        dense = dense_keypoints(batch, self._surface, number)
        corners = self.body.some_vertices(rotations, shape, dense.vertices.flatten(1))
        predicted = loss.dense_keypoints(weak_projection(corners, camera), dense.weights)
        each = loss.dense_loss(predicted, to_unit(dense.xy, batch.size), dense.valid)
        has = batch.has["rotations"] & batch.has["shape"]
        three = loss.joint_loss_3d(*aligned_joints(points, batch.points_3d))
        smpl = loss.smpl_loss(rotations, shape, batch.rotations, batch.shape, has)
        return {
            "joints_3d": weights.three * three,
            "smpl": weights.three * smpl,
            "sparse_2d": weights.sparse * loss.sparse_loss(weak_projection(points, camera), keypoints, seen),
            "dense": loss.weighted_dense_loss(each, dense.valid, has, weights),
        }

    def predict(self, batch: Batch) -> Prediction:
        """Bodies."""
        camera, rotations, shape = self._run(batch)
        vertices, points = posed(self.body, rotations, shape)
        return prediction(vertices, points, shape, camera, {})

    def _run(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """Cameras (N, 3), rotations (N, 24, 3, 3) and shapes (N, 10)."""
        image = batch.image.flip(1) / 127.5 - 1
        with autocast(self._config.bf16, image.device):
            out = self.net(image) if self._config.branches == 1 else self.net(image, iuv_input(batch))
        parameters = out.output85.float() + self._mean.to(image.device)
        return parameters[:, :3], rodrigues(parameters[:, 3:75].reshape(-1, 24, 3)), parameters[:, 75:]


def iuv_input(batch: Batch) -> Tensor:
    """The IUV maps (N, 3, H, W) that the network takes: part / 24, U and V, each scaled to [-1, 1]; background -1."""
    inside = (batch.parts > 0).float()[:, None]
    iuv = torch.cat([batch.parts[:, None].float() / PARTS, batch.uv], 1)
    return (2 * iuv - 1) * inside - (1 - inside)
