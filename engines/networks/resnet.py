"""ResNet trunks (He et al., CVPR 2016) in the layout of torchvision: its names, strides and order of modules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from torch import Tensor, nn
from torch.nn import functional as F

from engines.files.suggestions import unknown

Features: TypeAlias = tuple[Tensor, Tensor, Tensor, Tensor, Tensor]


def conv3x3(channels_in: int, channels_out: int, stride: int = 1) -> nn.Conv2d:
    """Padded so that only the stride changes the size; no bias, as a batch norm follows."""
    return nn.Conv2d(channels_in, channels_out, 3, stride, padding=1, bias=False)


def conv1x1(channels_in: int, channels_out: int, stride: int = 1) -> nn.Conv2d:
    """No bias, as a batch norm follows."""
    return nn.Conv2d(channels_in, channels_out, 1, stride, bias=False)


def shortcut(channels_in: int, channels_out: int, stride: int) -> nn.Sequential | None:
    """The projection of a block whose input and output differ in shape, else None."""
    if stride == 1 and channels_in == channels_out:
        return None
    return nn.Sequential(conv1x1(channels_in, channels_out, stride), nn.BatchNorm2d(channels_out))


class BasicBlock(nn.Module):
    """Two 3x3 convolutions, added to their input: (B, channels_in, H, W) to (B, width, H / stride, W / stride)."""

    expansion = 1

    def __init__(self, channels_in: int, width: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = conv3x3(channels_in, width, stride)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = conv3x3(width, width)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = shortcut(channels_in, width, stride)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class Bottleneck(nn.Module):
    """A 3x3 convolution between two 1x1: (B, channels_in, H, W) to (B, 4 width, H / stride, W / stride)."""

    expansion = 4

    def __init__(self, channels_in: int, width: int, stride: int = 1) -> None:
        super().__init__()
        channels_out = self.expansion * width
        self.conv1 = conv1x1(channels_in, width)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = conv3x3(width, width, stride)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = conv1x1(width, channels_out)
        self.bn3 = nn.BatchNorm2d(channels_out)
        self.downsample = shortcut(channels_in, channels_out, stride)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)))
        y = F.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


Block: TypeAlias = type[BasicBlock] | type[Bottleneck]


def layer(block: Block, channels_in: int, width: int, count: int, stride: int = 1) -> nn.Sequential:
    """`count` blocks of one width; the first takes the stride."""
    rest = (block(block.expansion * width, width) for _ in range(count - 1))
    return nn.Sequential(block(channels_in, width, stride), *rest)


class ResNet(nn.Module):
    """The trunk without the classifier: image (B, 3, H, W) to (B, channels, H / 32, W / 32).

    counts: blocks in each of the four layers; width: channels of the first layer; channels: 8 times the width times the
    block's expansion.
    """

    def __init__(self, block: Block, counts: Sequence[int], width: int = 64) -> None:
        super().__init__()
        self.channels = 8 * width * block.expansion
        self.conv1 = nn.Conv2d(3, width, 7, 2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.layer1 = layer(block, width, width, counts[0])
        self.layer2 = layer(block, width * block.expansion, 2 * width, counts[1], stride=2)
        self.layer3 = layer(block, 2 * width * block.expansion, 4 * width, counts[2], stride=2)
        self.layer4 = layer(block, 4 * width * block.expansion, 8 * width, counts[3], stride=2)

    def features(self, image: Tensor) -> Features:
        """x1 (B, 64, H / 2, W / 2) behind the first ReLU; x2 to x5 behind layer1 to layer4, at H / 4 to H / 32."""
        x1 = F.relu(self.bn1(self.conv1(image)))
        x2: Tensor = self.layer1(F.max_pool2d(x1, 3, 2, padding=1))
        x3: Tensor = self.layer2(x2)
        x4: Tensor = self.layer3(x3)
        x5: Tensor = self.layer4(x4)
        return x1, x2, x3, x4, x5

    def forward(self, image: Tensor) -> Tensor:
        return self.features(image)[-1]


@dataclass(frozen=True, slots=True)
class TrunkSize:
    """The size of a trunk: the kind of its blocks, their numbers, and the channels of the first layer."""

    block: Block
    counts: tuple[int, int, int, int]
    width: int = 64

    @property
    def channels(self) -> int:
        """The channels of the last layer."""
        return 8 * self.width * self.block.expansion


# "tiny" is for tests and first experiments.
TRUNKS = {
    "resnet50": TrunkSize(Bottleneck, (3, 4, 6, 3)),
    "resnet18": TrunkSize(BasicBlock, (2, 2, 2, 2)),
    "tiny": TrunkSize(BasicBlock, (1, 1, 1, 1), 16),
}


def trunk(name: str) -> TrunkSize:
    """The size with this name. Raises UnknownNameError for another name."""
    if name not in TRUNKS:
        raise unknown("backbone", name, TRUNKS)
    return TRUNKS[name]


def resnet18() -> ResNet:
    return ResNet(BasicBlock, (2, 2, 2, 2))


def resnet50() -> ResNet:
    return ResNet(Bottleneck, (3, 4, 6, 3))
