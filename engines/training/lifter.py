"""Stage one of training: 2D keypoints to 3D points, on synthetic people."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engines.networks.pose2mesh_open import Lifter
from engines.training.config import TrainConfig
from engines.training.loop import Metrics, Reports, Stage, train
from engines.training.synthetic_poses import Samples, SyntheticPeople

LIMBS = (5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)  # COCO's shoulders to ankles
COCO_AT = 24  # index of COCO's keypoints: points are 24 joints, 17 COCO keypoints and 6 points of the feet


def limb_errors(predicted: NDArray[np.float32], truth: NDArray[np.float32]) -> tuple[float, float]:
    """(MPJPE, PA-MPJPE) in mm of points (N, P, 3) over the twelve limb keypoints, root = mid-hip."""
    limbs = [COCO_AT + k for k in LIMBS]
    hips = [COCO_AT + 11, COCO_AT + 12]
    a = predicted[:, limbs] - predicted[:, hips].mean(1, keepdims=True)
    b = truth[:, limbs] - truth[:, hips].mean(1, keepdims=True)
    mpjpe = np.linalg.norm(a - b, axis=-1).mean()
    a, b = a - a.mean(1, keepdims=True), b - b.mean(1, keepdims=True)
    u, s, vt = np.linalg.svd(a.transpose(0, 2, 1) @ b)
    sign = np.ones_like(s)
    sign[:, 2] = np.sign(np.linalg.det(u @ vt))
    scale = (s * sign).sum(-1) / (a**2).sum((1, 2))
    aligned = scale[:, None, None] * (a @ ((u * sign[:, None]) @ vt))
    return float(mpjpe * 1e3), float(np.linalg.norm(aligned - b, axis=-1).mean() * 1e3)


def tensors(samples: Samples) -> tuple[Tensor, Tensor]:
    return torch.from_numpy(samples.features), torch.from_numpy(samples.points)


def train_lifter(
    train_people: SyntheticPeople, test_people: SyntheticPeople, config: TrainConfig, reports: Reports
) -> tuple[Lifter, Metrics]:
    """Trains a lifter with an L1 loss on all points, those of the limbs' twist included, with equal weights."""
    noisy, clean = (test_people.batch(config.evaluation_samples, noise) for noise in (True, False))
    features, points = noisy.features.shape[1], noisy.points.shape[1]
    net = Lifter(features, points, config.width, config.stages)

    def loss(step: int) -> Tensor:
        features, points = tensors(train_people.batch(config.batch))
        with torch.autocast("cpu", torch.bfloat16):
            predicted = net(features)
        error: Tensor = (predicted.float() - points).abs().mean() * 10
        return error

    def evaluate() -> Metrics:
        metrics: Metrics = {}
        for name, samples in (("noisy", noisy), ("clean", clean)):
            predicted = net(torch.from_numpy(samples.features)).numpy()
            metrics[f"{name}_mpjpe_mm"], metrics[f"{name}_pa_mm"] = limb_errors(predicted, samples.points)
        return metrics

    settings: dict[str, int | str] = {
        "features": features,
        "points": points,
        "width": config.width,
        "stages": config.stages,
    }
    stage = Stage("lifter", config.lifter_minutes, net, loss, evaluate, settings, {})
    return net, train(stage, config, reports)
