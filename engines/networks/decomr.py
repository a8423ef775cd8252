"""DecoMR (Zeng et al., 3D Human Mesh Regression with Dense Correspondence, CVPR 2020): image to location map.

CNet finds where each pixel lies in texture space, the features move there (`warp`), and LNet regresses the location
map: x, y, z of every texel, which `engines.body.location_map` turns into vertices. The published files hold the two
state_dicts as `CNet` and `LNet`; joined by those prefixes they load strictly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engines.networks.mean_camera import at_mean_camera
from engines.networks.resnet import ResNet, TrunkSize, trunk

CHANNELS_PER_GROUP = 8
LEVELS = 3
MASK_THRESHOLD = 0.5


@dataclass(frozen=True, slots=True)
class DecomrSize:
    """The size of the network: a trunk of engines.networks.resnet.TRUNKS, the channels of LNet, and the side of the
    features in texture space, half that of the location map. width is a multiple of 64, side of 8."""

    backbone: str = "resnet50"
    width: int = 256
    side: int = 64

    @property
    def features(self) -> int:
        """Channels of the features of pixels: those of the trunk's first layer."""
        return self.codes // 8

    @property
    def codes(self) -> int:
        """Channels of the trunk's last layer."""
        return trunk(self.backbone).channels


PUBLISHED = DecomrSize()


class Correspondence(NamedTuple):
    """dp_out (B, 3, H / 4, W / 4): mask, u, v in [0, 1]; dp_feature (B, 256, H / 4, W / 4); codes (B, 2048)."""

    dp_out: Tensor
    dp_feature: Tensor
    codes: Tensor


class Location(NamedTuple):
    """What LNet gives; see DecomrOutput."""

    warped_feature: Tensor
    warped_mask: Tensor
    uv_map: Tensor
    camera: Tensor


class DecomrOutput(NamedTuple):
    """First what Correspondence holds, then:

    warped_feature (B, 259, 64, 64): features, x, y in [-1, 1] and occupancy of each cell of texture space;
    warped_mask (B, 64, 64): 1 for cells that a pixel falls into, else 0; uv_map (B, 128, 128, 3): location map, meters;
    camera (B, 3): s, tx, ty of x = s (X + t) in [-1, 1] of the crop.
    """

    dp_out: Tensor
    dp_feature: Tensor
    codes: Tensor
    warped_feature: Tensor
    warped_mask: Tensor
    uv_map: Tensor
    camera: Tensor


class ConvBottleneck(nn.Module):
    """1 x 1, 3 x 3 and 1 x 1 convolutions with group norms, added to their input."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        hidden = channels_out // 2
        self.conv1 = nn.Conv2d(channels_in, hidden, 1)
        self.conv2 = nn.Conv2d(hidden, hidden, 3, padding=1)
        self.conv3 = nn.Conv2d(hidden, channels_out, 1)
        self.norm1 = group_norm(hidden)
        self.norm2 = group_norm(hidden)
        self.norm3 = group_norm(channels_out)
        self.skip_conv = nn.Conv2d(channels_in, channels_out, 1) if channels_in != channels_out else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.norm1(self.conv1(x)))
        y = F.relu(self.norm2(self.conv2(y)))
        y = self.norm3(self.conv3(y))
        return F.relu(y + self.skip_conv(x))


def group_norm(channels: int) -> nn.GroupNorm:
    return nn.GroupNorm(channels // CHANNELS_PER_GROUP, channels)


class Trunk(ResNet):
    """ResNet with the classifier that the published files hold; it is not used."""

    def __init__(self, size: TrunkSize) -> None:
        super().__init__(size.block, size.counts, size.width)
        self.fc = nn.Linear(self.channels, 1000)


class CNet(nn.Module):
    """Correspondence net: image (B, 3, H, W) to the mask and texture coordinates of its pixels."""

    def __init__(self, size: DecomrSize = PUBLISHED) -> None:
        super().__init__()
        self.resnet = Trunk(trunk(size.backbone))
        self.dp_layers = nn.ModuleList(
            nn.Sequential(nn.Upsample(scale_factor=2, mode="nearest"), ConvBottleneck(2 * channels, channels))
            for channels in (size.features, 2 * size.features, 4 * size.features)
        )
        self.dp_uv_end = nn.Sequential(ConvBottleneck(size.features, 32), nn.Conv2d(32, 2, 1), nn.Sigmoid())
        self.dp_mask_end = nn.Sequential(ConvBottleneck(size.features, 32), nn.Conv2d(32, 1, 1), nn.Sigmoid())

    def forward(self, image: Tensor) -> Correspondence:
        _, *skips, x = self.resnet.features(image)
        codes = x.mean((2, 3))
        for layer, skip in zip(reversed(self.dp_layers), reversed(skips), strict=True):
            # Twice an odd size that was rounded up is one too many.
            x = layer(x)[..., : skip.shape[2], : skip.shape[3]] + skip
        dp_out = torch.cat([self.dp_mask_end(x), self.dp_uv_end(x)], 1)
        return Correspondence(dp_out, x, codes)


def warp(dp_out: Tensor, features: Tensor, size: int = PUBLISHED.side) -> Tensor:
    """The mean features of the pixels that fall into each cell of texture space.

    dp_out (B, 3, h, w): mask, u, v; features (B, C, h, w). Returns (B, C + 3, size, size): features, x and y of the
    pixels in [-1, 1], and 1 where there is a pixel; all 0 where there is none. Row from v, column from u.
    """
    batch, _, height, width = dp_out.shape
    mask, u, v = dp_out.flatten(2).unbind(1)
    # Cells are numbered in integers: half precision counts no further than 2048.
    column, row = ((place.clamp(0, 1) * (size - 1)).round().long() for place in (u, v))
    cells = size * size
    cell = torch.where(mask > MASK_THRESHOLD, row * size + column, cells)  # one more, for pixels of the background

    x = torch.linspace(-1, 1, width, dtype=features.dtype, device=features.device).expand(height, width)
    y = torch.linspace(-1, 1, height, dtype=features.dtype, device=features.device)[:, None].expand(height, width)
    place = torch.stack([x, y, torch.ones_like(x)]).expand(batch, 3, height, width)
    pixels = torch.cat([features, place], 1).flatten(2)

    sums = pixels.new_zeros(batch, pixels.shape[1], cells + 1)
    sums = sums.scatter_add(2, cell[:, None].expand_as(pixels), pixels)[..., :cells]
    means = sums / sums[:, -1:].clamp(min=1)  # cells without pixels stay 0, in half precision too
    return means.reshape(*means.shape[:2], size, size)


class Hourglass(nn.Module):
    """Three levels down and up again, with a sum at each: (B, C, H, W) to the same."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        widths = [channels << level for level in range(LEVELS)]
        self.norm = group_norm(channels)
        self.down_layers = nn.ModuleList(
            nn.Sequential(ConvBottleneck(width, 2 * width), nn.MaxPool2d(2)) for width in widths
        )
        self.up_layers = nn.ModuleList(
            nn.Sequential(nn.Upsample(scale_factor=2, mode="nearest"), ConvBottleneck(2 * width, width))
            for width in widths
        )

    def forward(self, x: Tensor) -> Tensor:
        skips = []
        for down in self.down_layers:
            skips.append(x)
            x = down(x)
        for up, skip in zip(reversed(self.up_layers), reversed(skips), strict=True):
            x = up(x) + skip
        out: Tensor = self.norm(x)
        return out


