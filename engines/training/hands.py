"""Training of the hand variant of Pose2Mesh (Choi, Moon, Lee, ECCV 2020) on FreiHAND: 21 keypoints to MANO's mesh."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engines.body.body import Body, load_body
from engines.body.select import select_body
from engines.errors import ModelError
from engines.evaluation.metrics import distances, procrustes
from engines.joint_sets import MANO21, normalize_pose2d
from engines.networks.pose2mesh import Pose2Mesh, build
from engines.pose2mesh.config import LIFTER_WIDTH, MM_PER_M
from engines.training.image_config import ImageTrainConfig, check_image_config
from engines.training.loop import Losses, Metrics, Reports, Stage, train
from engines.training.losses.pose2mesh import Pose2MeshWeights, edge_loss, normal_loss, point_loss
from engines.training.methods.base import move
from engines.training.readers.freihand import Hands, read_freihand

F32 = NDArray[np.float32]
NAME = "pose2mesh_hand"
ERROR = 0.03  # standard deviation of the keypoints' errors over the side of their box; the paper has none for hands
HELD_OUT = 0.1  # share of the training set that is evaluated on where there is no other
EVALUATED = 64


class HandMethod:
    """Pose2Mesh on the joints of MANO21; points are relative to the wrist."""

    def __init__(self, body: Body, config: ImageTrainConfig) -> None:
        network = config.network
        self._width = network.width or LIFTER_WIDTH
        self.net: Pose2Mesh = build(
            MANO21,
            body.faces,
            len(body.v_template),
            width=self._width,
            divide=network.divide,
            coarse_to_fine=network.coarse_to_fine,
        )
        self._config, self._weights = network, Pose2MeshWeights(**network.weights)
        self._faces = torch.from_numpy(body.faces.astype(np.int64))
        self._joints = torch.from_numpy(body.joint_regressor)

    def losses(self, hands: HandBatch, rng: np.random.Generator, done: float) -> Losses:
        """Those of the body: the lifted pose, and from `pose_share` of the training on those of the mesh."""
        config, weights = self._config, self._weights
        pose2d = hands.keypoints(rng, config.noise).to(self._faces.device)
        true_pose, true_mesh = (each.to(self._faces.device) for each in (hands.joints, hands.vertices))
        valid = torch.ones(len(pose2d), dtype=torch.bool, device=self._faces.device)
        if done < config.pose_share:
            lifted = self.net.pose_lifter(pose2d.flatten(1)).reshape(true_pose.shape) / MM_PER_M
            return {"pose": weights.pose * point_loss(lifted, true_pose, valid)}
        out = self.net(pose2d)
        joints, true_joints = (torch.einsum("jv,nvc->njc", self._joints, each) for each in (out.mesh, true_mesh))
        losses = {
            "pose": weights.pose * point_loss(out.pose3d / MM_PER_M, true_pose, valid),
            "vertex": weights.vertex * point_loss(out.mesh, true_mesh, valid),
            "joint": weights.joint * point_loss(joints, true_joints, valid),
            "normal": weights.normal * normal_loss(out.mesh, true_mesh, self._faces, valid),
        }
        if (done - config.pose_share) / max(1 - config.pose_share, 1e-9) >= weights.edge_from:
            losses["edge"] = weights.edge * edge_loss(out.mesh, true_mesh, self._faces, valid)
        return losses

    @torch.no_grad()
    def predict(self, hands: HandBatch) -> tuple[F32, F32]:
        """Joints (N, 21, 3) and vertices (N, V, 3) in m relative to the wrist, from the true keypoints."""
        out = self.net(hands.keypoints(np.random.default_rng(0), 0.0).to(self._faces.device))
        return out.pose3d.cpu().numpy() / MM_PER_M, out.mesh.cpu().numpy()


@dataclass(frozen=True, slots=True, eq=False)
class HandBatch:
    """Keypoints (N, 21, 2) px, joints (N, 21, 3) and vertices (N, V, 3) in m relative to the wrist."""

    pixels: F32
    joints: Tensor
    vertices: Tensor

    def keypoints(self, rng: np.random.Generator, noise: float) -> Tensor:
        """The standardized keypoints (N, 21, 2) with normal errors of `noise` times ERROR of the box's side."""
        side = np.ptp(self.pixels, axis=1).max(-1)[:, None, None]
        return torch.from_numpy(normalize_pose2d(self.pixels + rng.normal(0, ERROR * noise, self.pixels.shape) * side))


def batch_of(hands: Hands, rows: NDArray[np.int64]) -> HandBatch:
    """Some hands. They must have vertices."""
    assert hands.vertices is not None
    joints, root = hands.joints[rows], hands.joints[rows][:, :1]
    projected = joints @ hands.K[rows].transpose(0, 2, 1)
    pixels = projected[..., :2] / projected[..., 2:]
    relative = (torch.from_numpy((each - root).astype(np.float32)) for each in (joints, hands.vertices[rows]))
    return HandBatch(pixels, *relative)


def train_hands(config: ImageTrainConfig, device: torch.device, reports: Reports) -> Path:
    """Trains on a folder of FreiHAND; returns the checkpoint. Raises MeshcastError when something cannot be used."""
    check_image_config(config)
    if len(config.data) != 1:
        raise ModelError("data: the hand variant is trained on one folder of FreiHAND; remove the others")
    folder = Path(config.data[0].path)
    hands, tests = read_freihand(folder, "training"), None
    if (folder / "evaluation_verts.json").is_file():
        tests = read_freihand(folder, "evaluation")
    body = load_body(config.body) if config.body is not None else select_body(None, "mano")
    for each in (hands, tests):
        if each is not None and (each.vertices is None or each.vertices.shape[1] != len(body.v_template)):
            found = "no vertices" if each.vertices is None else f"{each.vertices.shape[1]} vertices"
            raise ModelError(f"{folder}: hands with {found}; {body.name} has {len(body.v_template)}, choose a --body")
    torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    trainer = HandMethod(body, config)
    move(trainer, device)  # type: ignore[arg-type]
    count = len(hands) if tests is not None else max(1, round((1 - HELD_OUT) * len(hands)))
    held_out = batch_of(tests or hands, np.arange(len(tests or hands))[-EVALUATED:])

    def loss(number: int) -> Losses:
        rng = np.random.default_rng((config.seed, number))
        rows = rng.integers(count, size=config.batch)
        return trainer.losses(batch_of(hands, rows), rng, min(number / (config.steps * config.accumulate), 1.0))

    settings: dict[str, Any] = {"steps": config.steps, "batch": config.batch, "seed": config.seed}
    settings |= {"width": config.network.width, "divide": config.network.divide}
    config.out.mkdir(parents=True, exist_ok=True)
    evaluate: Callable[[], Metrics] = lambda: hand_metrics(trainer, held_out)  # noqa: E731
    train(Stage(NAME, 0.0, trainer.net, loss, evaluate, settings, {}, steps=config.steps), config.loop(), reports)
    return config.out / f"{NAME}.pt"


def hand_metrics(trainer: HandMethod, hands: HandBatch) -> Metrics:
    """Means of MPJPE, PA-MPJPE and PA-PVE in mm."""
    joints, vertices = trainer.predict(hands)
    true_joints, true_vertices = hands.joints.numpy(), hands.vertices.numpy()
    errors = {
        "mpjpe_mm": distances(joints, true_joints),
        "pa_mpjpe_mm": distances(procrustes(joints, true_joints), true_joints),
        "pa_pve_mm": distances(procrustes(vertices, true_vertices), true_vertices),
    }
    return {name: float(each.mean() * MM_PER_M) for name, each in errors.items()}
