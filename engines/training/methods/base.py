"""What the trainers of all methods share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engines.training.batch import Batch
from engines.training.sample import COCO, UNKNOWN
from engines.training.torch_body import TorchBody, to_unit

U8 = NDArray[np.uint8]
Losses = dict[str, Tensor]
HIPS = (COCO.start + 11, COCO.start + 12)  # points that 3D joints are aligned by
IMAGENET_MEAN, IMAGENET_STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)  # RGB 0..255


@dataclass(frozen=True, slots=True)
class MethodConfig:
    """The network of a method.

    Attributes:
        backbone: A trunk of engines.networks.resnet.TRUNKS; PARE also has "hrnet_w32". Default: "resnet50".
        bf16: Whether the network runs in bfloat16; None: where the processor computes in it. Default: None.
        attend: PARE: part attention; without it all parts are read off the mean over the image. Default: yes.
        branches: DCT: 1 for the image, 2 for image and IUV map. Default: 1.
        width: DecoMR: channels of LNet; Pose2Mesh: hidden units of PoseNet, 0 for the published 4096. Default: 0, the
            published number.
        dense: DecoMR: features of the pixels in texture space; without it the location map is read off the features of
            the whole image. Default: yes.
        map_side: DecoMR: side of the features in texture space, half that of the location map. Default: 64.
        divide: Pose2Mesh: divisor of the channels of MeshNet. Default: 1.
        coarse_to_fine: Pose2Mesh: MeshNet from the coarsest level to the finest; without it all at the finest one.
            Default: yes.
        pose_share: Pose2Mesh: share of the training that PoseNet is trained alone for; published as 30 of 45 epochs.
            Default: 2/3.
        noise: Pose2Mesh: factor of the errors that are added to the keypoints. Default: 1.
        weights: Weights of the losses that differ from the published ones, by the names of the method's weights.
    """

    backbone: str = "resnet50"
    bf16: bool | None = None
    attend: bool = True
    branches: int = 1
    width: int = 0
    dense: bool = True
    map_side: int = 64
    divide: int = 1
    coarse_to_fine: bool = True
    pose_share: float = 2 / 3
    noise: float = 1.0
    weights: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """N people in camera axes, relative to the pelvis: vertices (N, V, 3) and points (N, 58, 3) in m.

    shape (N, 10) and camera (N, 3), weak perspective, where the method predicts them; the camera belongs to points
    whose pelvis is at root (N, 3). maps by name, (N, h, w) or (N, C, h, w), to look at.
    """

    vertices: Tensor
    points: Tensor
    shape: Tensor | None = None
    camera: Tensor | None = None
    root: Tensor | None = None
    maps: Mapping[str, Tensor] = field(default_factory=dict)


class Method(Protocol):
    """A trainer. `settings` must be equal to resume."""

    @property
    def name(self) -> str: ...

    @property
    def net(self) -> nn.Module: ...

    @property
    def settings(self) -> dict[str, Any]: ...

    def losses(self, batch: Batch, number: int, done: float) -> Losses:
        """The weighted losses of batch number `number` by name, at the part `done` (0..1) of the training."""
        ...

    def predict(self, batch: Batch) -> Prediction:
        """The people of a batch, in eval mode."""
        ...


def autocast(enabled: bool | None, device: torch.device) -> torch.autocast:
    """bfloat16 where the device computes in it, or as told. It has the range of float32: losses need no scaling."""
    if enabled is None:
        enabled = _has_bf16(device)
    return torch.autocast(device.type, torch.bfloat16, enabled=enabled)


def _has_bf16(device: torch.device) -> bool:
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return torch.backends.cpu.get_cpu_capability() == "AVX512" and bool(torch.cpu._is_avx512_bf16_supported())


def move(method: Method, device: torch.device) -> None:
    """Moves the network and all tensors of a trainer to a device, in place."""
    for name, value in vars(method).items():
        if isinstance(value, Tensor | nn.Module):
            setattr(method, name, value.to(device))


def on_host(made: Prediction) -> Prediction:
    """A prediction in the host's memory."""
    cpu = torch.device("cpu")
    optional = {name: getattr(made, name) for name in ("shape", "camera", "root")}
    return Prediction(
        made.vertices.to(cpu),
        made.points.to(cpu),
        **{name: None if value is None else value.to(cpu) for name, value in optional.items()},
        maps={name: value.to(cpu) for name, value in made.maps.items()},
    )


def imagenet(image: Tensor) -> Tensor:
    """RGB images (N, 3, H, W) 0..255, normalized with ImageNet's mean and deviation."""
    mean, std = (torch.tensor(each, device=image.device)[:, None, None] for each in (IMAGENET_MEAN, IMAGENET_STD))
    return (image - mean) / std


def weak_keypoints(batch: Batch) -> tuple[Tensor, Tensor]:
    """Keypoints (N, 58, 2) in [-1, 1] of the crop and weights (N, 58): 1 where they are annotated."""
    return to_unit(batch.points_2d[..., :2], batch.size), (batch.points_2d[..., 2] != UNKNOWN).float()


def aligned_joints(points: Tensor, truth: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Predicted and true points (N, 58, 3), both relative to the middle of the hips, and weights (N, 58).

    truth (N, 58, 4) has the weights in its last column; samples without hips have none.
    """
    weight = truth[..., 3] * truth[:, list(HIPS), 3].min(1, keepdim=True).values
    true = truth[..., :3]
    true = true - true[:, list(HIPS)].mean(1, keepdim=True)
    return points - points[:, list(HIPS)].mean(1, keepdim=True), true, weight


def prediction(
    vertices: Tensor, points: Tensor, shape: Tensor | None, camera: Tensor | None, maps: Mapping[str, Tensor]
) -> Prediction:
    """A Prediction of vertices and points (N, P, 3) in the network's coordinates."""
    root = points[:, :1]
    return Prediction(vertices - root, points - root, shape, camera, root[:, 0], maps)


def posed(body: TorchBody, rotations: Tensor, shape: Tensor) -> tuple[Tensor, Tensor]:
    """Vertices (N, V, 3) and points (N, 58, 3) of a posed body, its root at the rest position."""
    vertices, joints = body(rotations, shape)
    return vertices, body.points(vertices, joints)
