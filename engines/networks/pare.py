"""PARE (Kocabas, Huang, Hilliges, Black, ICCV 2021): SMPL pose and shape, each part from the pixels it attends to.

A part branch learns where the 24 body parts are; its maps, made into attention, pool the features of a 3D branch, so
that a hidden part is read off where the network finds evidence of it. Module names follow the published files: their
state_dict without the prefix "model." and without "model.smpl.*" loads with strict=True.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engines.errors import UnknownNameError
from engines.networks.hrnet import HRNetTrunk, conv_bn_relu
from engines.networks.mean_camera import at_mean_camera
from engines.networks.resnet import ResNet, resnet18, resnet50, trunk

PARTS = 24  # the joints of SMPL, in its order
SHAPE = 10  # betas
ATTENDED = 64  # channels that shape and camera are read off


class PareOutput(NamedTuple):
    """Heights and widths h, w: a quarter of the image.

    backbone_features (B, C, H', W'); pred_segm_mask (B, 25, h, w) logits, background first, then the parts in the
    order of SMPL's joints; part_attention (B, 24, h, w), each map summing to 1; pred_pose (B, 24, 3, 3) rotations
    relative to the parent; pred_pose_6d (B, 24, 6) what they were made of; pred_cam (B, 3) scale, x, y of the weak
    perspective camera of the crop; pred_shape (B, 10) betas.
    """

    backbone_features: Tensor
    pred_segm_mask: Tensor
    part_attention: Tensor
    pred_pose: Tensor
    pred_pose_6d: Tensor
    pred_cam: Tensor
    pred_shape: Tensor


def rotmat_from_6d(six: Tensor) -> Tensor:
    """Six numbers (..., 6) to rotation matrices (..., 3, 3) (Zhou et al., CVPR 2019, section 4.2).

    The six are the first two columns as a row-major 3x2 matrix, [x1, x2, y1, y2, z1, z2], of any length and angle.
    """
    a1, a2 = six[..., 0::2], six[..., 1::2]
    b1 = F.normalize(a1, dim=-1)
    b2 = F.normalize(a2 - (b1 * a2).sum(-1, keepdim=True) * b1, dim=-1)
    return torch.stack([b1, b2, torch.linalg.cross(b1, b2)], dim=-1)


class PareHRNet(HRNetTrunk):
    """HRNet-W32 with all branches brought to the finest resolution: (B, 3, H, W) to (B, 480, H / 4, W / 4)."""

    def __init__(self) -> None:
        super().__init__(32, kept=4)
        self.channels = sum(self.widths)
        self.final_layer = nn.Conv2d(self.widths[0], PARTS, 1)  # stored in the published files, never used
        self.upsample_stage_2, self.upsample_stage_3, self.upsample_stage_4 = (
            upsampling(width, doublings) for doublings, width in enumerate(self.widths[1:], 1)
        )

    def forward(self, image: Tensor) -> Tensor:
        x1, x2, x3, x4 = self.branches(image)
        same_size = [x1, self.upsample_stage_2(x2), self.upsample_stage_3(x3), self.upsample_stage_4(x4)]
        return torch.cat(same_size, dim=1)


def upsampling(width: int, doublings: int) -> nn.Sequential:
    """Twice the resolution, then a convolution, as often as asked for."""
    steps = (
        (nn.Upsample(scale_factor=2.0, mode="bilinear", align_corners=True), *conv_bn_relu(width, width))
        for _ in range(doublings)
    )
    return nn.Sequential(*(module for step in steps for module in step))


def convolutions(channels_in: int) -> nn.Sequential:
    """A branch of the head behind HRNet, at the same resolution: (B, channels_in, h, w) to (B, 128, h, w)."""
    return nn.Sequential(*conv_bn_relu(channels_in, 128), *conv_bn_relu(128, 128))


def deconvolutions(channels_in: int, width: int = 256) -> nn.Sequential:
    """A branch of the head behind ResNet, 8 times finer: (B, channels_in, H', W') to (B, width, 8 H', 8 W')."""
    modules: list[nn.Module] = []
    for channels in (channels_in, width, width):
        deconvolution = nn.ConvTranspose2d(channels, width, 4, stride=2, padding=1, bias=False)
        modules += [deconvolution, nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
    return nn.Sequential(*modules)


class PerPartLinear(nn.Module):
    """A linear layer of its own for every part, without bias: (B, channels_in, parts) to (B, parts, channels_out)."""

    def __init__(self, channels_in: int, channels_out: int, parts: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(1, channels_out, channels_in, parts, 1, 1) / channels_in**0.5)

    def forward(self, x: Tensor) -> Tensor:
        return torch.einsum("ocj,bcj->bjo", self.weight[0, ..., 0, 0], x)


class PareHead(nn.Module):
    """Features of the backbone to a PareOutput."""

    temperature: Tensor
    init_pose: Tensor
    init_shape: Tensor
    init_cam: Tensor

    def __init__(self, branch: Callable[[], nn.Sequential], channels: int, *, attend: bool = True) -> None:
        """branch: makes the part branch and the 3D branch, each ending in `channels`. attend: without it, every part is
        read off the mean over the image, as in networks with global pooling, and the part branch segments only."""
        super().__init__()
        self._attend = attend
        # Stored in the published files, never used: this release adds no mean parameters and has no temperature.
        self.register_buffer("temperature", torch.tensor(1.0))
        self.register_buffer("init_pose", torch.zeros(1, 6 * PARTS))
        self.register_buffer("init_shape", torch.zeros(1, SHAPE))
        self.register_buffer("init_cam", torch.zeros(1, 3))
        self.keypoint_deconv_layers = branch()
        self.smpl_deconv_layers = branch()
        self.keypoint_final_layer = nn.Conv2d(channels, 1 + PARTS, 1)
        self.smpl_final_layer = nn.Conv2d(channels, ATTENDED, 1)
        self.shape_mlp = nn.Linear(ATTENDED * PARTS, SHAPE)
        self.cam_mlp = at_mean_camera(nn.Linear(ATTENDED * PARTS, 3))
        self.pose_mlp = PerPartLinear(channels, 6, PARTS)

    def forward(self, features: Tensor) -> PareOutput:
        segmentation = self.keypoint_final_layer(self.keypoint_deconv_layers(features))
        parts = segmentation[:, 1:]
        attention = (parts if self._attend else torch.zeros_like(parts)).flatten(2).softmax(-1)
        body = self.smpl_deconv_layers(features).flatten(2)
        pooled = torch.matmul(body, attention.transpose(1, 2))  # (B, channels, 24)
        # The final layer is linear in each pixel and the attention sums to 1: it may come after the pooling, on 24
        # columns instead of all pixels.
        attended = self.smpl_final_layer(pooled.unsqueeze(-1)).flatten(1)
        six = self.pose_mlp(pooled)
        return PareOutput(
            backbone_features=features,
            pred_segm_mask=segmentation,
            part_attention=attention.reshape(parts.shape),
            pred_pose=rotmat_from_6d(six),
            pred_pose_6d=six,
            pred_cam=self.cam_mlp(attended),
            pred_shape=self.shape_mlp(attended),
        )


class Pare(nn.Module):
    """RGB image (B, 3, 224, 224), ImageNet-normalized, to a PareOutput."""

    def __init__(self, backbone: nn.Module, head: PareHead) -> None:
        super().__init__()
        self.backbone = backbone
        self.head = head

    def forward(self, image: Tensor) -> PareOutput:
        output: PareOutput = self.head(self.backbone(image))
        return output


def hrnet_w32() -> Pare:
    backbone = PareHRNet()
    return Pare(backbone, PareHead(lambda: convolutions(backbone.channels), channels=128))


def resnet50_deconvolved() -> Pare:
    backbone = resnet50()
    return Pare(backbone, PareHead(lambda: deconvolutions(backbone.channels), channels=256))


def resnet18_deconvolved() -> Pare:
    backbone = resnet18()
    return Pare(backbone, PareHead(lambda: deconvolutions(backbone.channels), channels=256))


def build_for_training(backbone: str, *, attend: bool = True) -> Pare:
    """The network on a trunk of engines.networks.resnet.TRUNKS or on "hrnet_w32"; see PareHead for attend."""
    if backbone == "hrnet_w32":
        hrnet = PareHRNet()
        return Pare(hrnet, PareHead(lambda: convolutions(hrnet.channels), channels=128, attend=attend))
    size = trunk(backbone)
    width = 4 * size.width
    head = PareHead(lambda: deconvolutions(size.channels, width), channels=width, attend=attend)
    return Pare(ResNet(size.block, size.counts, size.width), head)


BUILDERS = {"hrnet_w32": hrnet_w32, "resnet50": resnet50_deconvolved, "resnet18": resnet18_deconvolved}


def build(backbone: str) -> Pare:
    """The network with random weights on "hrnet_w32", as published, on "resnet50", as in the paper's ablation, or on
    "resnet18".

    Raises UnknownNameError for any other name.
    """
    if backbone not in BUILDERS:
        raise UnknownNameError(f'PARE knows no backbone "{backbone}"; choose one of: {", ".join(BUILDERS)}')
    return BUILDERS[backbone]()
