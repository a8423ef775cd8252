"""YOLOX (Ge et al., YOLOX: Exceeding YOLO Series in 2021, arXiv 2107.08430): anchor-free detection of 80 COCO classes.

A CSPDarknet, a pyramid that passes features up and down (PAFPN), and a decoupled head at strides 8, 16 and 32. Module
names follow the published files, so that `load_state_dict(file["model"], strict=True)` works.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engines.errors import UnknownNameError

CLASSES = 80
STRIDES = (8, 16, 32)
BATCH_NORM_EPS = 1e-3
BATCH_NORM_MOMENTUM = 0.03
# Bottlenecks in dark2 to dark5: (3, 9, 9, 3) times the depth of 0.33 that s, tiny and nano share.
DARK_BOTTLENECKS = (1, 3, 3, 1)

Pyramid: TypeAlias = tuple[Tensor, Tensor, Tensor]


class Size(NamedTuple):
    """What a published size is: channels of the stem, and whether its 3 x 3 convolutions are depthwise."""

    width: int
    depthwise: bool


SIZES = {"s": Size(32, False), "tiny": Size(24, False), "nano": Size(16, True)}


class YoloxOutput(NamedTuple):
    """One row a cell (B, A, 85), strides 8, 16, 32 in turn, each row-major: cx, cy, w, h, objectness, 80 class scores.

    raw: the box as the head gives it, offsets in cells and logarithms of sizes in cells; decoded: the box in pixels of
    the network's input. The scores, in [0, 1], are the same; a detection's score is objectness times class score.
    """

    raw: Tensor
    decoded: Tensor


class BaseConv(nn.Module):
    """Convolution, batch norm, SiLU."""

    def __init__(self, channels_in: int, channels_out: int, kernel: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels_in, channels_out, kernel, stride, padding=kernel // 2, groups=groups, bias=False)
        self.bn = nn.BatchNorm2d(channels_out, eps=BATCH_NORM_EPS, momentum=BATCH_NORM_MOMENTUM)

    def forward(self, x: Tensor) -> Tensor:
        return F.silu(self.bn(self.conv(x)))


class DWConv(nn.Module):
    """A depthwise 3 x 3 convolution, then a pointwise one."""

    def __init__(self, channels_in: int, channels_out: int, stride: int = 1) -> None:
        super().__init__()
        self.dconv = BaseConv(channels_in, channels_in, 3, stride, groups=channels_in)
        self.pconv = BaseConv(channels_in, channels_out, 1)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.pconv(self.dconv(x))
        return out


def conv3x3(channels_in: int, channels_out: int, depthwise: bool, stride: int = 1) -> nn.Module:
    if depthwise:
        return DWConv(channels_in, channels_out, stride)
    return BaseConv(channels_in, channels_out, 3, stride)


class Focus(nn.Module):
    """Every 2 x 2 block of pixels becomes channels: top left, bottom left, top right, bottom right."""

    def __init__(self, channels_out: int) -> None:
        super().__init__()
        self.conv = BaseConv(4 * 3, channels_out, 3)

    def forward(self, image: Tensor) -> Tensor:
        phases = [image[..., row::2, column::2] for column in (0, 1) for row in (0, 1)]
        out: Tensor = self.conv(torch.cat(phases, 1))
        return out


class Bottleneck(nn.Module):
    """1 x 1, then 3 x 3; with a shortcut, added to its input."""

    def __init__(self, channels: int, shortcut: bool, depthwise: bool) -> None:
        super().__init__()
        self.conv1 = BaseConv(channels, channels, 1)
        self.conv2 = conv3x3(channels, channels, depthwise)
        self.shortcut = shortcut

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv2(self.conv1(x))
        return x + y if self.shortcut else y


class CSPLayer(nn.Module):
    """Cross stage partial layer: half of the channels run through the bottlenecks, half go around them."""

    def __init__(self, channels_in: int, channels_out: int, bottlenecks: int, shortcut: bool, depthwise: bool) -> None:
        super().__init__()
        hidden = channels_out // 2
        self.conv1 = BaseConv(channels_in, hidden, 1)
        self.conv2 = BaseConv(channels_in, hidden, 1)
        self.conv3 = BaseConv(2 * hidden, channels_out, 1)
        self.m = nn.Sequential(*(Bottleneck(hidden, shortcut, depthwise) for _ in range(bottlenecks)))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.conv3(torch.cat([self.m(self.conv1(x)), self.conv2(x)], 1))
        return out


class SPPBottleneck(nn.Module):
    """Spatial pyramid pooling: the features beside their maxima over windows of 5, 9 and 13 cells."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = BaseConv(channels, channels // 2, 1)
        self.m = nn.ModuleList(nn.MaxPool2d(window, stride=1, padding=window // 2) for window in (5, 9, 13))
        self.conv2 = BaseConv(channels // 2 * 4, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1(x)
        out: Tensor = self.conv2(torch.cat([x, *(pool(x) for pool in self.m)], 1))
        return out


class CSPDarknet(nn.Module):
    """Image (B, 3, H, W) to features at strides 8, 16 and 32: 4, 8 and 16 times the stem's channels."""

    def __init__(self, width: int, depthwise: bool) -> None:
        super().__init__()
        self.stem = Focus(width)
        n2, n3, n4, n5 = DARK_BOTTLENECKS
        self.dark2 = nn.Sequential(
            conv3x3(width, 2 * width, depthwise, stride=2), CSPLayer(2 * width, 2 * width, n2, True, depthwise)
        )
        self.dark3 = nn.Sequential(
            conv3x3(2 * width, 4 * width, depthwise, stride=2), CSPLayer(4 * width, 4 * width, n3, True, depthwise)
        )
        self.dark4 = nn.Sequential(
            conv3x3(4 * width, 8 * width, depthwise, stride=2), CSPLayer(8 * width, 8 * width, n4, True, depthwise)
        )
        self.dark5 = nn.Sequential(
            conv3x3(8 * width, 16 * width, depthwise, stride=2),
            SPPBottleneck(16 * width),
            CSPLayer(16 * width, 16 * width, n5, False, depthwise),
        )

    def forward(self, image: Tensor) -> Pyramid:
        c3 = self.dark3(self.dark2(self.stem(image)))
        c4 = self.dark4(c3)
        return c3, c4, self.dark5(c4)


class PAFPN(nn.Module):
    """The backbone's features, enriched from coarse to fine and back again; same shapes."""

    def __init__(self, width: int, depthwise: bool) -> None:
        super().__init__()
        c3, c4, c5 = 4 * width, 8 * width, 16 * width
        self.backbone = CSPDarknet(width, depthwise)
        self.lateral_conv0 = BaseConv(c5, c4, 1)
        self.C3_p4 = CSPLayer(2 * c4, c4, 1, False, depthwise)
        self.reduce_conv1 = BaseConv(c4, c3, 1)
        self.C3_p3 = CSPLayer(2 * c3, c3, 1, False, depthwise)
        self.bu_conv2 = conv3x3(c3, c3, depthwise, stride=2)
        self.C3_n3 = CSPLayer(2 * c3, c4, 1, False, depthwise)
        self.bu_conv1 = conv3x3(c4, c4, depthwise, stride=2)
        self.C3_n4 = CSPLayer(2 * c4, c5, 1, False, depthwise)

    def forward(self, image: Tensor) -> Pyramid:
        c3, c4, c5 = self.backbone(image)
        lateral5 = self.lateral_conv0(c5)
        p4 = self.C3_p4(torch.cat([F.interpolate(lateral5, scale_factor=2, mode="nearest"), c4], 1))
        lateral4 = self.reduce_conv1(p4)
        p3 = self.C3_p3(torch.cat([F.interpolate(lateral4, scale_factor=2, mode="nearest"), c3], 1))
        n4 = self.C3_n3(torch.cat([self.bu_conv2(p3), lateral4], 1))
        n5 = self.C3_n4(torch.cat([self.bu_conv1(n4), lateral5], 1))
        return p3, n4, n5


class Head(nn.Module):
    """Class scores and boxes from separate convolutions, a head a level."""

    def __init__(self, width: int, depthwise: bool) -> None:
        super().__init__()
        hidden = 4 * width

        def pair() -> nn.Sequential:
            return nn.Sequential(conv3x3(hidden, hidden, depthwise), conv3x3(hidden, hidden, depthwise))

        self.cls_convs = nn.ModuleList(pair() for _ in STRIDES)
        self.reg_convs = nn.ModuleList(pair() for _ in STRIDES)
        self.cls_preds = nn.ModuleList(nn.Conv2d(hidden, CLASSES, 1) for _ in STRIDES)
        self.reg_preds = nn.ModuleList(nn.Conv2d(hidden, 4, 1) for _ in STRIDES)
        self.obj_preds = nn.ModuleList(nn.Conv2d(hidden, 1, 1) for _ in STRIDES)
        self.stems = nn.ModuleList(BaseConv(channels * width, hidden, 1) for channels in (4, 8, 16))

    def forward(self, pyramid: Pyramid) -> YoloxOutput:
        raw, decoded = [], []
        for level, (features, stride) in enumerate(zip(pyramid, STRIDES, strict=True)):
            stem = self.stems[level](features)
            boxes = self.reg_convs[level](stem)
            scores = [self.obj_preds[level](boxes), self.cls_preds[level](self.cls_convs[level](stem))]
            rows = torch.cat([self.reg_preds[level](boxes), torch.cat(scores, 1).sigmoid()], 1)
            raw.append(rows.flatten(2).transpose(1, 2))
            decoded.append(decode(rows, stride).flatten(2).transpose(1, 2))
        return YoloxOutput(torch.cat(raw, 1), torch.cat(decoded, 1))


def decode(rows: Tensor, stride: int) -> Tensor:
    """Boxes of one level (B, 85, H, W) from cells to pixels: ((xy + cell) stride, exp(wh) stride); scores stay."""
    height, width = rows.shape[2:]
    row = torch.arange(height, dtype=rows.dtype, device=rows.device).view(1, 1, -1, 1)
    column = torch.arange(width, dtype=rows.dtype, device=rows.device).view(1, 1, 1, -1)
    x, y, size, scores = rows[:, 0:1], rows[:, 1:2], rows[:, 2:4], rows[:, 4:]
    return torch.cat([(x + column) * stride, (y + row) * stride, size.exp() * stride, scores], 1)


class Yolox(nn.Module):
    """Image (B, 3, H, W), BGR, 0 to 255, H and W multiples of 32, to one row a cell."""

    def __init__(self, width: int, depthwise: bool) -> None:
        super().__init__()
        self.backbone = PAFPN(width, depthwise)
        self.head = Head(width, depthwise)

    def forward(self, image: Tensor) -> YoloxOutput:
        out: YoloxOutput = self.head(self.backbone(image))
        return out


def build(size: str) -> Yolox:
    """The network of a published size, "s", "tiny" or "nano", with fresh weights. Raises UnknownNameError."""
    if size not in SIZES:
        raise UnknownNameError(f"there is no YOLOX of size {size!r}: choose one of {', '.join(SIZES)}")
    return Yolox(*SIZES[size])
