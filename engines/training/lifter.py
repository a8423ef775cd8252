"""Stage one of training: sequences of 2D keypoints to 3D points, on synthetic people."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from engines.networks.pose2mesh_open import Lifter
from engines.training.config import TrainConfig
from engines.training.loop import Metrics, Reports, Stage, train
from engines.training.synthetic_people import JOINTS, SyntheticPeople

LIMBS = (5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)  # COCO's shoulders to ankles
SIDE_WEIGHT = 0.05  # of the scales and contacts, which must not disturb the points
LOG_SCALES = (-7.0, 1.0)  # limits of the logarithm of a scale, m


def limb_errors(predicted: NDArray[np.float32], truth: NDArray[np.float32]) -> tuple[float, float]:
    """(MPJPE, PA-MPJPE) in mm of points (N, P, 3) over the twelve limb keypoints, root = mid-hip."""
    limbs = [JOINTS + k for k in LIMBS]
    hips = [JOINTS + 11, JOINTS + 12]
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


def train_lifter(
    train_people: SyntheticPeople, test_people: SyntheticPeople, config: TrainConfig, reports: Reports
) -> tuple[Lifter, Metrics]:
    """Trains a lifter on sequences.

    The loss is L1 on all points, those of the limbs' twist included, with equal weights, on the bones of the skeleton
    (their directions are what poses a rig) and on the movement between frames; the scale of the errors is fitted by
    their likelihood under Laplace distributions, and the contacts by cross entropy.
    """
    sequences = max(config.batch // config.frames, 2)
    last = config.frames - 1
    tests = {
        name: test_people.batch(max(config.evaluation_samples // config.frames, 2), config.frames, noise)
        for name, noise in (("noisy", True), ("clean", False))
    }
    features, points = tests["noisy"].features.shape[2], tests["noisy"].points.shape[2]
    net = Lifter(features, points, config.width, config.stages)
    child = torch.arange(1, JOINTS)
    parent = torch.from_numpy(train_people.body.parents[1:JOINTS].astype(np.int64))

    def bones(points: Tensor) -> Tensor:
        return points[:, :, child] - points[:, :, parent]

    def loss(step: int) -> dict[str, Tensor]:
        samples = train_people.batch(sequences, config.frames)
        truth = torch.from_numpy(samples.points)
        with torch.autocast("cpu", torch.bfloat16):
            lifted = net.sequences(torch.from_numpy(samples.features), torch.from_numpy(samples.elapsed_s))
        predicted, log_scale = lifted.points.float(), lifted.log_scale.float().clamp(*LOG_SCALES)
        error = (predicted - truth).abs()
        likelihood = log_scale + error.detach().mean(-1) * torch.exp(-log_scale)
        total: Tensor = 10 * error.mean() + 10 * config.bone_weight * (bones(predicted) - bones(truth)).abs().mean()
        total = total + SIDE_WEIGHT * likelihood.mean()
        if config.frames > 1:
            contacts = torch.from_numpy(samples.contacts.astype(np.float32))
            movement = (predicted.diff(dim=1) - truth.diff(dim=1)).abs().mean()
            wrong = binary_cross_entropy_with_logits(lifted.contact.float()[:, 1:], contacts[:, 1:])
            total = total + 10 * config.motion_weight * movement + SIDE_WEIGHT * wrong
        return {"loss": total}

    def evaluate() -> Metrics:
        metrics: Metrics = {}
        for name, samples in tests.items():
            lifted = net.sequences(torch.from_numpy(samples.features), torch.from_numpy(samples.elapsed_s))
            predicted = lifted.points.numpy()
            for frame, when in ((0, "first"), (last, "last")) if last else ((0, "first"),):
                errors = limb_errors(predicted[:, frame], samples.points[:, frame])
                metrics[f"{name}_{when}_mpjpe_mm"], metrics[f"{name}_{when}_pa_mm"] = errors
        return metrics

    settings: dict[str, int | str] = {
        "features": features,
        "points": points,
        "width": config.width,
        "stages": config.stages,
    }
    stage = Stage("lifter", config.lifter_minutes, net, loss, evaluate, settings, {})
    return net, train(stage, config.loop(), reports)
