"""ImpHMR (Cho et al., Implicit 3D Human Mesh Recovery, CVPR 2023): a person as a feature field, seen from any side.

An image becomes the code of a feature field around the person. The field is rendered into a 2D feature map for a
viewing direction, from which pose and shape are regressed: the canonical direction is that of the image, others are
imagined. A geometric guidance branch predicts the silhouette from the same map. No code or weights were
published; docs/how-to/train-on-images.md names what was decided here.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engines.networks.mean_camera import at_mean_camera
from engines.networks.pare import rotmat_from_6d
from engines.networks.resnet import ResNet, trunk

JOINTS, SHAPE = 24, 10
UPRIGHT = (1.0, 0.0, 0.0, -1.0, 0.0, 0.0)  # six numbers of a root turned by pi about x: a person upright in camera axes
STRAIGHT = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


class ImphmrOutput(NamedTuple):
    """pred_pose (B, 24, 3, 3) local rotations, the root's in the axes of the viewing camera; pred_shape (B, 10);
    pred_cam (B, 3), weak perspective of the crop, which has a meaning in the canonical view only; silhouette
    (B, 4 v, 4 v) logits; feature_map (B, C, v, v)."""

    pred_pose: Tensor
    pred_shape: Tensor
    pred_cam: Tensor
    silhouette: Tensor
    feature_map: Tensor


@dataclass(frozen=True, slots=True)
class ImphmrSize:
    """The size of the network.

    Attributes:
        backbone: A trunk of engines.networks.resnet.TRUNKS. Default: "resnet50".
        code: Numbers that condition the field. Default: 256.
        hidden: Width of the field's layers. Default: 128.
        features: Channels of the feature map. Default: 256.
        view: Side of the feature map, pixels. Default: 16.
        samples: Points on each ray. Default: 24.
        frequencies: Octaves of the positional encoding. Default: 5.
    """

    backbone: str = "resnet50"
    code: int = 256
    hidden: int = 128
    features: int = 256
    view: int = 16
    samples: int = 24
    frequencies: int = 5


SMALL = ImphmrSize("resnet18", hidden=64, features=128, view=12, samples=16)
TINY = ImphmrSize("tiny", code=64, hidden=32, features=32, view=8, samples=8, frequencies=3)


class FeatureField(nn.Module):
    """Density and feature of a point in the cube [-1, 1]^3 around the person, given a code; and their rendering."""

    grid: Tensor
    octaves: Tensor

    def __init__(self, size: ImphmrSize) -> None:
        super().__init__()
        self._size = size
        encoded = 3 * (1 + 2 * size.frequencies)
        widths = (encoded, size.hidden, size.hidden, size.hidden)
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))
        self.modulations = nn.ModuleList(nn.Linear(size.code, 2 * size.hidden) for _ in widths[1:])
        self.density = nn.Linear(size.hidden, 1)
        self.feature = nn.Linear(size.hidden, size.features)
        place = (torch.arange(size.view) + 0.5) * (2 / size.view) - 1
        depth = (torch.arange(size.samples) + 0.5) * (2 / size.samples) - 1
        y, x, z = torch.meshgrid(place, place, depth, indexing="ij")
        self.register_buffer("grid", torch.stack([x, y, z], -1).reshape(-1, 3), persistent=False)
        self.register_buffer("octaves", torch.pi * 2.0 ** torch.arange(size.frequencies), persistent=False)

    def forward(self, code: Tensor, angle: Tensor) -> Tensor:
        """Feature maps (B, C, v, v) of codes (B, code) from cameras that have moved by angles (B,) about the vertical.

        Rays are parallel; volume rendering as Mildenhall et al., NeRF, 2020, eq. 3, with features in place of colors.
        """
        size = self._size
        points = self._turned(angle)
        turned = points[..., None] * self.octaves
        x = torch.cat([points, turned.sin().flatten(-2), turned.cos().flatten(-2)], -1)
        for layer, modulation in zip(self.layers, self.modulations, strict=True):
            scale, shift = modulation(code)[:, None].chunk(2, -1)
            x = F.relu(layer(x) * (1 + scale) + shift)
        shape = (-1, size.view, size.view, size.samples)
        optical = F.softplus(self.density(x).reshape(shape)) * (2 / size.samples)
        passed = torch.exp(-(optical.cumsum(-1) - optical))  # of the light that reaches a point
        weights = passed * (1 - torch.exp(-optical))
        features = self.feature(x).reshape(*shape, size.features)
        return torch.matmul(weights.unsqueeze(-2), features).squeeze(-2).permute(0, 3, 1, 2)

    def _turned(self, angle: Tensor) -> Tensor:
        """The points of the rays (B, P, 3) in the axes of the canonical camera: the inverse of losses.imphmr.turn."""
        c, s = torch.cos(angle)[:, None], torch.sin(angle)[:, None]
        x, y, z = self.grid.unbind(-1)
        return torch.stack([c * x - s * z, y + 0 * c, s * x + c * z], -1)


class ParameterRegressor(nn.Module):
    """Pose, shape and camera from a feature map, relative to an upright person of mean shape."""

    mean: Tensor

    def __init__(self, size: ImphmrSize) -> None:
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv2d(size.features, size.features, 3, 2, padding=1),
            nn.ReLU(),
            nn.Conv2d(size.features, 64, 1),
            nn.ReLU(),
        )
        inputs, hidden = 64 * (size.view // 2) ** 2, 4 * size.features
        self.hidden = nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU())
        self.pose = nn.Linear(hidden, 6 * JOINTS)
        self.shape = nn.Linear(hidden, SHAPE)
        self.camera = at_mean_camera(nn.Linear(hidden, 3))
        for layer in (self.pose, self.shape):
            nn.init.normal_(layer.weight, std=1e-3)
            nn.init.zeros_(layer.bias)
        mean = torch.tensor([UPRIGHT, *[STRAIGHT] * (JOINTS - 1)])
        self.register_buffer("mean", mean, persistent=False)

    def forward(self, feature_map: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Rotations (B, 24, 3, 3), shape (B, 10) and camera (B, 3)."""
        x = self.hidden(self.conv(feature_map).flatten(1))
        six = self.pose(x).reshape(-1, JOINTS, 6) + self.mean
        return rotmat_from_6d(six), self.shape(x), self.camera(x)


