"""DCT (Rong et al., Delving Deep Into Hybrid Annotations for 3D Human Recovery in the Wild, ICCV 2019).

A ResNet-50 on the image, with two branches a ResNet-18 on its IUV map (DensePose) too, and one regression of SMPL's
parameters, not iterated. Module names follow the published files, which are bare state_dicts.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engines.errors import ModelError
from engines.networks.resnet import Block, ResNet, trunk

FEATURES = 1024
PARAMETERS = 85  # camera 3, pose 72, shape 10


class SingleBranchOutput(NamedTuple):
    """main_feat (B, 1024): features of the image; output85 (B, 85): as in DctOutput."""

    main_feat: Tensor
    output85: Tensor


class DctOutput(NamedTuple):
    """main_feat and aux_feat (B, 1024): features of the image and of the IUV map; output85 (B, 85): the regressor's.

    output85 is relative to mean parameters, which the files do not hold: who reads it adds them. They are the camera
    (0.9, 0, 0), the mean pose of HMR with the root at (pi, 0, 0), and the mean shape of HMR. The sum is s, tx, ty of
    the camera x = s (X + t) in [-1, 1] of the crop, 24 rotation vectors, and 10 shape coefficients of SMPL.
    """

    main_feat: Tensor
    aux_feat: Tensor
    output85: Tensor


class Encoder(ResNet):
    """A trunk, averaged over the image, and a linear layer: (B, 3, H, W) to features (B, 1024)."""

    def __init__(self, block: Block, counts: tuple[int, ...], width: int = 64) -> None:
        super().__init__(block, counts, width)
        self.fc1 = nn.Linear(self.channels, FEATURES)

    def forward(self, image: Tensor) -> Tensor:
        pooled = self.features(image)[-1].mean((2, 3))
        return F.relu(self.fc1(F.relu(pooled)))


def encoder(backbone: str) -> Encoder:
    """An encoder on a trunk of engines.networks.resnet.TRUNKS. Raises UnknownNameError."""
    size = trunk(backbone)
    return Encoder(size.block, size.counts, size.width)


class Dct(nn.Module):
    """What both variants share: the encoder of the image, and the regressor behind `branches` encoders."""

    def __init__(self, branches: int, backbone: str = "resnet50") -> None:
        super().__init__()
        self.main_encoder = encoder(backbone)
        self.feat_encoder = nn.Sequential(nn.ReLU(), nn.Linear(branches * FEATURES, FEATURES), nn.ReLU())
        self.regressor = nn.Sequential(nn.Linear(FEATURES, PARAMETERS))


class SingleBranch(Dct):
    """From the image alone."""

    def __init__(self, backbone: str = "resnet50") -> None:
        super().__init__(1, backbone)

    def forward(self, image: Tensor) -> SingleBranchOutput:
        """image (B, 3, 224, 224): the crop, padded to a square with black, BGR, scaled to [-1, 1]."""
        main_feat = self.main_encoder(image)
        return SingleBranchOutput(main_feat, self.regressor(self.feat_encoder(main_feat)))


class TwoBranch(Dct):
    """From the image and its IUV map."""

    def __init__(self, backbone: str = "resnet50") -> None:
        super().__init__(2, backbone)
        self.aux_encoder = encoder("tiny" if backbone == "tiny" else "resnet18")

    def forward(self, image: Tensor, iuv: Tensor) -> DctOutput:
        """image (B, 3, 224, 224): as for one branch.

        iuv (B, 3, 224, 224): part / 24, U / 255, V / 255, padded and resized (nearest) like the image, each scaled to
        [-1, 1]; the background is -1.
        """
        main_feat, aux_feat = self.main_encoder(image), self.aux_encoder(iuv)
        joined = torch.cat([main_feat, aux_feat], 1)
        return DctOutput(main_feat, aux_feat, self.regressor(self.feat_encoder(joined)))


def build(branches: int, backbone: str = "resnet50") -> SingleBranch | TwoBranch:
    """The network with one branch (image) or two (image and IUV), with fresh weights, published with ResNet-50.

    Raises ModelError.
    """
    if branches not in (1, 2):
        raise ModelError(f"DCT has 1 branch (image) or 2 (image and IUV map), not {branches}")
    return SingleBranch(backbone) if branches == 1 else TwoBranch(backbone)
