"""Training of the published Pose2Mesh (Choi, Moon, Lee, ECCV 2020): PoseNet alone, then with MeshNet."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from engines.body.body import Body
from engines.joint_sets import COCO19, gather_points, normalize_pose2d
from engines.networks.pose2mesh import build
from engines.pose2mesh.config import LIFTER_WIDTH, MM_PER_M
from engines.training.batch import Batch
from engines.training.keypoint_errors import disturbed
from engines.training.losses.pose2mesh import Pose2MeshWeights, edge_loss, normal_loss, point_loss
from engines.training.methods.base import Losses, MethodConfig, Prediction
from engines.training.sample import COCO, UNKNOWN
from engines.training.torch_body import TorchBody

COCO_NAMES = COCO19.joint_names[:17]


class Pose2MeshMethod:
    """Pose2Mesh on COCO's 19 points: keypoints with synthetic errors, no image. Samples need all 17 keypoints."""

    name = "pose2mesh"

    def __init__(self, body: Body, config: MethodConfig) -> None:
        self.net = build(
            COCO19,
            body.faces,
            len(body.v_template),
            width=config.width or LIFTER_WIDTH,
            divide=config.divide,
            coarse_to_fine=config.coarse_to_fine,
        )
        self.body, self._config, self._weights = TorchBody(body), config, Pose2MeshWeights(**config.weights)
        self._to_19 = torch.from_numpy(gather_points(COCO_NAMES, COCO19.joint_names, "pose2mesh"))
        self._joints = torch.from_numpy(body.joint_regressor)
        self.settings: dict[str, Any] = {"width": config.width or LIFTER_WIDTH, "divide": config.divide}
        if not config.coarse_to_fine:
            self.settings["coarse_to_fine"] = "False"

    def losses(self, batch: Batch, number: int, done: float) -> Losses:
        """The loss of the lifted pose, and from `pose_share` of the training on L_mesh; L_edge starts later still."""
        config, weights = self._config, self._weights
        usable = self._usable(batch)
        if not usable.any():
            zero = sum(parameter.sum() * 0 for parameter in self.net.parameters())
            return {"pose": torch.as_tensor(zero)}
        pose2d = self._keypoints(batch, np.random.default_rng(number), config.noise)
        true_pose = self._to_19 @ batch.points_3d[:, COCO, :3]
        true_pose = true_pose - true_pose[:, [COCO19.root[0]]]
        has_pose = usable & (batch.points_3d[:, COCO, 3].min(1).values > 0)
        if done < config.pose_share:
            lifted = self.net.pose_lifter(pose2d.flatten(1)).reshape(*pose2d.shape[:2], 3) / MM_PER_M
            return {"pose": weights.pose * point_loss(lifted, true_pose, has_pose)}
        out = self.net(pose2d)
        valid = usable & batch.has["vertices"]
        faces, joints = self.body.faces, torch.einsum("jv,nvc->njc", self._joints, out.mesh)
        true_joints = torch.einsum("jv,nvc->njc", self._joints, batch.vertices)
        started = (done - config.pose_share) / max(1 - config.pose_share, 1e-9) >= weights.edge_from
        losses = {
            "pose": weights.pose * point_loss(out.pose3d / MM_PER_M, true_pose, has_pose),
            "vertex": weights.vertex * point_loss(out.mesh, batch.vertices, valid),
            "joint": weights.joint * point_loss(joints, true_joints, valid),
            "normal": weights.normal * normal_loss(out.mesh, batch.vertices, faces, valid),
        }
        if started:
            losses["edge"] = weights.edge * edge_loss(out.mesh, batch.vertices, faces, valid)
        return losses

    def predict(self, batch: Batch) -> Prediction:
        """Meshes of the true keypoints."""
        mesh = self.net(self._keypoints(batch, np.random.default_rng(0), 0.0)).mesh
        joints = torch.einsum("jv,nvc->njc", self._joints, mesh)
        points = self.body.points(mesh, joints)
        return Prediction(mesh - joints[:, :1], points - joints[:, :1])

    def _usable(self, batch: Batch) -> Tensor:
        """Samples (N,) with all 17 keypoints."""
        return (batch.points_2d[:, COCO, 2] != UNKNOWN).all(1)

    def _keypoints(self, batch: Batch, rng: np.random.Generator, noise: float) -> Tensor:
        """Standardized keypoints (N, 19, 2), with synthetic errors times `noise`."""
        keypoints = batch.points_2d[:, COCO, :2].cpu().numpy()
        if noise > 0:
            keypoints = disturbed(rng, keypoints, noise)
        standardized = normalize_pose2d(self._to_19.cpu().numpy() @ keypoints)
        return torch.from_numpy(standardized).to(batch.points_2d.device)
