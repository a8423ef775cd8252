"""A body as a differentiable torch module: what `Body.skin` computes, and the points of a sample."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from engines.body.body import Body
from engines.training.body_points import regressors

SHAPES = 10


class TorchBody(nn.Module):
    """Poses a body of 24 joints with its first 10 shape directions. Its buffers are not in state_dict."""

    template: Tensor
    shape_dirs: Tensor
    joint_template: Tensor
    joint_dirs: Tensor
    weights: Tensor
    faces: Tensor
    rows: Tensor
    known: Tensor
    pose_dirs: Tensor | None

    def __init__(self, body: Body) -> None:
        super().__init__()
        rows, known = regressors(body)
        dirs = np.zeros((len(body.v_template), 3, SHAPES), np.float32)
        dirs[..., : body.shape_dirs.shape[2]] = body.shape_dirs[..., :SHAPES]
        self.parents = body.parents.tolist()
        arrays = {
            "template": body.v_template,
            "shape_dirs": dirs,
            "joint_template": body.joint_regressor @ body.v_template,
            "joint_dirs": np.einsum("jv,vcb->jcb", body.joint_regressor, dirs),
            "weights": body.weights,
            "faces": body.faces.astype(np.int64),
            "rows": rows,
            "known": known,
        }
        for name, array in arrays.items():
            self.register_buffer(name, torch.from_numpy(np.ascontiguousarray(array)), persistent=False)
        pose_dirs = None if body.pose_dirs is None else torch.from_numpy(body.pose_dirs)
        self.register_buffer("pose_dirs", pose_dirs, persistent=False)

    def forward(self, rotations: Tensor, shape: Tensor) -> tuple[Tensor, Tensor]:
        """Vertices (N, V, 3) and joints (N, 24, 3) in m for local rotations (N, 24, 3, 3) and shapes (N, 10).

        Loper et al., SMPL, 2015, eq. 2 to 4, and 8 and 9 where the body has pose blend shapes.
        """
        vertices = self.template + torch.einsum("vcb,nb->nvc", self.shape_dirs, shape)
        joints = self.joint_template + torch.einsum("jcb,nb->njc", self.joint_dirs, shape)
        if self.pose_dirs is not None:
            feature = (rotations[:, 1:] - torch.eye(3, dtype=rotations.dtype, device=rotations.device)).flatten(1)
            vertices = vertices + torch.einsum("vcf,nf->nvc", self.pose_dirs, feature)
        world, posed = [rotations[:, 0]], [joints[:, 0]]
        for child in range(1, len(self.parents)):
            parent = self.parents[child]
            world.append(world[parent] @ rotations[:, child])
            bone = (joints[:, child] - joints[:, parent])[..., None]
            posed.append(posed[parent] + (world[parent] @ bone)[..., 0])
        rotation, position = torch.stack(world, 1), torch.stack(posed, 1)
        offset = position - torch.einsum("njab,njb->nja", rotation, joints)
        blend = torch.einsum("vj,njk->nvk", self.weights, torch.cat([rotation.flatten(2), offset], -1))
        turned = torch.einsum("nvab,nvb->nva", blend[..., :9].reshape(*vertices.shape, 3), vertices)
        return turned + blend[..., 9:], position

    def points(self, vertices: Tensor, joints: Tensor) -> Tensor:
        """The points (N, 58, 3) of engines.training.sample.POINTS; what the body lacks (`known`) is 0."""
        return torch.cat([joints, torch.einsum("pv,nvc->npc", self.rows, vertices)], 1)


def rodrigues(vectors: Tensor) -> Tensor:
    """Rotation matrices (..., 3, 3) of rotation vectors (..., 3) in radians, smooth at 0."""
    squared = (vectors * vectors).sum(-1)[..., None, None]
    angle = (squared + 1e-12).sqrt()
    x, y, z = vectors.unbind(-1)
    zero = torch.zeros_like(x)
    cross = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).reshape(*vectors.shape, 3)
    a = torch.sin(angle) / angle
    b = (1 - torch.cos(angle)) / (squared + 1e-12)
    eye = torch.eye(3, dtype=vectors.dtype, device=vectors.device)
    return eye + a * cross + b * (cross @ cross)


def weak_projection(points: Tensor, camera: Tensor) -> Tensor:
    """Points (N, P, 3) m to (N, P, 2) in [-1, 1] of the crop by weak-perspective cameras (N, 3) = s, tx, ty."""
    return camera[:, None, :1] * (points[..., :2] + camera[:, None, 1:])


def to_unit(pixels: Tensor, size: tuple[int, int]) -> Tensor:
    """Pixels (..., 2), centers at integers, to [-1, 1] of a crop of (height, width) px, whose borders are -1 and 1."""
    height, width = size
    scale = torch.tensor([2 / width, 2 / height], dtype=pixels.dtype, device=pixels.device)
    return (pixels + 0.5) * scale - 1
