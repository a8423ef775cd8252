"""A body as a differentiable torch module: what `Body.skin` computes, and the points of a sample."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engines.body.body import Body
from engines.training.body_points import JOINTS, regressors

F32 = NDArray[np.float32]

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
    point_template: Tensor
    point_dirs: Tensor
    point_weights: Tensor
    point_pose_dirs: Tensor | None

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
        shares = (rows[:, None] * body.weights.T[None]).reshape(-1, rows.shape[1])  # (P * 24, V)
        ones = np.ones(rows.shape[1], np.float32)
        parts = {"template": body.v_template, "dirs": dirs, "weights": ones, "pose_dirs": body.pose_dirs}
        for name, part in parts.items():
            moved = None if part is None else torch.from_numpy(_moved_with_joints(shares, part))
            self.register_buffer(f"point_{name}", moved, persistent=False)

    def forward(self, rotations: Tensor, shape: Tensor) -> tuple[Tensor, Tensor]:
        """Vertices (N, V, 3) and joints (N, 24, 3) in m for local rotations (N, 24, 3, 3) and shapes (N, 10).

        Loper et al., SMPL, 2015, eq. 2 to 4, and 8 and 9 where the body has pose blend shapes.
        """
        rotation, offset, position = self._world(rotations, shape)
        vertices = self.template + torch.einsum("vcb,nb->nvc", self.shape_dirs, shape)
        if self.pose_dirs is not None:
            vertices = vertices + torch.einsum("vcf,nf->nvc", self.pose_dirs, _blend_feature(rotations))
        blend = torch.einsum("vj,njk->nvk", self.weights, torch.cat([rotation.flatten(2), offset], -1))
        turned = torch.einsum("nvab,nvb->nva", blend[..., :9].reshape(*vertices.shape, 3), vertices)
        return turned + blend[..., 9:], position

    def some_vertices(self, rotations: Tensor, shape: Tensor, which: Tensor) -> Tensor:
        """The vertices (N, K, 3) with numbers (N, K) of each body, in m: `forward` without the others."""
        rotation, offset, _ = self._world(rotations, shape)
        vertices = self.template[which] + torch.einsum("nkcb,nb->nkc", self.shape_dirs[which], shape)
        if self.pose_dirs is not None:
            vertices = vertices + torch.einsum("nkcf,nf->nkc", self.pose_dirs[which], _blend_feature(rotations))
        blend = self.weights[which] @ torch.cat([rotation.flatten(2), offset], -1)
        turned = torch.einsum("nkab,nkb->nka", blend[..., :9].reshape(*vertices.shape, 3), vertices)
        return turned + blend[..., 9:]

    def posed_points(self, rotations: Tensor, shape: Tensor) -> Tensor:
        """The points (N, 58, 3) of posed bodies in m, without their vertices.

        A point is linear in the vertices, and these are linear in the joints' transforms: so each point is a sum over
        the joints of their transforms of its own part of template and shape directions.
        """
        rotation, offset, position = self._world(rotations, shape)
        parts = self.point_template + torch.einsum("pjcb,nb->npjc", self.point_dirs, shape)
        if self.point_pose_dirs is not None:
            parts = parts + torch.einsum("pjcf,nf->npjc", self.point_pose_dirs, _blend_feature(rotations))
        turned = torch.einsum("njab,npjb->npa", rotation, parts)
        return torch.cat([position, turned + torch.einsum("pj,nja->npa", self.point_weights, offset)], 1)

    def _world(self, rotations: Tensor, shape: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Rotations (N, 24, 3, 3), offsets (N, 24, 3) of the joints' transforms, and joints (N, 24, 3)."""
        joints = self.joint_template + torch.einsum("jcb,nb->njc", self.joint_dirs, shape)
        world, posed = [rotations[:, 0]], [joints[:, 0]]
        for child in range(1, len(self.parents)):
            parent = self.parents[child]
            world.append(world[parent] @ rotations[:, child])
            bone = (joints[:, child] - joints[:, parent])[..., None]
            posed.append(posed[parent] + (world[parent] @ bone)[..., 0])
        rotation, position = torch.stack(world, 1), torch.stack(posed, 1)
        return rotation, position - torch.einsum("njab,njb->nja", rotation, joints), position

    def points(self, vertices: Tensor, joints: Tensor) -> Tensor:
        """The points (N, 58, 3) of engines.training.sample.POINTS; what the body lacks (`known`) is 0."""
        return torch.cat([joints, torch.einsum("pv,nvc->npc", self.rows, vertices)], 1)


def _moved_with_joints(shares: F32, part: F32) -> F32:
    """What moves with each joint (P, 24, ...) of each point, for shares (P * 24, V) of the vertices, of a part (V, ...)
    of the vertices."""
    moved: F32 = (shares @ part.reshape(len(part), -1)).reshape(-1, JOINTS, *part.shape[1:]).astype(np.float32)
    return moved


def _blend_feature(rotations: Tensor) -> Tensor:
    """The pose feature (N, 207) of SMPL's blend shapes."""
    return (rotations[:, 1:] - torch.eye(3, dtype=rotations.dtype, device=rotations.device)).flatten(1)


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