class Imphmr(nn.Module):
    """The whole network: RGB image (B, 3, 224, 224), ImageNet-normalized."""

    def __init__(self, size: ImphmrSize) -> None:
        super().__init__()
        body = trunk(size.backbone)
        self.backbone = ResNet(body.block, body.counts, body.width)
        self.code = nn.Linear(self.backbone.channels, size.code)
        self.field = FeatureField(size)
        self.regressor = ParameterRegressor(size)
        self.guidance = nn.Sequential(
            nn.ConvTranspose2d(size.features, 64, 4, stride=2, padding=1),
            nn.ReLU(),
            nn.ConvTranspose2d(64, 32, 4, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(32, 1, 1),
        )

    def encode(self, image: Tensor) -> Tensor:
        """The code (B, code) of the person's feature field."""
        code: Tensor = self.code(self.backbone(image).mean((2, 3)))
        return code

    def view(self, code: Tensor, angle: Tensor) -> ImphmrOutput:
        """The person as cameras at angles (B,) in radians see it."""
        feature_map = self.field(code, angle)
        silhouette = self.guidance(feature_map)[:, 0]
        pose, shape, camera = self.regressor(feature_map)
        return ImphmrOutput(pose, shape, camera, silhouette, feature_map)

    def forward(self, image: Tensor, angle: Tensor | None = None) -> ImphmrOutput:
        """The person as cameras at angles (B, 1) in radians see it; without angles the canonical view."""
        code = self.encode(image)
        return self.view(code, torch.zeros_like(code[:, 0]) if angle is None else angle[:, 0])


def build(size: ImphmrSize | None = None) -> Imphmr:
    """The network with fresh weights."""
    return Imphmr(size or ImphmrSize())
