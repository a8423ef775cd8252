"""HRNet (Sun, Xiao, Liu, Wang, CVPR 2019): keypoint heatmaps from a network that keeps its high resolution.

Branches at 1/4, 1/8, 1/16 and 1/32 of the image run side by side and exchange what they know after every few blocks.
Module names follow the published pose_hrnet_*.pth files, which load with strict=True.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional as F

from engines.networks.resnet import BasicBlock, Bottleneck, conv1x1, conv3x3, layer

BLOCKS = 4  # in each branch of an exchange module
STRIDE = 4  # image pixels per heatmap pixel


def conv_bn(channels_in: int, channels_out: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(conv3x3(channels_in, channels_out, stride), nn.BatchNorm2d(channels_out))


def conv_bn_relu(channels_in: int, channels_out: int, stride: int = 1) -> nn.Sequential:
    return conv_bn(channels_in, channels_out, stride).append(nn.ReLU(inplace=True))


class Transition(nn.ModuleList):
    """Branches to one branch more; the new one is made of the coarsest, at half its resolution."""

    def __init__(self, before: Sequence[int], after: Sequence[int]) -> None:
        """Channels of the branches; len(after) is len(before) + 1."""
        kept = (nn.Identity() if a == b else conv_bn_relu(a, b) for a, b in zip(before, after[:-1], strict=True))
        super().__init__([*kept, nn.Sequential(conv_bn_relu(before[-1], after[-1], stride=2))])

    def forward(self, branches: list[Tensor]) -> list[Tensor]:
        return [change(x) for change, x in zip(self, [*branches, branches[-1]], strict=True)]


def bring(widths: Sequence[int], source: int, target: int) -> nn.Module:
    """What brings one branch to the channels and the resolution of another; branch 0 is the finest."""
    if source == target:
        return nn.Identity()
    if source > target:
        return nn.Sequential(
            conv1x1(widths[source], widths[target]),
            nn.BatchNorm2d(widths[target]),
            nn.Upsample(scale_factor=float(2 ** (source - target)), mode="nearest"),
        )
    same = (conv_bn_relu(widths[source], widths[source], stride=2) for _ in range(target - source - 1))
    return nn.Sequential(*same, conv_bn(widths[source], widths[target], stride=2))


class Fusion(nn.ModuleList):
    """One branch after an exchange: the sum of all branches, brought to its channels and resolution."""

    def __init__(self, widths: Sequence[int], target: int) -> None:
        super().__init__(bring(widths, source, target) for source in range(len(widths)))

    def forward(self, branches: list[Tensor]) -> Tensor:
        first, *rest = (change(x) for change, x in zip(self, branches, strict=True))
        return F.relu(sum(rest, first))


class ExchangeModule(nn.Module):
    """Residual blocks in every branch, then an exchange between all of them; the finest `kept` branches leave."""

    def __init__(self, widths: Sequence[int], kept: int) -> None:
        super().__init__()
        self.branches = nn.ModuleList(layer(BasicBlock, width, width, BLOCKS) for width in widths)
        self.fuse_layers = nn.ModuleList(Fusion(widths, target) for target in range(kept))

    def forward(self, branches: list[Tensor]) -> list[Tensor]:
        branches = [blocks(x) for blocks, x in zip(self.branches, branches, strict=True)]
        return [fuse(branches) for fuse in self.fuse_layers]


def stage(widths: Sequence[int], modules: int, kept: int | None = None) -> nn.Sequential:
    """Exchange modules in a row; `kept` of the branches (default all) leave the last one."""
    whole = (ExchangeModule(widths, len(widths)) for _ in range(modules - 1))
    return nn.Sequential(*whole, ExchangeModule(widths, kept or len(widths)))


class HRNetTrunk(nn.Module):
    """The network up to its last exchange."""

    def __init__(self, width: int, kept: int) -> None:
        """width: channels of the finest branch, doubled in each coarser one; kept: how many branches leave."""
        super().__init__()
        self.widths = widths = tuple(width * 2**branch for branch in range(4))
        self.conv1 = conv3x3(3, 64, stride=2)
        self.bn1 = nn.BatchNorm2d(64)
        self.conv2 = conv3x3(64, 64, stride=2)
        self.bn2 = nn.BatchNorm2d(64)
        self.layer1 = layer(Bottleneck, 64, 64, 4)
        self.transition1 = Transition((64 * Bottleneck.expansion,), widths[:2])
        self.stage2 = stage(widths[:2], 1)
        self.transition2 = Transition(widths[:2], widths[:3])
        self.stage3 = stage(widths[:3], 4)
        self.transition3 = Transition(widths[:3], widths)
        self.stage4 = stage(widths, 3, kept)

    def branches(self, image: Tensor) -> list[Tensor]:
        """The finest `kept` branches, the first (B, width, H / 4, W / 4), each other half as fine and twice as wide.

        image: (B, 3, H, W), H and W multiples of 32.
        """
        x = F.relu(self.bn1(self.conv1(image)))
        x = self.layer1(F.relu(self.bn2(self.conv2(x))))
        branches: list[Tensor] = self.stage2(self.transition1([x]))
        branches = self.stage3(self.transition2(branches))
        kept: list[Tensor] = self.stage4(self.transition3(branches))
        return kept


class HRNet(HRNetTrunk):
    """The pose network: RGB image (B, 3, H, W), ImageNet-normalized, to heatmaps (B, joints, H / 4, W / 4).

    H and W are multiples of 32. The heatmaps were trained towards Gaussians of height 1; nothing bounds them.
    """

    def __init__(self, width: int, joints: int = 17) -> None:
        """width: 32 or 48 in the published models."""
        super().__init__(width, kept=1)
        self.final_layer = nn.Conv2d(width, joints, 1)

    def forward(self, image: Tensor) -> Tensor:
        heatmaps: Tensor = self.final_layer(self.branches(image)[0])
        return heatmaps