class LNet(nn.Module):
    """Localization net: features in texture space to the location map and the camera."""

    def __init__(self, size: DecomrSize = PUBLISHED) -> None:
        super().__init__()
        width, self._side = size.width, size.side
        self.fc_head = nn.Sequential(
            nn.Linear(size.codes, 2 * width), nn.BatchNorm1d(2 * width), nn.ReLU(), nn.Linear(2 * width, width)
        )
        self.camera = nn.Sequential(
            nn.Linear(size.codes, 2 * width),
            nn.BatchNorm1d(2 * width),
            nn.ReLU(),
            nn.Linear(2 * width, width),
            nn.BatchNorm1d(width),
            nn.LeakyReLU(0.2),
            at_mean_camera(nn.Linear(width, 3)),
        )
        self.uv_conv1 = nn.Sequential(
            nn.Conv2d(size.features + 3 + width + 3, 2 * width, 1),
            nn.ReLU(),
            nn.Conv2d(2 * width, 2 * width, 1),
            nn.ReLU(),
            nn.Conv2d(2 * width, width, 1),
        )
        self.hg = Hourglass(width)
        self.uv_conv2 = ConvBottleneck(width, width // 2)
        upsample = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)
        self.decoder = nn.Sequential(nn.Sequential(upsample, ConvBottleneck(width // 2, width // 4)))
        self.uv_end = nn.Sequential(
            ConvBottleneck(width // 4, max(width // 8, 16)), nn.Conv2d(max(width // 8, 16), 3, 1)
        )

    def forward(self, dp_out: Tensor, dp_feature: Tensor, codes: Tensor, ref_map: Tensor) -> Location:
        """The first three as in Correspondence; ref_map (1, side, side, 3): as for Decomr."""
        warped = warp(dp_out, dp_feature, self._side)
        whole = self.fc_head(codes)[:, :, None, None].expand(-1, -1, self._side, self._side)
        reference = ref_map.permute(0, 3, 1, 2).expand(codes.shape[0], -1, -1, -1)
        x = self.uv_conv1(torch.cat([warped, whole, reference], 1))
        uv_map = self.uv_end(self.decoder(self.uv_conv2(self.hg(x))))
        return Location(warped, warped[:, -1], uv_map.permute(0, 2, 3, 1), self.camera(codes))


class Decomr(nn.Module):
    """The whole network."""

    def __init__(self, size: DecomrSize = PUBLISHED) -> None:
        super().__init__()
        self.CNet = CNet(size)
        self.LNet = LNet(size)

    def forward(self, image: Tensor, ref_map: Tensor) -> DecomrOutput:
        """image (B, 3, 224, 224): the crop, RGB, normalized with ImageNet's mean and deviation.

        ref_map (1, 64, 64, 3): location map of the body at rest, meters; the published files do not hold it.
        """
        found = self.CNet(image)
        return DecomrOutput(*found, *self.LNet(*found, ref_map))


def build(size: DecomrSize = PUBLISHED) -> Decomr:
    """The network with fresh weights, of the published size unless another one is given."""
    return Decomr(size)
