"""The losses of DecoMR (Zeng et al., CVPR 2020; weight map of the supplement, section 3)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from engines.body.body import Body
from engines.body.face_parts import vertex_parts
from engines.body.location_map import LocationMap
from engines.errors import ModelError
from engines.training.losses.common import mean_where
from engines.training.torch_body import weak_projection

F32 = NDArray[np.float32]

# The ratio of the supplement: torso : head and neck : arms and legs : hands and feet = 1 : 2 : 5 : 25.
TORSO, HEAD, LIMBS, ENDS = (0, 3, 6, 9, 13, 14), (12, 15), (1, 2, 4, 5, 16, 17, 18, 19), (7, 8, 10, 11, 20, 21, 22, 23)
RATIO = ((TORSO, 1.0), (HEAD, 2.0), (LIMBS, 5.0), (ENDS, 25.0))


@dataclass(frozen=True, slots=True)
class DecomrWeights:
    """The weights of the published training.

    Attributes:
        mask: Of the silhouette. Default: 0.2.
        uv: Of the dense correspondence (IUV). Default: 1.
        map: Of the location map, L_map. Default: 1.
        smooth: Of the location map's total variation. Default: 1e-4.
        joints_2d: Of projected keypoints. Default: 1.
        joints_3d: Of joints. Default: 1.
        consistency: Of location map and correspondence, L_con. Default: 1.
    """

    mask: float = 0.2
    uv: float = 1.0
    map: float = 1.0
    smooth: float = 1e-4
    joints_2d: float = 1.0
    joints_3d: float = 1.0
    consistency: float = 1.0


def weight_map(body: Body, texels: LocationMap) -> F32:
    """The weight (h, w) of each texel in L_map: 1, 2, 5 or 25 by its part, divided so that the mean over the texels of
    the body is 1, and 0 outside of it. A texel between two parts has the larger weight.

    Raises ModelError for a body without SMPL's 24 joints.
    """
    if len(body.parents) != sum(len(joints) for joints, _ in RATIO):
        raise ModelError(f"{body.name}: the body has {len(body.parents)} joints; the weight map is for SMPL's 24")
    of_joint = np.zeros(len(body.parents), np.float32)
    for joints, weight in RATIO:
        of_joint[list(joints)] = weight
    of_vertex = of_joint[vertex_parts(body)]
    corner = np.where(texels.vertex_weights > 0, of_vertex[texels.vertex_index], 0)
    weights: F32 = corner.max(-1) * texels.mask
    return np.asarray(weights / weights[texels.mask].mean(), np.float32)


def mask_loss(predicted: Tensor, silhouette: Tensor, weight: Tensor) -> Tensor:
    """The binary cross entropy of masks (N, h, w) in 0..1 with silhouettes (N, h, w) of 0 and 1."""
    error = F.binary_cross_entropy(predicted.clamp(1e-6, 1 - 1e-6), silhouette, reduction="none")
    return mean_where(error, weight)


def uv_loss(predicted: Tensor, uv: Tensor, silhouette: Tensor, weight: Tensor) -> Tensor:
    """L_IUV: the mean L1 distance of texture coordinates (N, 2, h, w) inside of silhouettes (N, h, w)."""
    inside = silhouette * weight[:, None, None].to(silhouette.dtype)
    return mean_where((predicted - uv).abs().movedim(1, -1), inside)


def map_loss(predicted: Tensor, truth: Tensor, texel_weights: Tensor, weight: Tensor) -> Tensor:
    """L_map: the mean L1 distance of location maps (N, h, w, 3) in m, texels weighted by `weight_map` (h, w)."""
    return mean_where((predicted - truth).abs() * texel_weights[None, ..., None], weight)


def smoothness_loss(predicted: Tensor) -> Tensor:
    """The mean total variation of location maps (N, h, w, 3): of neighbors in rows and in columns."""
    rows = (predicted[:, 1:] - predicted[:, :-1]).abs().mean()
    return rows + (predicted[:, :, 1:] - predicted[:, :, :-1]).abs().mean()


def consistency_loss(
    location: Tensor, camera: Tensor, uv: Tensor, silhouette: Tensor, places: Tensor, weight: Tensor
) -> Tensor:
    """L_con: what the location map holds at a pixel's texture coordinates projects onto that pixel.

    Args:
        location: Location maps (N, H, W, 3) in m; u runs along columns, v along rows.
        camera: Weak-perspective cameras (N, 3).
        uv: Texture coordinates (N, 2, h, w) in 0..1 of the pixels.
        silhouette: (N, h, w) of 0 and 1: the pixels that have some.
        places: (h, w, 2), the pixels' own positions in [-1, 1] of the crop.
        weight: (N,).

    Returns:
        The mean squared distance in [-1, 1].
    """
    points = sample_map(location, uv.movedim(1, -1))
    projected = weak_projection(points.flatten(1, 2), camera).reshape(*points.shape[:3], 2)
    inside = silhouette * weight[:, None, None].to(silhouette.dtype)
    return mean_where((projected - places) ** 2, inside)


def sample_map(location: Tensor, uv: Tensor) -> Tensor:
    """The points (N, h, w, 3) of location maps (N, H, W, 3) at texture coordinates (N, h, w, 2), bilinear."""
    sampled = F.grid_sample(location.movedim(-1, 1), 2 * uv - 1, mode="bilinear", align_corners=True)
    return torch.movedim(sampled, 1, -1)
