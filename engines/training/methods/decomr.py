"""Training of DecoMR (Zeng et al., CVPR 2020)."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engines.body.body import Body
from engines.body.mesh_graph import Sparse
from engines.body.select import body_map
from engines.errors import ModelError
from engines.networks.decomr import DecomrOutput, DecomrSize, build
from engines.training.batch import Batch
from engines.training.losses import decomr as loss
from engines.training.losses.common import keypoint_loss_2d
from engines.training.losses.decomr import DecomrWeights
from engines.training.losses.pose2mesh import point_loss
from engines.training.methods.base import (
    Losses,
    MethodConfig,
    Prediction,
    aligned_joints,
    autocast,
    imagenet,
    prediction,
    weak_keypoints,
)
from engines.training.torch_body import TorchBody, to_unit, weak_projection

PUBLISHED_WIDTH = 256
WIDTHS, SIDES = 64, 8  # what width and side are multiples of


class DecomrMethod:
    """DecoMR: correspondence and location maps are trained together."""

    name = "decomr"

    def __init__(self, body: Body, config: MethodConfig) -> None:
        size = DecomrSize(config.backbone, config.width or PUBLISHED_WIDTH, config.map_side)
        if size.width < WIDTHS or size.width % WIDTHS or size.side < SIDES or size.side % SIDES:
            found = f"width {size.width} and map_side {size.side}"
            raise ModelError(f"decomr: {found}: choose multiples of {WIDTHS} and of {SIDES} in [network]")
        self.net = build(size)
        self.body, self._config, self._weights = TorchBody(body), config, DecomrWeights(**config.weights)
        texels = body_map(body, 2 * size.side)
        root = (body.joint_regressor @ body.v_template)[0]
        reference = body_map(body, size.side).to_map((body.v_template - root)[None].astype(np.float32))
        self._reference = torch.from_numpy(reference)
        self._texel_weights = torch.from_numpy(loss.weight_map(body, texels))
        self._raster, self._sampler = _sparse(texels.raster), _sparse(texels.sampler)
        self._joints = torch.from_numpy(body.joint_regressor)
        self._side = 2 * size.side
        self.settings: dict[str, Any] = {
            "backbone": config.backbone,
            "width": size.width,
            "side": size.side,
            "dense": str(config.dense),
        }

    def losses(self, batch: Batch, number: int, done: float) -> Losses:
        """The losses of the paper, each for the samples that have its annotation."""
        out, weights = self._run(batch.image), self._weights
        _, points = self._mesh(out.uv_map)
        keypoints, seen = weak_keypoints(batch)
        height, width = out.dp_out.shape[2:]
        uv_device = batch.uv.device
        rows, columns = (
            _centers(full, part, uv_device) for full, part in zip(batch.size, (height, width), strict=True)
        )
        silhouette = batch.silhouette[:, rows][:, :, columns]
        uv = batch.uv[:, :, rows][:, :, :, columns]
        mapped = batch.has["vertices"]
        truth = self._to_map(batch.vertices)
        places = torch.stack(torch.meshgrid(columns, rows, indexing="xy"), -1).float()
        dense = batch.has["uv"] & batch.has["silhouette"]
        consistency = loss.consistency_loss(out.uv_map, out.camera, uv, silhouette, to_unit(places, batch.size), dense)
        projected = weak_projection(points, out.camera)
        return {
            "mask": weights.mask * loss.mask_loss(out.dp_out[:, 0], silhouette, batch.has["silhouette"]),
            "uv": weights.uv * loss.uv_loss(out.dp_out[:, 1:], uv, silhouette, dense),
            "map": weights.map * loss.map_loss(out.uv_map, truth, self._texel_weights, mapped),
            "smooth": weights.smooth * loss.smoothness_loss(out.uv_map),
            "joints_2d": weights.joints_2d * keypoint_loss_2d(projected, keypoints, seen),
            "joints_3d": weights.joints_3d * point_loss(*aligned_joints(points, batch.points_3d)),
            "consistency": weights.consistency * consistency,
        }

    def predict(self, batch: Batch) -> Prediction:
        """Meshes, with the mask and texture coordinates of the pixels and the location map as maps."""
        out = self._run(batch.image)
        vertices, points = self._mesh(out.uv_map)
        maps = {"iuv": out.dp_out, "location": out.uv_map.movedim(-1, 1)}
        return prediction(vertices, points, None, out.camera, maps)

    def _run(self, image: Tensor) -> DecomrOutput:
        with autocast(self._config.bf16, image.device):
            found = self.net.CNet(imagenet(image))
            # Without a mask no pixel has a place in texture space; the location net sees the whole image's features.
            dp_out = found.dp_out if self._config.dense else torch.zeros_like(found.dp_out)
            place = self.net.LNet(dp_out, *found[1:], self._reference)
        return DecomrOutput(*(value.float() for value in (*found, *place)))

    def _mesh(self, location: Tensor) -> tuple[Tensor, Tensor]:
        """Vertices (N, V, 3) and points (N, 58, 3) of location maps (N, h, w, 3)."""
        count = len(location)
        texels = location.flatten(1, 2).transpose(0, 1).flatten(1)
        vertices = torch.sparse.mm(self._sampler, texels).reshape(-1, count, 3).transpose(0, 1)
        return vertices, self.body.points(vertices, torch.einsum("jv,nvc->njc", self._joints, vertices))

    def _to_map(self, vertices: Tensor) -> Tensor:
        """Location maps (N, h, w, 3) of vertices (N, V, 3)."""
        count = len(vertices)
        texels: Tensor = torch.sparse.mm(self._raster, vertices.transpose(0, 1).flatten(1))
        return texels.reshape(self._side, self._side, count, 3).permute(2, 0, 1, 3)


def _centers(full: int, part: int, device: torch.device) -> Tensor:
    """The pixel (part,) of an image of `full` px that each of `part` larger ones has near its center."""
    return ((torch.arange(part, device=device) + 0.5) * (full / part) - 0.5).round().long().clamp(0, full - 1)


def _sparse(matrix: Sparse) -> Tensor:
    rows = matrix.tocsr()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Sparse")  # "in beta", "invariant checks are disabled"
        first, columns = (torch.from_numpy(each.astype(np.int64)) for each in (rows.indptr, rows.indices))
        values = torch.from_numpy(rows.data.astype(np.float32))
        made: Tensor = torch.sparse_csr_tensor(first, columns, values, rows.shape)
    return made
